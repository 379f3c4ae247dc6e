"""A curve that stops when it knows, against the same curve over all samples; then sixteen blocks in one call.

A network of 16 inverted residual blocks with squeeze and excitation, as EfficientNet's, trained for a moment on noisy
patterns of ten classes; 1,000 images are evaluated, 1,000 others are fitted to. The curve is that of the block at half
depth. The work is counted as passes: the multiplications made, by those of a forward of the 1,000 images. Fitting is
counted by itself. "found" is the rank from which on no more than one point of accuracy is lost.

    python benchmarks/curves.py [images] [seed]
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

import innerview as iv

if TYPE_CHECKING:
    from collections.abc import Callable

TARGETS = {"curve": 1.5, "blocks": 8.0}
CLASSES, SIZE, STEPS, NOISE = 10, 32, 60, 2.5


class Block(nn.Module):
    """An inverted residual block: expansion, depthwise convolution, squeeze and excitation, projection."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        wide = 4 * channels
        self.expand = nn.Sequential(nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.SiLU())
        self.depthwise = nn.Sequential(
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.SiLU()
        )
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, channels // 4, 1), nn.SiLU(), nn.Conv2d(channels // 4, wide, 1)
        )
        self.project = nn.Sequential(nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out))
        self.residual = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [B, channels, H, W] to [B, out, H / stride, W / stride]."""
        y = self.depthwise(self.expand(x))
        y = self.project(y * self.gate(y).sigmoid())
        return x + y if self.residual else y


class Network(nn.Module):
    """A stem, 16 blocks and a linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU())
        widths = [16, 16, 24, 24, 24, 40, 40, 40, 40, 64, 64, 64, 64, 96, 96, 96, 96]
        strides = [1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]
        self.blocks = nn.Sequential(*(Block(*step) for step in zip(widths, widths[1:], strides, strict=False)))
        self.classifier = nn.Linear(96, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [B, 3, H, W] to [B, classes]."""
        return self.classifier(self.blocks(self.stem(x)).mean((2, 3)))


class Work(TorchDispatchMode):
    """Counts the multiplications of what is computed inside the ``with``."""

    def __init__(self) -> None:
        super().__init__()
        self.done = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and count it."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func.overloadpacket)
        if count is not None:
            self.done += count(*args, **(kwargs or {}), out_val=out)
        return out


def images(count: int, patterns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Patterns under noise, and their classes."""
    labels = torch.arange(count) % CLASSES
    return patterns[labels] + NOISE * torch.randn(count, *patterns.shape[1:]), labels


def trained(patterns: torch.Tensor) -> Network:
    """A network that tells the patterns apart, not without errors."""
    model = Network()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(STEPS):
        x, labels = images(64, patterns)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
    return model.eval()


def measured(call: Callable[[], Any]) -> tuple[Any, int, float]:
    """What a call returns, its multiplications, and the seconds it takes."""
    begun = time.perf_counter()
    with Work() as work:
        found = call()
    return found, work.done, time.perf_counter() - begun


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    count, seed = (*numbers, 1000, 0)[:2] if len(numbers) != 1 else (numbers[0], 0)
    torch.manual_seed(seed)
    patterns = torch.nn.functional.interpolate(torch.randn(CLASSES, 3, 4, 4), SIZE)
    model = trained(patterns)
    x, labels = images(2 * count, patterns)
    with torch.no_grad():
        _, one, plain = measured(lambda: [model(batch) for batch in x[:count].split(50)])
    layer = "blocks.8"
    print(f"{count:,} images, one pass takes {plain:.1f} s")
    print(f"{'':24s}{'passes':>8s}{'target':>8s}{'fitting':>9s}{'seconds':>9s}{'found':>7s}  samples by rank")
    for name, within in (("curve", 0.03), ("curve, all samples", None)):
        with iv.Inspector(model, (x, labels)) as inspector:
            inspector.compress("stem", 1, samples=4, fit_samples=4)  # libraries are loaded, the layer table is made
            _, fitting, _ = measured(partial(inspector.compress, layer, 1, samples=1))
            curve, work, seconds = measured(partial(inspector.accuracy_curve, layer, within=within))
        target = f"{TARGETS[name]:8.1f}" if name in TARGETS else " " * 8
        parts = " ".join(f"{point.rank}:{point.evaluated}" for point in curve.points)
        print(
            f"{name:24s}{work / one:8.2f}{target}{fitting / one:9.2f}{seconds:9.1f}{curve.smallest_rank():7d}  {parts}"
        )
        print(f"{'':24s}change in points: " + " ".join(f"{100 * change:.1f}" for change in curve.change))
    with iv.Inspector(model, (x, labels)) as inspector:
        inspector.compress("stem", 1, samples=4, fit_samples=4)
        found, work, seconds = measured(inspector.compressibility)
    # Of these passes one is the fit, of all blocks together.
    name = f"{len(found.curves)} blocks"
    print(f"{name:24s}{work / one:8.2f}{TARGETS['blocks']:8.1f}{'in it':>9s}{seconds:9.1f}")
    print(found.to_frame()[["dimensions", "rank", "part", "change", "low", "high", "evaluated"]].to_string())
    print(f"accuracy without compression {curve.baseline_accuracy:.1%}")


if __name__ == "__main__":
    main()
