"""Capturing chosen layers costs at most 1.1 times a plain forward; stopping early saves what comes after.

Seeing whether the model was changed costs at most 1 % of a forward of one photo of 224x224.

ResNet-18 in evaluation mode, batches of 64 and of one, on the CPU. Each way is timed in turn, so that all see the
same machine; a ratio is the median over the rounds of one round's time by that round's plain forward.

    python benchmarks/capture.py [rounds]
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import torch
from torch import nn

from innerview.model.capture import forward, run
from innerview.model.layers import trace_layers
from innerview.model.state import Fingerprint, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

CHOSEN = ["layer1", "layer2.0.conv1", "layer4"]


class Block(nn.Module):
    """The basic block of ResNet-18: two 3x3 convolutions and a shortcut."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [B, channels, H, W] to [B, out, H / stride, W / stride]."""
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class ResNet18(nn.Module):
    """As torchvision's, whose wheel cannot be imported beside every build of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images [B, 3, H, W] to logits [B, 1000]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def milliseconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return 1000 * (time.perf_counter() - start)


def measure(ways: dict[str, Callable[[], object]], rounds: int) -> None:
    """Print each way's median time, and the median of its ratio to the first way."""
    for way in ways.values():
        way()
    times = [{name: milliseconds(way) for name, way in ways.items()} for _ in range(rounds)]
    plain = next(iter(ways))
    print(f"{'':48s}{'ms':>9s}{'ratio':>9s}")
    for name in ways:
        median = statistics.median(each[name] for each in times)
        ratio = statistics.median(each[name] / each[plain] for each in times)
        print(f"{name:48s}{median:9.2f}{ratio:9.3f}")
    print()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    torch.manual_seed(0)
    model = ResNet18().eval()
    state = Fingerprint(model)
    for size, batch in ((64, 64), (64, 1), (224, 1)):
        x = torch.randn(batch, 3, size, size)
        every = [name for name, row in trace_layers(model, (x[:2],), {}).items() if row.shape is not None]
        print(f"ResNet-18, {batch} x 3 x {size} x {size}, {torch.get_num_threads()} threads, {rounds} rounds")

        @torch.no_grad()
        def plain(x: torch.Tensor = x) -> object:
            return model(x)

        def ways(layers: list[str], *, stop: bool, x: torch.Tensor = x) -> Callable[[], object]:
            return lambda: run(model, (x,), {}, layers, stop=stop)

        measure(
            {
                "plain forward": plain,
                "forward without a trace": lambda x=x: forward(model, (x,), {}),
                "1 layer, to the end": ways(["layer3"], stop=False),
                f"{len(CHOSEN)} layers, to the end": ways(CHOSEN, stop=False),
                f"all {len(every)} layers, to the end": ways(every, stop=False),
                "stop after layer1": ways(["layer1"], stop=True),
                "stop after layer2": ways(["layer2"], stop=True),
                "stop after layer3": ways(["layer3"], stop=True),
                "stop after layer4": ways(["layer4"], stop=True),
                "layer table": lambda x=x: trace_layers(model, (x,), {}),
                "snapshot": lambda: snapshot(model),
                "is the model changed? (each run)": state.written,
                "is the model changed? (each question)": state,
            },
            rounds,
        )


if __name__ == "__main__":
    main()
