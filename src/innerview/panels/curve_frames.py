"""Frames about accuracy against rank: a curve for each series of compressions, each sent again only when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.panels.compression_settings import BASIS_NAMES
from innerview.study.compression_results import curve_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from innerview.panels.compression_settings import Series
    from innerview.panels.panel import Frame
    from innerview.study.compressibility import Compressibility
    from innerview.study.compression_results import Compression

_DASHES = {"pca": "solid", "random": "dashed", "variance": "dotted", "quantise": "dashdot"}


class Curves:
    """What of the curves was sent, to send only what is new."""

    def __init__(self) -> None:
        self._sent: dict[str, Any] = {}

    def frames(self, series: Mapping[Series, list[Compression]], compared: Compressibility | None) -> Iterable[Frame]:
        """The curves that have changed, and those that are gone."""
        # One colour for each layer, axis and others with it, whatever the basis.
        places = list(dict.fromkeys(one._replace(basis="") for one in series))
        found: dict[str, tuple[dict[str, Any], list[Compression], float]] = {}
        for one, points in series.items():
            about = {"of": "rank", "name": _words(one), "dash": _DASHES[one.basis]}
            found[f"rank {one}"] = about | {"hue": places.index(one._replace(basis=""))}, points, 1.0
        for hue, (layer, curve) in enumerate({} if compared is None else compared.curves.items()):
            full = 1.0 if compared is None else float(compared.dimensions[layer])
            found[f"block {layer}"] = {"of": "block", "name": layer, "dash": "solid", "hue": hue}, curve.points, full
        for scope in [scope for scope in self._sent if scope not in found]:
            del self._sent[scope]
            yield {"kind": "curve", "scope": scope, "over": True}, {}
        for scope, (about, points, full) in found.items():
            state = [about, [(point.rank, point.evaluated) for point in points]]
            if self._sent.get(scope) != state:
                self._sent[scope] = state
                yield _curve(scope, about, points, full)


def point_of(series: Mapping[Series, list[Compression]], scope: str, place: int) -> tuple[Series, Compression] | None:
    """The compression at a place of the curve of this scope; None if there is none any more."""
    for one, points in series.items():
        if f"rank {one}" == scope and 0 <= place < len(points):
            return one, points[place]
    return None


def _curve(scope: str, about: dict[str, Any], points: list[Compression], full: float) -> Frame:
    """A curve as it lies below its baseline: each rank by its change against the same samples."""
    curve = curve_of(points)
    largest = max(points, key=lambda point: point.evaluated)
    top = largest.baseline_accuracy
    values, low, high = (
        column + (1.0 if top is None else top) for column in (curve.change, curve.change_low, curve.change_high)
    )
    counts = [point.evaluated for point in points]
    header = {"kind": "curve", "scope": scope, **about, "baseline": top}
    header |= {"fewest": min(counts), "most": max(counts), "total": largest.total}
    arrays = {"ranks": curve.ranks / full, "values": values, "low": low.clip(0, 1), "high": high.clip(0, 1)}
    return header, {name: np.asarray(array, np.float64) for name, array in arrays.items()}


def _words(series: Series) -> str:
    others = [f"with {spec.layer} to {spec.rank:,}" for spec in series.also]
    return ", ".join([series.layer, series.axis, BASIS_NAMES[series.basis], *others])
