"""Layers of a ResNet compressed by random bases and by PCA: a published table again, and what its odd figures are.

    make literature          at full width; the matrix of 8,192 dimensions takes most of the time
    python tests/literature/compression.py --width 16 --images 4000

A pre-activation ResNet (K. He et al., Identity Mappings in Deep Residual Networks, ECCV 2016) with one block each of
64, 128, 256 and 512 channels after a first convolution of 64, trained on MNIST. The digits are padded to 32 x 32 and
the first convolution has stride 2, so that block 2 returns 128 x 8 x 8 = 8,192 numbers and block 3 256 x 4 x 4 = 4,096,
as in the published table, which is of Tiny ImageNet. docs/literature.md says what came out.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import TensorDataset

import innerview as iv
from innerview.analysis.statistics.proportions import wilson_interval
from innerview.jobs.progress import finish
from innerview.study.compression_results import compression_table
from innerview.study.evaluation import evaluating
from innerview.study.projections import projecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from innerview.session.inspector import Inspector

# (layer, axis, mode) -> accuracy in per cent at each rank, of Tiny ImageNet with 200 classes.
PUBLISHED = {
    ("off", "", ""): {0: 72.04},
    ("conv1", "channels", "random"): {64: 72.04},
    ("conv1", "channels", "PCA"): {63: 60.88},
    ("block2", "all", "PCA"): {7680: 70.08, 7168: 67.23, 4096: 21.51, 2048: 2.31},
    ("block3", "all", "PCA"): {4096: 72.04, 3328: 67.64, 3072: 65.87, 1024: 7.12},
}


class Block(nn.Module):
    """A pre-activation block: twice normalise, ReLU, convolve, beside a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        changes = stride != 1 or before != after
        self.shortcut = nn.Conv2d(before, after, 1, stride, bias=False) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        ready = self.norm1(x).relu()
        return self.shortcut(ready) + self.conv2(self.norm2(self.conv1(ready)).relu())


class PreActResNet(nn.Module):
    """Four blocks, of ``width`` channels and each of twice as many as the one before."""

    def __init__(self, width: int = 64, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, 2, padding=1, bias=False)
        self.block1 = Block(width, width, 1)
        self.block2 = Block(width, 2 * width, 2)
        self.block3 = Block(2 * width, 4 * width, 2)
        self.block4 = Block(4 * width, 8 * width, 2)
        self.norm = nn.BatchNorm2d(8 * width)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block4(self.block3(self.block2(self.block1(self.conv1(x)))))
        return self.fc(self.norm(x).relu().mean((2, 3)))


def padded(data: TensorDataset, count: int) -> TensorDataset:
    """The first images, 28 x 28, with a border that makes them 32 x 32."""
    images, labels = data.tensors
    return TensorDataset(nn.functional.pad(images[:count], (2, 2, 2, 2)), labels[:count])


def train(model: nn.Module, data: TensorDataset, *, epochs: int, seed: int = 0) -> None:
    """Adam with a one-cycle learning rate up to 0.003, batches of 64."""
    images, labels = data.tensors
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters())
    steps = epochs * -(-len(data) // 64)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(data), generator=generator).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
            rate.step()
    model.eval()


def trained(width: int, images: int, epochs: int) -> tuple[PreActResNet, iv.datasets.Split]:
    """The network after training, and the padded data."""
    torch.manual_seed(0)
    mnist = iv.datasets.mnist()
    data = iv.datasets.Split(padded(mnist.train, 60_000), padded(mnist.test, 10_000), mnist.classes)
    model = PreActResNet(width)
    train(model, padded(mnist.train, images), epochs=epochs)
    return model, data


def measure(inspector: Inspector, layer: str, axis: str, ranks: list[int], bases: list[str], **options: Any) -> list:
    """The compressions of one layer, printed as they come."""
    points = []
    for basis in bases:
        begun = time.perf_counter()
        points += inspector.accuracy_curve(layer, ranks, basis, axis, within=None, **options).points
        print(f"{layer} {axis} {basis}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return points


def wrong_ways(
    inspector: Inspector, layer: str, axis: str, rank: int, *, samples: int | None = None, **options: Any
) -> dict[str, Any]:
    """A PCA of so many components, done right and in the ways in which it is easily done wrong.

    Returns:
        The accuracy of each way, by its name, and that without compression as "off".
    """
    full = finish(projecting(inspector.subject, layer, None, "pca", axis, **options))
    rule: Any = full._rule
    basis, mean = rule.matrix, rule.mean
    size = len(basis)
    ways = {
        "leading components, centred": (basis[:, :rank], mean, mean),
        "mean left at zero": (basis[:, :rank], 0 * mean, 0 * mean),
        "mean taken out, not put back": (basis[:, :rank], mean, 0 * mean),
        "last components instead of the first": (basis[:, size - rank :], mean, mean),
        "rows of the eigenvectors' matrix, not columns": (basis.T[:, :rank], mean, mean),
    }

    def edit(way: tuple[Tensor, Tensor, Tensor], x: Tensor) -> Tensor:
        columns, out, back = way
        rows = x.flatten(1) if axis == "all" else x.movedim(1, -1)
        found = (rows - out) @ columns @ columns.T + back
        return found.reshape(x.shape) if axis == "all" else found.movedim(-1, 1)

    names = list(ways)
    edits: dict[int, dict[str, Callable[[Tensor], Tensor]]] = {
        number: {layer: partial(edit, ways[name])} for number, name in enumerate(names)
    }
    key = ("wrong", layer, axis, rank)
    chosen = range(len(inspector.data))[:samples]
    found = finish(evaluating(inspector.subject, edits, chosen, metric=None, key=key))
    return {"off": found[0].before.accuracy} | {name: found[number].after.accuracy for number, name in enumerate(names)}


def main() -> None:
    """Print the table and the wrong ways, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--images", type=int, default=6000, help="to train on")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int, default=2000, help="to evaluate")
    parser.add_argument("--fit", type=int, default=10_000, help="samples to fit to")
    chosen = parser.parse_args()
    begun = time.perf_counter()
    model, data = trained(chosen.width, chosen.images, chosen.epochs)
    print(f"trained in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    test = TensorDataset(*(tensor[: chosen.samples] for tensor in data.test.tensors))
    first, second, third = chosen.width, 128 * chosen.width, 64 * chosen.width
    with iv.Inspector(model, test, training=data.train) as inspector:
        channels = [first - less for less in (0, 1, 2, 3)] + [first * share // 64 for share in (48, 32, 16, 8)]
        points = measure(inspector, "conv1", "channels", channels, ["random", "pca"])
        wide = {"fit_samples": chosen.fit}
        shares = [4096, 3328, 3072, 1024, 256, 64, 16]
        ranks = [third * share // 4096 for share in shares]
        points += measure(inspector, "block3", "all", ranks, ["pca"], **wide)
        points += measure(inspector, "block3", "all", ranks, ["random"])
        wrong = {("conv1", "channels", first - 1): wrong_ways(inspector, "conv1", "channels", first - 1)}
        for share in (3328, 1024):
            rank = third * share // 4096
            wrong["block3", "all", rank] = wrong_ways(inspector, "block3", "all", rank, **wide)
        shares = [8192, 7680, 7168, 4096, 2048, 1024, 256, 64, 16]
        ranks = [second * share // 8192 for share in shares]
        points += measure(inspector, "block2", "all", ranks, ["pca"], **wide)
        points += measure(inspector, "block2", "all", ranks, ["random"])
    table = compression_table(points)
    print(f"width {chosen.width}, {chosen.images:,} images, {chosen.epochs} epochs, {chosen.samples:,} evaluated\n")
    print("| preceding layer | axis | matrix | mode | accuracy | 95 % | published |")
    print("| --- " * 7 + "|")
    for row in table.itertuples():
        rank = int(row.matrix_shape.split(" x ")[1]) if row.matrix_shape else 0
        share = 64 / chosen.width
        theirs = PUBLISHED["off", "", ""][0]
        if row.mode != "off":
            theirs = PUBLISHED.get((row.preceding_layer, row.axis, row.mode), {}).get(round(rank * share), "")
        figures = f"{100 * row.accuracy:.2f} | {100 * row.low:.2f} to {100 * row.high:.2f}"
        print(f"| {row.preceding_layer} | {row.axis} | {row.matrix_shape} | {row.mode} | {figures} | {theirs} |")
    print()
    for (layer, axis, rank), ways in wrong.items():
        for way, accuracy in ways.items():
            low, high = wilson_interval(round(accuracy * chosen.samples), chosen.samples)
            print(f"| {layer} | {axis} | {rank} | {way} | {100 * accuracy:.2f} | {100 * low:.2f} to {100 * high:.2f} |")


if __name__ == "__main__":
    main()
