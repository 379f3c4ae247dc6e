"""Training collapses: a residual network and one with squeeze-and-excitation, under a growing learning rate.

    python tests/literature/collapse.py --seeds 0 1 2

Ten convolutions with residual connections and three dense layers, and a smaller network with squeeze-and-excitation
blocks, without normalisation, learn MNIST by SGD with momentum 0.9 in batches of 32. The learning rate is 0.01 for 60
steps and then grows a hundredfold in 300: a warm-up that does not end. Both learn, and then collapse: the loss goes to
ln(10), that of guessing, and the outputs from some layer on no longer depend on the input. What is measured is when the
monitor names a cause and when the loss stands still, and whether turning down the learning rate saves the run.
docs/literature.md says what came out.
"""

from __future__ import annotations

import argparse
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

import numpy as np
import torch
from torch import nn

import innerview as iv
from innerview.training.diagnosis import KINDS

STEPS, BATCH = 340, 32
_FLAT, _RAMP = 60, 300
_MINI_EPOCH = 20  # steps


class SqueezeExcitation(nn.Module):
    """Multiplies each channel by a gate computed from the means of all (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // 4, 4)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.relu = nn.ReLU()
        self.excite = nn.Conv2d(hidden, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(self.excite(self.relu(self.squeeze(self.pool(x)))))


class Block(nn.Module):
    """Two convolutions and what goes around them."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, gated: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.se = SqueezeExcitation(outputs) if gated else nn.Identity()
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if inputs != outputs else nn.Identity()
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu2(self.se(self.conv2(self.relu1(self.conv1(x)))) + self.shortcut(x))


def network(seed: int, *, gated: bool) -> nn.Sequential:
    """Five blocks, or three with gates, and three dense layers; He initialisation, and no normalisation."""
    torch.manual_seed(seed)
    widths = [1, 8, 16, 16] if gated else [1, 8, 8, 16, 16, 16]
    blocks = [Block(a, b, stride=2 if b > a > 1 else 1, gated=gated) for a, b in pairwise(widths)]
    parts: dict[str, nn.Module] = {"small": nn.AvgPool2d(2)}
    parts |= {f"block{number}": block for number, block in enumerate(blocks, 1)}
    parts |= {"pool": nn.AdaptiveAvgPool2d(4), "flat": nn.Flatten(), "dense1": nn.Linear(256, 64), "relu1": nn.ReLU()}
    parts |= {"dense2": nn.Linear(64, 32), "relu2": nn.ReLU(), "dense3": nn.Linear(32, 10)}
    model = nn.Sequential(OrderedDict(parts))
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    return model


@dataclass
class Run:
    """What happened in a run.

    Attributes:
        model: as it is in the end.
        history: of it.
        named: by kind of finding, the first one, and the step at which the monitor named it.
        findings: those that hold in the end.
    """

    model: nn.Module
    history: iv.training.history.History
    named: dict[str, tuple[int, iv.training.diagnosis.Finding]] = field(default_factory=dict)
    findings: list[iv.training.diagnosis.Finding] = field(default_factory=list)

    @property
    def losses(self) -> np.ndarray:
        """The mean loss of the last ten steps, for each step."""
        _, losses = self.history.metric("loss")
        return np.convolve(losses, np.ones(10) / 10)[: len(losses)]

    @property
    def warned(self) -> int | None:
        """The step at which the monitor named a cause first: "at chance" is not one."""
        return min((step for kind, (step, _) in self.named.items() if kind != "chance"), default=None)

    @property
    def plateau(self) -> int | None:
        """The step from which the mean loss is not under 95 % of ln(10) any more; None when it is in the end."""
        # Not written with >=, so that a NaN is not under it either.
        under = np.flatnonzero(self.losses < 0.95 * log(10))
        return int(under[-1]) + 1 if under[-1] < len(self.losses) - 1 else None

    def ranges(self, layer: str) -> np.ndarray:
        """The median over a layer's channels of largest minus smallest value, for each mini-epoch."""
        series = self.history.series(layer)
        parts = np.arange(0, len(series.steps), _MINI_EPOCH)
        high = np.maximum.reduceat(series.channel_high, parts)
        return np.median(high - np.minimum.reduceat(series.channel_low, parts), axis=1)


def run(images: torch.Tensor, labels: torch.Tensor, *, gated: bool, act: bool, seed: int, steps: int = STEPS) -> Run:
    """Train, and note when the monitor names what.

    Args:
        images: ``[N, 1, 28, 28]``.
        labels: ``[N]``.
        gated: whether with squeeze-and-excitation.
        act: whether the monitor may turn the learning rate down, each time to a tenth.
        seed: of weights and batches.
        steps: of the training.
    """
    model = network(seed, gated=gated)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    grow = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 100 ** min(1, max(0, (step - _FLAT) / _RAMP)))
    generator = torch.Generator().manual_seed(seed)
    with iv.Monitor(model, optimizer=optimizer, classes=10, budget=None) as monitor:
        result = Run(model, monitor.history)
        for kind in KINDS:
            monitor.on(kind, lambda m, f: result.named.setdefault(f.kind, (m.history.step, f)) and None, limit=1)
        if act:
            for kind in ("learning_rate", "vanishing"):
                monitor.on(kind, monitor.scale_lr(0.1), limit=2, every=50)
        for _ in range(steps):
            batch = torch.randint(len(images), (BATCH,), generator=generator)
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            grow.step()
            monitor.step(loss=loss)
    result.findings = monitor.diagnose()
    return result


@torch.no_grad()
def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Fraction of the images that are classified correctly."""
    return float((model.eval()(images).argmax(1) == labels).float().mean())


def report(name: str, got: Run, right: float) -> None:
    """Print what the monitor says beside what the loss says."""
    print(f"\n{name}: test accuracy {right:.1%}, loss at chance from step {got.plateau}")
    for step, found in sorted(got.named.values(), key=lambda pair: pair[0]):
        print(f"  step {step}: {found.kind}: {found.layer}: {found.evidence}")
    for event in got.history.events:
        if "learning rate times" in event.text:
            print(f"  done at step {event.step}: {event.text[:60]}")


def main() -> None:
    """Train each network by each seed, with and without the monitor acting; then the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(10))
    chosen = parser.parse_args()
    train, test, _ = iv.datasets.mnist()
    for name, gated in (("ten convolutions", False), ("squeeze-and-excitation", True)):
        early, saved = [], 0
        for seed in chosen.seeds:
            lost, acted = (run(*train.tensors, gated=gated, act=act, seed=seed) for act in (False, True))
            report(f"{name}, seed {seed}", lost, accuracy(lost.model, *test.tensors))
            for layer in lost.history.layers:
                if lost.history.kind(layer) in {"Conv2d", "Linear"}:
                    print(f"  {layer:16}" + " ".join(f"{value:8.2g}" for value in lost.ranges(layer)))
            report(f"{name}, seed {seed}, may act", acted, accuracy(acted.model, *test.tensors))
            saved += acted.plateau is None
            early.append((lost.plateau or STEPS) - (lost.warned or STEPS))
        print(f"\n{name}: {saved} of {len(early)} runs saved; a cause named so many steps before: {early}", flush=True)


if __name__ == "__main__":
    main()
