"""Claim: at the default budget, monitoring every module of a ResNet-18 takes at most 1.02 times plain training.

Beside it, each measured against a plain step in the same round: one step recorded in full (at most 1.25), and what one
would use instead at every step: mean, standard deviation and a histogram of each module's output as fastai's
ActivationStats takes them, and histograms of outputs and gradients as W&B's ``watch`` and TensorBoard's
``add_histogram`` take them (by NumPy, of every value), written by hand.

    python benchmarks/monitor.py [rounds]
"""

import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

import innerview as iv

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import torchvision_on_cpu  # noqa: F401 - lets torchvision be imported beside a CPU build of torch
from torchvision.models import resnet18

BATCH, SIZE = 64, 64
BLOCKS, STEPS = 5, 5  # of training with and without the monitor, in turn, in a round


class Training:
    """A model, its optimizer, and one step on random images."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = resnet18(num_classes=10)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.images = torch.randn(BATCH, 3, SIZE, SIZE)
        self.labels = torch.randint(10, (BATCH,))

    def step(self) -> torch.Tensor:
        """Train on the images once."""
        loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


def hooked(training: Training, hook: object) -> None:
    for module in training.model.modules():
        module.register_forward_hook(hook)


def fastai_style() -> Training:
    """Each output's mean, deviation, and 40 bins from 0 to 10, on its device."""

    def hook(_module: nn.Module, _args: object, output: torch.Tensor) -> None:
        with torch.no_grad():
            output.mean().item()
            output.std().item()
            output.float().histc(40, 0, 10).tolist()

    training = Training()
    hooked(training, hook)
    return training


def wandb_style() -> Training:
    """64 bins between the extremes of each output and each gradient of a weight."""

    def look(values: torch.Tensor) -> None:
        flat = values.detach().reshape(-1)
        low, high = flat.min().item(), flat.max().item()
        torch.histc(flat, 64, low, high if high > low else low + 1).tolist()

    training = Training()
    hooked(training, lambda _module, _args, output: look(output))
    for parameter in training.model.parameters():
        parameter.register_hook(look)
    return training


def tensorboard_style() -> Training:
    """TensorBoard's bins (powers of 1.1), counted by NumPy over every value."""
    positive = 1e-12 * 1.1 ** np.arange(774)
    edges = np.concatenate([-positive[::-1], [0], positive])

    def hook(_module: nn.Module, _args: object, output: torch.Tensor) -> None:
        values = output.detach().cpu().numpy().reshape(-1).astype(np.float64)
        np.histogram(values, bins=edges)
        values.dot(values)
        values.min(), values.max(), values.sum()

    training = Training()
    hooked(training, hook)
    return training


def seconds(work: object, times: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def line(name: str, ratio: float, low: float, high: float, target: str = "") -> None:
    print(f"{name:52s}{ratio:9.3f}   ({low:.3f} to {high:.3f}){target:>12s}")


def spread(name: str, ratios: list[float], target: str = "") -> None:
    quarters = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    line(name, statistics.median(ratios), quarters[0], quarters[2], target)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    warnings.simplefilter("ignore")
    plain, watched, full = Training(), Training(), Training()
    monitor = iv.Monitor(watched.model, optimizer=watched.optimizer)
    every = iv.Monitor(full.model, optimizer=full.optimizer, budget=None)
    others = {
        "fastai-style, every step": fastai_style(),
        "W&B-style, every step": wandb_style(),
        "TensorBoard-style, every step": tensorboard_style(),
    }
    ratios: dict[str, list[float]] = {}
    print(f"ResNet-18, {BATCH} x 3 x {SIZE} x {SIZE}, {torch.get_num_threads()} threads, {rounds} rounds")
    plain.step()
    # The first steps are recorded whatever they cost; the debt is paid back before the clock starts.
    with monitor:
        for _ in range(80):
            monitor.step(loss=watched.step())
    with every:
        before = monitor.history.series("conv1").count.size
        for _ in range(rounds):
            pairs = []
            for _ in range(BLOCKS):
                without = seconds(plain.step, STEPS)
                # Only around its own training: the budget is a fraction of the time inside.
                with monitor:
                    pairs.append((without, seconds(lambda: monitor.step(loss=watched.step()), STEPS)))
            base = statistics.median(first for first, _ in pairs)
            total = [sum(each) for each in zip(*pairs, strict=True)]
            ratios.setdefault("with the monitor, default budget", []).append(total[1] / total[0])
            full.step()  # its memory was another model's meanwhile
            recorded = seconds(lambda: every.step(loss=full.step()), 3)
            ratios.setdefault("one step recorded in full", []).append(recorded / base)
            for name, other in others.items():
                ratios.setdefault(name, []).append(seconds(other.step, 1) / base)
    after = monitor.history.series("conv1").count.size
    print(f"a plain step {base * 1000:.0f} ms; {after - before} of {rounds * BLOCKS * STEPS} steps were recorded")
    print(f"the monitor's own measure of its cost: {monitor.overhead:.4f}\n")
    print(f"{'':52s}{'ratio':>9s}   (quartiles){'target':>19s}")
    for name, found in ratios.items():
        spread(name, found, {"with": "<= 1.02", "one ": "<= 1.25"}.get(name[:4], ""))


if __name__ == "__main__":
    main()
