"""Recordings of a layer's batches, held while several variants are evaluated on them, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from innerview.model.replay import Recording
from innerview.study.judging import Judged, judge

if TYPE_CHECKING:
    from torch import nn

    from innerview.data.samples import Batch
    from innerview.study.judging import Metric
    from innerview.study.subject import Subject

_MOST = 1 << 29  # bytes; the recordings may lie in a GPU's memory


class Recorded(NamedTuple):
    """One batch's forward up to a layer, and how the model's own output is judged.

    Attributes:
        model: the one that was run.
        recording: of the batch.
        before: the judgement without any edit.
        broken: the number of samples with NaN or infinite values in the layer.
    """

    model: nn.Module
    recording: Recording
    before: Judged
    broken: int


class Recordings:
    """The recordings of one layer's batches: the newest is held, and of the first ones as many as have room.

    Args:
        subject: whose model is recorded.
        layer: its name.
        metric: as for ``judge``.
        room: whether to hold more than the newest.
    """

    def __init__(self, subject: Subject, layer: str, metric: Metric | None, *, room: bool) -> None:
        self.layer = layer
        self._subject, self._metric = subject, metric
        self._held: dict[tuple[int, int], Recorded] = {}
        self._newest: tuple[tuple[int, int], Recorded] | None = None
        self._room = min(_MOST, subject.cache.budget // 2) if room else 0

    def of(self, start: int, samples: int, model: nn.Module, batch: Batch, *, rewind: bool) -> Recorded:
        """The recording of a batch of so many samples from this place on; made where it is not held, or of this model.

        Errors are those of ``Recording`` and ``judge``.
        """
        place = (start, samples)
        known = self._newest[1] if self._newest is not None and self._newest[0] == place else self._held.get(place)
        if known is not None and known.model is model:
            return known
        self._newest = None  # before the next one takes as much memory
        made = Recording(model, batch.args, batch.kwargs, self.layer, restore_rng=rewind)
        before = judge(made.output, batch, samples, self._metric, self._subject.data.columns)
        axis = self._subject.layers[self.layer].batch_axis or 0
        finite = torch.isfinite(made.activation).movedim(axis, 0).flatten(1).all(1)
        found = Recorded(model, made, before, samples - int(finite.sum()))
        self._newest = place, found
        taken = 0 if place in self._held else _bytes(made, batch)
        if taken <= self._room:
            self._room -= taken
            self._held[place] = found
        return found


def _bytes(made: Recording, batch: Batch) -> int:
    tensors = [made.activation, *tree_leaves((batch.args, batch.kwargs, made.output))]
    return made.bytes + sum(each.nbytes for each in tensors if isinstance(each, Tensor))
