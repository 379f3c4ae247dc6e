"""Tiles and parts of them as frames: the channels of an activation or of weights, for the browser to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.pictures.tiles import histogram, make_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from innerview.analysis.pictures.axes import Layout
    from innerview.analysis.pictures.tiles import Tiles
    from innerview.widgets.frame_widget import Frame

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


def within(layout: Layout, wanted: Sequence[int], *, middle: bool) -> list[int]:
    """The index of each axis that is left over: the one wanted, else the middle or the first."""
    sizes = [axis.size for axis in layout.slice_axes]
    chosen = wanted if len(wanted) == len(sizes) else [size // 2 if middle else 0 for size in sizes]
    return [max(0, min(index, size - 1)) for index, size in zip(chosen, sizes, strict=True)]


def grid(values: Tensor, layout: Layout, slices: Sequence[int], **about: Any) -> Frame:
    """All channels as tiles; ``about`` says of what."""
    tiles = make_tiles(values, layout, slices=slices)
    header = {
        "kind": "grid",
        **layout_header(layout, slices, tiles),
        "foldable": layout.foldable,
        "folded": layout.folded,
        "nonfinite": int(tiles.nonfinite.sum()),
        **about,
    }
    return header, tile_arrays(tiles)


def enlarged(
    layer: str, sample: int | None, channel: int | None, values: np.ndarray | None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """One channel in full, ``[H, W]``, with its histogram; without values, that none is."""
    header = {
        "kind": "channel",
        "layer": layer,
        "sample": sample,
        "channel": channel,
        "receptive": None,
        "input": None,
        "nonfinite": 0,
    }
    if values is None:
        return header, {}
    edges, counts = histogram(values)
    header["nonfinite"] = int(values.size - np.isfinite(values).sum())
    return header, {"values": values, "edges": edges, "counts": counts}
