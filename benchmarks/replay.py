"""Rerunning only what comes after a layer, against a full forward in which a hook replaces the layer's output.

ResNet-18 in evaluation mode, a batch of 64 images of 64x64, on the GPU if there is one. The rivals run in turn; a ratio
is the median over the rounds of one round's two times, and the outputs must be the same bit for bit. "sweep" is the
unchanged activation and 19 values of it, recording included, against one head and 20 tails: the whole forward and 19
tails, each the model's own code after the layer with nothing around it.

    python benchmarks/replay.py [rounds]
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import torch
from capture import ResNet18

from innerview.model.replay import Recording

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
TARGETS = {"layer1": 1.7, "layer2": 2.6, "layer3": 4.4, "layer4": 40.0}
RANKS = 20


@torch.no_grad()
def hooked(model: ResNet18, x: torch.Tensor, layer: str, edited: torch.Tensor) -> torch.Tensor:
    """What one would write: a full forward with a replacing hook."""
    handle = model.get_submodule(layer).register_forward_hook(lambda _module, _args, _output: edited)
    try:
        return model(x)
    finally:
        handle.remove()


@torch.no_grad()
def tail(model: ResNet18, layer: str, value: torch.Tensor) -> torch.Tensor:
    """What comes after a layer, by hand."""
    for name in ("layer1", "layer2", "layer3", "layer4"):
        if name > layer:
            value = model.get_submodule(name)(value)
    return model.fc(value.mean((2, 3)))


def milliseconds(way: Callable[[], object]) -> float:
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    way()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start)


def compare(ways: list[Callable[[], object]], rounds: int) -> tuple[list[float], float]:
    """Each way's median time in ms, and the median ratio of the first to the second."""
    times = [[milliseconds(way) for way in ways] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)], statistics.median(
        each[0] / each[1] for each in times
    )


def swept(recording: Callable[[], Recording]) -> None:
    made = recording()
    # The recording's own output is the unchanged activation's.
    with made.held():
        for rank in range(RANKS - 1):
            made.rerun({made.layer: lambda value, rank=rank: value * (rank / RANKS)})


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.manual_seed(0)
    model = ResNet18().eval().to(DEVICE)
    x = torch.randn(64, 3, 64, 64, device=DEVICE)
    print(f"ResNet-18, 64 x 3 x 64 x 64, {DEVICE}, {torch.get_num_threads()} threads, {rounds} rounds")
    print(f"{'':8s}{'hook ms':>10s}{'rerun ms':>10s}{'ratio':>8s}{'target':>8s}{'kept MB':>9s}   how")
    for layer, target in TARGETS.items():
        made = Recording(model, (x,), {}, layer)
        edited = made.activation * 0.5
        rivals = [
            lambda layer=layer, edited=edited: hooked(model, x, layer, edited.clone()),
            lambda made=made, edited=edited: made.rerun({made.layer: lambda _: edited}),
        ]
        if not torch.equal(rivals[0](), rivals[1]()):
            raise SystemExit(f"{layer}: the outputs differ")
        with made.held():
            (hook, rerun), ratio = compare(rivals, rounds)
        size = made.bytes / 1e6
        print(f"{layer:8s}{hook:10.1f}{rerun:10.2f}{ratio:8.1f}{target:8.1f}{size:9.1f}   {made.how}")
    print(f"\nsweep of {RANKS}{'ms':>10s}{'needed':>10s}{'ratio':>8s}{'target':>8s}")
    for layer in TARGETS:
        value = Recording(model, (x,), {}, layer).activation

        def needed(layer: str = layer, value: torch.Tensor = value) -> None:
            hooked(model, x, layer, value)
            for rank in range(RANKS - 1):
                tail(model, layer, value * (rank / RANKS))

        sweep = [lambda layer=layer: swept(lambda: Recording(model, (x,), {}, layer)), needed]
        (ours, least), ratio = compare(sweep, max(3, rounds // 3))
        print(f"{layer:11s}{ours:10.1f}{least:10.1f}{ratio:8.2f}{1.1:8.1f}")


if __name__ == "__main__":
    main()
