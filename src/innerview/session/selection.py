"""The selection that all views share: which layer, sample and channel, and which samples are brushed."""

from __future__ import annotations

from typing import Any

import numpy as np
from traitlets import HasTraits, Int, TraitType, Unicode, validate

from innerview.data.indices import sample_indices
from innerview.errors import DataError
from innerview.study.representations import SAMPLES


class Indices(TraitType[np.ndarray, Any]):
    """A trait that holds sample numbers: int64, ascending, each once."""

    default_value = np.empty(0, np.int64)
    info_text = "a sequence of sample numbers, or a mask with one entry a sample"

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """Turn sample numbers, or a mask, into sorted numbers."""
        indices = sample_indices(value, obj.samples)
        return indices if (np.diff(indices) > 0).all() else np.unique(indices)

    def get(self, obj: Any, cls: type | None = None) -> np.ndarray:
        """A copy, so that writing to it changes nothing."""
        # An array that is not to be written to would do, but torch warns of one.
        return np.array(super().get(obj, cls))

    def set(self, obj: Any, value: Any) -> None:
        """Set it, and tell nobody when the same samples are set again: traitlets cannot compare arrays."""
        new = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)  # noqa: SLF001 - as TraitType.set does
        if old is None or new is None or not np.array_equal(old, new):
            obj._trait_values[self.name] = new  # noqa: SLF001 - as above
            obj._notify_trait(self.name, old, new)  # noqa: SLF001 - as above


class Selection(HasTraits):
    """The choices that all views share, checked where they are set.

    Attributes:
        layer: name of the chosen layer (observable; None before one is chosen).
        sample: index of the chosen sample (observable; None while the user's own image is shown).
        channel: index of the chosen channel (observable; None: none).
        brush: int64, ascending: the brushed samples (observable). Set any sequence of sample numbers, or a mask.
        sample_size: how many samples, drawn at random, the views of many samples look at (observable).
    """

    layer = Unicode(None, allow_none=True)
    sample: Int[int | None, int | None] = Int(0, allow_none=True)
    channel: Int[int | None, int | None] = Int(None, allow_none=True)
    brush = Indices()
    sample_size = Int(SAMPLES, min=1)

    @property
    def samples(self) -> int:
        """The number of samples to choose from."""
        raise NotImplementedError

    def check_layer(self, name: str) -> None:
        """Raise an error that explains itself when there is no such layer, or its output cannot be seen."""
        raise NotImplementedError

    # traitlets does not ask for None: it is allowed everywhere here, and means that nothing is chosen.

    @validate("layer")
    def _check_layer(self, proposal: Any) -> str:
        name = proposal["value"]
        self.check_layer(name)
        if name != self.layer:
            # A channel of one layer means nothing in another.
            self.channel = None
        return name

    @validate("sample")
    def _check_sample(self, proposal: Any) -> int:
        sample = proposal["value"]
        if not 0 <= sample < self.samples:
            raise DataError(f"there is no sample {sample}: the samples are 0 to {self.samples - 1}")
        return sample

    @validate("channel")
    def _check_channel(self, proposal: Any) -> int:
        channel = proposal["value"]
        if channel < 0:
            raise DataError(f"there is no channel {channel}: channels are counted from 0")
        return channel
