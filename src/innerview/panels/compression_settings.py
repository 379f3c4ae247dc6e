"""The layers that the compression panel compresses, and their ranks."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple, get_args

from innerview.analysis.projections.projection import FLOAT_BITS, Axis, Basis
from innerview.errors import DataError
from innerview.study.compression_results import CompressionSpec

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
    also: tuple[CompressionSpec, ...] = ()


class CompressionSettings:
    """The compression of the inspector's layer, and of others with it; every layer keeps its rank."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._ranks: dict[tuple[str, str, bool], int] = {}
        self.basis, self.axis = "pca", "channels"  # or "off", or as for `innerview.fit_projection`
        self.pinned: dict[str, CompressionSpec] = {}  # by layer: stays compressed while others are chosen

    @property
    def now(self) -> CompressionSpec | None:
        """The compression of the inspector's layer; None while no layer is chosen."""
        layer = self._inspector.layer
        if layer is None:
            return None
        full = self.full(layer)
        first = _BITS if self.basis == "quantise" else min(_MOST, max(1, full // _PART))
        return CompressionSpec(layer, min(self._ranks.get(self._place(layer), first), full), self.basis, self.axis)

    @property
    def also(self) -> tuple[CompressionSpec, ...]:
        """The other layers that are compressed with it."""
        return tuple(spec for layer, spec in self.pinned.items() if layer != self._inspector.layer)

    def series(self, spec: CompressionSpec) -> Series:
        """The curve that a setting of the inspector's layer lies on."""
        return Series(spec.layer, spec.basis, spec.axis, self.also)

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

    def choose(self, spec: CompressionSpec, also: Iterable[CompressionSpec]) -> None:
        """Compress a layer in this way, and others with it; errors as for ``CompressionPanel.choose``."""
        self._inspector.check_layer(spec.layer)
        bases = (OFF, *get_args(Basis))
        for given, known, what in ((spec.basis, bases, "basis"), (spec.axis, get_args(Axis), "axis")):
            if given not in known:
                raise DataError(f"there is no {what} {given!r}; there are {', '.join(map(repr, known))}")
        before = self.basis, self.axis
        self.basis, self.axis = spec.basis, spec.axis
        full = self.full(spec.layer)
        if not 1 <= spec.rank <= full:
            self.basis, self.axis = before
            raise DataError(
                f"rank {spec.rank} of {spec.layer!r}: it can be 1 to {full:,} for {spec.basis}, {spec.axis}"
            )
        self._ranks[self._place(spec.layer)] = spec.rank
        self.pinned = {one.layer: one for one in also}

    def _place(self, layer: str) -> tuple[str, str, bool]:
        """The key of a remembered rank: a subspace counts dimensions, "quantise" counts bits."""
        return layer, self.axis, self.basis == "quantise"
