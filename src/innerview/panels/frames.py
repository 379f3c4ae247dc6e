"""Frames, and parts of frames, that more than one view sends: about the selection, and channels as tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.pictures.tiles import histogram, make_tiles
from innerview.data.thumbnails import stacked
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from innerview.analysis.pictures.axes import Layout
    from innerview.analysis.pictures.tiles import Tiles
    from innerview.data.thumbnails import Thumbnail
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_STATISTICS = ("low", "high", "mean", "variance", "sparsity", "nonfinite")


def as_codes(labels: np.ndarray) -> np.ndarray:
    """Labels as they cross the wire: uint32, with 2**32 - 1 for -1, which means none."""
    return np.asarray(labels).astype(np.int64).astype(np.uint32)


def brushed(inspector: Inspector) -> Frame:
    """The selected samples: their numbers, or a bit for each sample of the data where that is shorter."""
    brush, total = inspector.brush, len(inspector.data)
    header = {"kind": "brushed", "count": len(brush), "total": total}
    if 32 * len(brush) <= total:
        return header, {"indices": brush.astype(np.uint32)}
    mask = np.zeros(total, bool)
    mask[brush] = True
    return header, {"mask": np.packbits(mask, bitorder="little")}


def brush_of(arrays: Mapping[str, np.ndarray], total: int) -> np.ndarray:
    """The selected samples as they come from the browser: numbers, or a mask of all ``total`` samples.

    Raises:
        DataError: the mask belongs to other data.
    """
    if "mask" not in arrays:
        return arrays["indices"]
    bits = arrays["mask"]
    if len(bits) != -(-total // 8):
        raise DataError(f"a selection among {8 * len(bits):,} samples does not fit the {total:,} here")
    return np.unpackbits(bits, count=total, bitorder="little").view(bool)


def selected(inspector: Inspector) -> Frame:
    """The layer that is looked at."""
    return {"kind": "selected", "layer": inspector.layer}, {}


def current(inspector: Inspector) -> Frame:
    """The sample and the channel that are looked at."""
    return {"kind": "current", "sample": inspector.sample, "channel": inspector.channel}, {}


def images(indices: Sequence[int], thumbnails: Sequence[Thumbnail]) -> Frame:
    """Pictures of these samples; a short text each where they are not images."""
    pictures = stacked(thumbnails)
    header = {
        "kind": "images",
        "indices": list(indices),
        "labels": [one.label for one in thumbnails],
        "text": [] if pictures is not None else [one.text for one in thumbnails],
    }
    return header, {} if pictures is None else {"images": pictures}


class Labels:
    """The labels read so far, once each time that more of them are known."""

    def __init__(self) -> None:
        self._known = -1

    def frame(self, inspector: Inspector) -> Frame | None:
        """The labels of all samples; None when nothing is new."""
        labels = inspector.data.labels
        known = 0 if labels is None else int((labels >= 0).sum())
        if known == self._known:
            return None
        self._known = known
        header = {"kind": "labels", "classes": [] if labels is None else inspector.data.classes}
        return header | {"total": len(inspector.data)}, {} if labels is None else {"labels": as_codes(labels)}


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
