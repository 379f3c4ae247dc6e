"""Tiles as parts of a frame: the channels of one activation, for the browser to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from innerview.analysis.pictures.axes import Layout
    from innerview.analysis.pictures.tiles import Tiles

_STATISTICS = ("low", "high", "mean", "variance", "sparsity", "nonfinite")


def layout_header(layout: Layout, slices: Sequence[int], tiles: Tiles) -> dict[str, Any]:
    """The reading of the activation's axes, as part of a frame's header."""
    return {
        "layout": layout.kind,
        "shape": list(layout.shape),
        "full": list(tiles.full),
        "channelAxis": layout.channel_axis,
        "slices": [
            {"name": axis.name, "size": axis.size, "index": index}
            for axis, index in zip(layout.slice_axes, slices, strict=True)
        ],
        "extraLabels": layout.extra_labels,
    }


def tile_arrays(tiles: Tiles, prefix: str = "") -> dict[str, np.ndarray]:
    """The pixels of all tiles, those outside of the grid, and the statistics of each channel."""
    arrays = {"tiles": tiles.pixels, "extra": tiles.extra} | {name: getattr(tiles, name) for name in _STATISTICS}
    return {f"{prefix}{name}": values for name, values in arrays.items() if values is not None}
