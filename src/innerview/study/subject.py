"""One model on its data, at one state of its weights: the subject that every study takes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from innerview.analysis.pictures.axes import Axes
from innerview.data.inputs import main_input, placed
from innerview.data.padding import counted, shortened
from innerview.errors import ChangedError, DataError, ForwardError, InnerviewError, UnseenLayerError
from innerview.model import capture
from innerview.model.at_rest import copy_at_rest
from innerview.model.averages import SAMPLES, Averages
from innerview.model.layers import Layer, Layers, trace_layers
from innerview.model.receptive import ReceptiveField, measuring
from innerview.model.state import Fingerprint
from innerview.study.class_scores import scores, verdict
from innerview.study.outputs import known_outputs
from innerview.study.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from torch import Tensor, nn

    from innerview.data.own_input import OwnInput
    from innerview.data.samples import Batch, Data
    from innerview.study.cache import Cache
    from innerview.study.gate import Gate


_TRACED = 2  # copies of the first sample; then one more


class Look(NamedTuple):
    """The output of one layer for one sample: its row in the layer table, and its values without the batch axis.

    ``sample`` is an index in the data; None for the user's own image. The values are a copy on the model's device.
    ``counts`` is bool ``[1, T]``, False at padding; None without any. ``left_out`` says what was left out.
    """

    layer: Layer
    sample: int | None
    values: Tensor
    counts: Tensor | None = None
    left_out: str = ""

    @property
    def note(self) -> str:
        """A sentence on what the layer is and what was left out; empty for most."""
        return "; ".join(filter(None, [self.layer.note, self.left_out]))

    def unpadded(self, axes: Axes) -> Look:
        """The same without padding: what is drawn."""
        layout = axes.layout(self.layer.name, tuple(self.values.shape))
        kept = shortened(self.counts, self.values, layout.channel_axis)
        if kept is self.values:
            return self
        left_out = f"padding is left out: {list(kept.shape)} of {list(self.values.shape)}"
        return self._replace(values=kept, counts=None, left_out=left_out)


@dataclass
class Structure:
    """Facts that depend on a model's modules but not on its weights; found when first asked for."""

    layers: Layers | None = None
    axes: Axes | None = None
    fields: dict[tuple[Any, ...], ReceptiveField | None] = field(default_factory=dict)


@dataclass(eq=False, repr=False)
class Subject:
    """This model on these data, while its weights are what they were.

    ``Live`` makes it, and makes another one when the model was changed. All that is derived from a subject is true of
    one state of the model: each run checks that nothing was written, or runs a copy that nobody writes to.

    Args:
        model: any module.
        data: the samples.
        state: the model's fingerprint.
        gate: lets one thread at a time run the user's code.
        cache: keeps what was derived from the model.
        training: samples that projections are fitted to; None: a part of ``data``.
        structure: that of another subject with the same modules.
        copied: whether the model is a copy that belongs to this subject.
        note: a sentence where the copy could not be made of one state; empty else.
        judged: told how many samples were predicted when predicting came to an end.

    Attributes:
        predictions: the model's prediction for each sample, as far as it was asked.
    """

    model: nn.Module
    data: Data
    state: int
    gate: Gate
    cache: Cache
    _: KW_ONLY
    training: Data | None = None
    structure: Structure = field(default_factory=Structure)
    copied: bool = False
    note: str = ""
    judged: Callable[[int], None] = lambda _: None

    def __post_init__(self) -> None:
        self.predictions = Predictions(self.data.order())
        self._fingerprint = Fingerprint(self.model)
        self._written = self._fingerprint.written()
        self._averages = Averages(self.model)
        self._last_look: tuple[object, Look] | None = None

    # --- the model's structure -----------------------------------------------------------------------------------

    @property
    def layers(self) -> Layers:
        """Every layer by name, in execution order; found with two small forwards of the first sample."""
        layers = self.structure.layers
        if layers is None:
            # One sample several times: samples of different shapes cannot be batched.
            batch, more = self.data.batch([0] * _TRACED), self.data.batch([0] * (_TRACED + 1))
            with self.borrow_model(batch) as (model, ready, alone):
                other = placed(more, model)
                layers = trace_layers(
                    model,
                    ready.args,
                    ready.kwargs,
                    batch=_TRACED,
                    more=(other.args, other.kwargs, _TRACED + 1),
                    restore_rng=alone,
                )
            self.structure.layers = layers
            self.data.settle(layers.widths)
        return layers

    @property
    def axes(self) -> Axes:
        """The reading of each layer's axes: channels, positions, tokens."""
        if self.structure.axes is None:
            self.structure.axes = Axes(self.layers)
        return self.structure.axes

    @property
    def device(self) -> str:
        """The device of the model's first parameter; "cpu" for a model without any."""
        weight = next(self.model.parameters(), None)
        return "cpu" if weight is None else str(weight.device)

    def seen(self, layer: str) -> Layer:
        """The row of a layer whose output can be seen.

        Raises:
            UnknownLayerError: no such layer; the nearest names are offered.
            UnseenLayerError: its output cannot be seen; says why.
        """
        row = self.layers[layer]
        if row.shape is None:
            raise UnseenLayerError(f"the output of {layer!r} cannot be seen: {row.note or row.status.value}")
        return row

    # --- its outputs ---------------------------------------------------------------------------------------------

    @contextmanager
    def borrow_model(self, batch: Batch) -> Iterator[tuple[nn.Module, Batch, bool]]:
        """The model to run, the batch on its device, and whether the random state may be rewound afterwards.

        Raises:
            ChangedError: the model was changed since this subject was made.
        """
        if self.gate.elsewhere and not self.copied:
            self.keep()
        with self.gate.running() as alone:
            self._check()
            if self._averages.missing:
                self._measure(alone)
            try:
                with self._averages.standing_in():
                    yield self.model, placed(batch, self.model), alone
            except ForwardError as error:
                error.spell(*self.data.spelled)
                raise

    def keep(self) -> None:
        """Go on with a copy of the model, before a cell that begins changes it.

        Raises:
            ChangedError: it was changed already.
            InnerviewError: the model holds something that cannot be copied.
        """
        if not self.copied:
            made = copy_at_rest(self.model, self.state)
            if made.state != self.state:
                raise _changed(self.model)
            self.model, self.copied = made.model, True
            self._averages = Averages(self.model)

    def capture(self, layer: str, batch: Batch) -> Tensor:
        """A layer's output for a batch, as the layer returned it, on the model's device.

        Raises:
            UnknownLayerError, UnseenLayerError: no such layer, or its output cannot be seen.
            ForwardError: the model rejects the batch.
            ChangedError: as ``borrow_model``.
        """
        return self._run(batch, self.seen(layer))

    def capture_and_predict(self, layer: str, batch: Batch, samples: Sequence[int]) -> Tensor:
        """The same by a forward to the end of the model, which predicts these samples on the way.

        Args:
            layer: as for ``capture``.
            batch: of the samples.
            samples: N indices in the data.
        """
        self._check_values()
        row = self.seen(layer)
        with self.borrow_model(batch) as (model, ready, alone):
            values, output = capture.run_through(model, ready.args, ready.kwargs, [row.name], restore_rng=alone)
        try:
            found = scores(output, len(samples), self.data.columns)
            self.predictions.add(samples, verdict(found, batch.labels))
        except InnerviewError:
            self.predictions.possible = False
        return values[row.name]

    def look(self, layer: str, sample: int | None, own: OwnInput | None = None) -> Look:
        """A layer's output for one sample, or for an image of the user's own; the forward stops after that layer.

        A sample that a pass over many has left is taken from there.

        Raises:
            UnknownLayerError, UnseenLayerError, ForwardError, ChangedError: as ``capture``.
            DataError: there is neither a sample nor an image.
        """
        row = self.seen(layer)
        last, key = self._last_look, (layer, sample, id(own) if sample is None else None)
        if last is not None and last[0] == key:
            self._check()
            return last[1]
        kept = None if sample is None else self._kept(row, sample)
        if kept is not None:
            look = Look(row, sample, kept)
            self._last_look = (key, look)
            return look
        batch = self.batch(sample, own)
        values = self._run(batch, row)
        axis = row.batch_axis
        if axis is not None and axis < values.ndim and values.shape[axis] == 1:
            values = values.select(axis, 0)
        look = Look(row, sample, values, counted(batch, 1, self.model))
        self._last_look = (key, look)
        return look

    def batch(self, sample: int | None, own: OwnInput | None = None) -> Batch:
        """One sample as a batch of one; None for the user's own image.

        Raises:
            DataError: there is neither a sample nor an image.
        """
        if sample is not None:
            return self.data.batch([sample])
        if own is None:
            raise DataError("no image of your own was given yet: inspector.show(image)")
        return own.batch

    def output(self, batch: Batch) -> Any:
        """The model's output for a batch, in evaluation mode, without gradients."""
        self._check_values()
        _ = self.layers  # whose forward tells labels that count from 1
        with self.borrow_model(batch) as (model, ready, alone):
            return capture.forward(model, ready.args, ready.kwargs, restore_rng=alone)

    def field_known(self, layer: str, batch: Batch, *, channel_last: bool) -> bool:
        """Tell whether ``receptive_field`` was already measured for this layer and inputs of this shape."""
        return (layer, channel_last, main_input(batch).shape) in self.structure.fields

    def receptive_field(
        self, layer: str, batch: Batch, *, channel_last: bool
    ) -> Generator[None, None, ReceptiveField | None]:
        """The receptive field of a layer's maps on the input image; see ``innerview.model.receptive``.

        Measured once a layer and shape of the input, in steps of one small forward and backward each, between which
        the model is free.

        Raises:
            InnerviewError: the model holds no values.
            UnknownLayerError, ForwardError, ChangedError: as ``capture``.
        """
        key = (layer, channel_last, main_input(batch).shape)
        fields = self.structure.fields

        @contextmanager
        def running() -> Iterator[tuple[nn.Module, tuple[Any, ...], dict[str, Any], bool]]:
            with self.borrow_model(batch) as (model, ready, alone):
                yield model, ready.args, ready.kwargs, alone

        if key not in fields:
            self._check_values()
            fields[key] = yield from measuring(running, layer, channel_last=channel_last)
        return fields[key]

    def _kept(self, row: Layer, sample: int) -> Tensor | None:
        """What a pass left of a layer's output for a sample; None where there was padding, as much as its batch had."""
        outputs = known_outputs(self.cache, self.state, row.name, self.data)
        kept = None if outputs is None else outputs.get(sample)
        if kept is None or kept.counts is not None:
            return None
        self._check()
        return kept.values.to(self.device, copy=True)

    def _run(self, batch: Batch, row: Layer) -> Tensor:
        self._check_values()
        with self.borrow_model(batch) as (model, ready, alone):
            return capture.run(model, ready.args, ready.kwargs, [row.name], restore_rng=alone)[row.name]

    def _measure(self, alone: bool) -> None:  # noqa: FBT001 - as ``restore_rng``
        """Find averages for what keeps none, over the first samples of the visiting order that have one shape."""
        _, batch = next(iter(self.data.batches(self.data.order()[:SAMPLES].tolist())))
        ready = placed(batch, self.model)
        with self._averages.measured():
            capture.forward(self.model, ready.args, ready.kwargs, restore_rng=alone)

    def _check_values(self) -> None:
        if self.device == "meta":
            raise InnerviewError(
                f"{type(self.model).__name__} holds no values: its weights are on the device 'meta', which has shapes "
                "only. Give them values: model.to_empty(device='cpu'), then model.load_state_dict(...)"
            )

    def _check(self) -> None:
        if not self.copied and self._fingerprint.written() != self._written:
            raise _changed(self.model)


def _changed(model: nn.Module) -> ChangedError:
    return ChangedError(f"{type(model).__name__} was changed while it was looked at; ask again")
