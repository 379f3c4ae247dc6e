"""Claim: the kernel makes the frame of a grid of 64 maps of 56 x 56 in 1 ms, and of 512 maps in 5 ms.

A frame is what crosses to the browser: tiles as bytes, and six statistics a channel, packed. Beside it, in the same
run, what people do instead, up to the PNG that the notebook would show: a grid of matplotlib subplots, and
torchvision's `make_grid`. The ways take turns; each figure is a median. The ratio is by how much a way takes longer
than the frame; its target follows from what was measured when the claim was made: 654 ms and 5,415 ms for matplotlib,
47 ms and 345 ms for `make_grid`.

    python benchmarks/grid_frame.py [rounds]
"""

from __future__ import annotations

import io
import math
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import torchvision_on_cpu  # noqa: F401 - imported for its effect: torchvision beside a CPU build of torch
from torchvision.utils import save_image

from innerview.analysis.pictures.axes import choose_layout
from innerview.analysis.pictures.tiles import make_tiles
from innerview.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable

mpl.use("Agg")

from matplotlib import pyplot as plt

# Maps -> milliseconds for the frame, and how many times longer the other ways took.
TARGETS = {64: (1.0, {"matplotlib": 654, "make_grid": 47}), 512: (5.0, {"matplotlib": 1083, "make_grid": 69})}
FRAMES = 30  # for each turn of the slow ways


def frame(maps: torch.Tensor) -> object:
    tiles = make_tiles(maps, choose_layout(maps.shape, kind="Conv2d"))
    arrays = {name: getattr(tiles, name) for name in ("low", "high", "mean", "variance", "sparsity")}
    return encode({"kind": "grid"}, {"tiles": tiles.pixels, "nonfinite": tiles.nonfinite, **arrays})


def subplots(maps: torch.Tensor) -> object:
    across = math.isqrt(len(maps) - 1) + 1
    figure, axes = plt.subplots(-(-len(maps) // across), across, figsize=(12, 12))
    for axis in axes.flat:
        axis.axis("off")
    for axis, one in zip(axes.flat, maps.numpy(), strict=False):
        axis.imshow(one)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    plt.close(figure)
    return png


def grid_png(maps: torch.Tensor) -> object:
    png = io.BytesIO()
    # save_image calls make_grid, then writes the PNG.
    save_image(maps[:, None], png, format="png", nrow=math.isqrt(len(maps) - 1) + 1, normalize=True, scale_each=True)
    return png


def milliseconds(way: Callable[[torch.Tensor], object], maps: torch.Tensor) -> float:
    start = time.perf_counter()
    way(maps)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{'maps of 56x56':<15}{'way':<12}{'ms':>9}{'ratio':>8}   target")
    for count, (limit, ratios) in TARGETS.items():
        maps = torch.randn(count, 56, 56, generator=torch.Generator().manual_seed(0)).relu_()
        times: dict[str, list[float]] = {"frame": [], "matplotlib": [], "make_grid": []}
        for way in (frame, grid_png):
            way(maps)
        for _ in range(rounds):
            times["matplotlib"].append(milliseconds(subplots, maps))
            times["make_grid"].append(milliseconds(grid_png, maps))
            times["frame"] += [milliseconds(frame, maps) for _ in range(FRAMES)]
        own = statistics.median(times["frame"])
        print(f"{count:<15}{'frame':<12}{own:>9.2f}{1:>8}   <= {limit} ms {'met' if own <= limit else 'MISSED'}")
        for name, target in ratios.items():
            other = statistics.median(times[name])
            verdict = "met" if other / own >= target else "MISSED"
            print(f"{'':<15}{name:<12}{other:>9.1f}{other / own:>8.0f}   >= {target} {verdict}")


if __name__ == "__main__":
    main()
