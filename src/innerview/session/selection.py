"""The selection that all views share: which layer, sample and channel, and which samples are brushed."""

from __future__ import annotations

from typing import Any

import numpy as np
from traitlets import HasTraits, Int, TraitType, Unicode, validate

from innerview.errors import DataError

SAMPLES = 2000  # unless asked for more: what a first look at a data set needs, in seconds
_MOST_NAMED = 5  # wrong indices in one error


class Indices(TraitType[np.ndarray, Any]):
    """A trait that holds sample numbers: int64, ascending, each once."""

    default_value = np.empty(0, np.int64)
    info_text = "a sequence of sample numbers, or a mask with one entry a sample"

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """Sort what was given; a mask becomes the numbers where it is true."""
        try:
            given = np.asarray(value)
        except ValueError:
            self.error(obj, value)
        if given.dtype == bool:
            if given.shape != (obj.samples,):
                raise DataError(
                    f"a mask of samples has one entry for each of the {obj.samples:,} samples; "
                    f"this one has the shape {list(given.shape)}"
                )
            given = np.flatnonzero(given)
        if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
            self.error(obj, value)
        indices = given.astype(np.int64)  # a copy: what the user does to the array later changes nothing
        if not (np.diff(indices) > 0).all():
            indices = np.unique(indices)
        if indices.size and (indices[0] < 0 or indices[-1] >= obj.samples):
            wrong = indices[(indices < 0) | (indices >= obj.samples)]
            named = ", ".join(str(index) for index in wrong[:_MOST_NAMED])
            raise DataError(
                f"there is no sample {named}{' ...' if len(wrong) > _MOST_NAMED else ''}: "
                f"the samples are 0 to {obj.samples - 1}"
            )
        return indices

    def get(self, obj: Any, cls: type | None = None) -> np.ndarray:
        """A copy, so that writing to it changes nothing."""
        # An array that is not to be written to would do, but torch warns of one.
        return np.array(super().get(obj, cls))

    def set(self, obj: Any, value: Any) -> None:
        """Tell nobody when the same samples are set again: arrays cannot be compared as traitlets does it."""
        new = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)  # noqa: SLF001 - as TraitType.set does
        if old is None or new is None or not np.array_equal(old, new):
            obj._trait_values[self.name] = new  # noqa: SLF001 - likewise
            obj._notify_trait(self.name, old, new)  # noqa: SLF001 - likewise


class Selection(HasTraits):
    """What is chosen, checked where it is set.

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
        """How many samples there are to choose from."""
        raise NotImplementedError

    def check_layer(self, name: str) -> None:
        """Raise an error that explains itself when there is no such layer, or nothing of it can be seen."""
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
