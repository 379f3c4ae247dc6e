"""The layers that the compression panel compresses, and their ranks."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple, get_args

from innerview.analysis.projections.projection import FLOAT_BITS, Axis, Basis
from innerview.errors import DataError
from innerview.study.compressions import Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from innerview.session.inspector import Inspector

OFF = "off"  # instead of a basis: the layer stays as it is
BASIS_NAMES = {"pca": "PCA", "random": "random", "variance": "highest variance", "quantise": "quantise (bits)"}
_BITS = 4  # of "quantise", until another rank is chosen
# Until another rank is chosen, one dimension in so many is kept, but no more than takes a moment to fit.
_PART, _MOST = 4, 256


class Series(NamedTuple):
    """Compressions that differ by their rank only, which make a curve."""

    layer: str
    basis: str
    axis: str
    also: tuple[Step, ...] = ()


class CompressionSettings:
    """The compression of the inspector's layer, and of others with it; every layer keeps its rank.

    Args:
        inspector: whose ``layer`` is meant.

    Attributes:
        basis: "off", or as for ``innerview.fit_projection``.
        axis: as there.
        pinned: by layer: those that stay compressed while others are chosen.
    """

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._ranks: dict[tuple[str, str, bool], int] = {}
        self.basis, self.axis = "pca", "channels"
        self.pinned: dict[str, Step] = {}

    @property
    def now(self) -> Step | None:
        """The compression of the inspector's layer; None while no layer is chosen."""
        layer = self._inspector.layer
        if layer is None:
            return None
        full = self.full(layer)
        first = _BITS if self.basis == "quantise" else min(_MOST, max(1, full // _PART))
        return Step(layer, min(self._ranks.get(self._place(layer), first), full), self.basis, self.axis)

    @property
    def also(self) -> tuple[Step, ...]:
        """The other layers that are compressed with it."""
        return tuple(step for layer, step in self.pinned.items() if layer != self._inspector.layer)

    def series(self, step: Step) -> Series:
        """The curve that a setting of the inspector's layer lies on."""
        return Series(step.layer, step.basis, step.axis, self.also)

    def full(self, layer: str) -> int:
        """The highest rank there is, at which nothing is lost."""
        if self.basis == "quantise":
            return FLOAT_BITS
        shape = self._inspector.layers[layer].shape or (1,)
        return prod(shape) if self.axis == "all" else shape[self._inspector.axes.layout(layer, shape).channel_axis]

    def move(self, rank: int) -> None:
        """Set another rank for the inspector's layer."""
        if self._inspector.layer is not None:
            self._ranks[self._place(self._inspector.layer)] = max(1, rank)

    def choose(self, step: Step, also: Iterable[Step]) -> None:
        """Compress a layer in this way, and these others with it.

        Raises:
            UnknownLayerError, UnseenLayerError: there is no such layer, or its output cannot be seen.
            DataError: an unknown basis or axis, or a rank that the layer does not have.
        """
        self._inspector.check_layer(step.layer)
        bases = (OFF, *get_args(Basis))
        for given, known, what in ((step.basis, bases, "basis"), (step.axis, get_args(Axis), "axis")):
            if given not in known:
                raise DataError(f"there is no {what} {given!r}; there are {', '.join(map(repr, known))}")
        before = self.basis, self.axis
        self.basis, self.axis = step.basis, step.axis
        full = self.full(step.layer)
        if not 1 <= step.rank <= full:
            self.basis, self.axis = before
            raise DataError(
                f"rank {step.rank} of {step.layer!r}: it can be 1 to {full:,} for {step.basis}, {step.axis}"
            )
        self._ranks[self._place(step.layer)] = step.rank
        self.pinned = {one.layer: one for one in also}

    def _place(self, layer: str) -> tuple[str, str, bool]:
        """The key of a remembered rank: a subspace counts dimensions, "quantise" counts bits."""
        return layer, self.axis, self.basis == "quantise"
