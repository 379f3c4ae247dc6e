"""Claim: in 314 steps of a ResNet-18 at 2 %, each layer has at least 20 records, evenly, and the budget is kept.

Evenly: no gap between two records of a layer is more than 3 times its mean gap. The cost, at most 2 % over the run and
4 % over any 50 steps, is that of training with the monitor over training without: two models, a step of each in turn,
while the monitor's clock stands still during the other's. By processor time on one thread, and by the median of the
steps that were recorded and of those that were not, since others may use the machine: their caches and memory, too,
which makes the same step take some percent more or less. Beside it the monitor's own measure of its cost.

    python benchmarks/monitor_spacing.py [steps] [batch]
"""

import sys
import time

import numpy as np
import torch
from monitor import Training

import innerview as iv

SIZE = 32
FRACTION, WINDOW = 0.02, 50


class Clock:
    """Processor time, without that of others' steps."""

    def __init__(self) -> None:
        self.others = 0.0

    def __call__(self) -> float:
        """Return the seconds so far."""
        return time.process_time() - self.others


def timed(work: object) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 314
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    torch.set_num_threads(1)
    plain, watched = Training(), Training()
    for training in (plain, watched):
        training.images, training.labels = torch.randn(batch, 3, SIZE, SIZE), torch.randint(10, (batch,))
    monitor = iv.Monitor(watched.model, optimizer=watched.optimizer, budget=FRACTION)
    clock = Clock()
    budget = monitor._budget  # noqa: SLF001 - its clock is ours here
    budget._clock = clock  # noqa: SLF001 - as above
    plain.step()
    taken, costs, recorded = [], [0.0], []
    with monitor:
        for _ in range(steps):
            without = timed(plain.step)
            clock.others += without
            before = monitor.history.recorded
            taken.append((without, timed(lambda: monitor.step(loss=watched.step()))))
            costs.append(budget.cost + budget.setup)
            recorded.append(monitor.history.recorded > before)
    without, with_it = np.array(taken).T
    history = monitor.history
    gaps = {layer: np.diff([*history.series(layer).steps]) for layer in history.layers}
    records = [len(each) + 1 for each in gaps.values()]
    more, kept = with_it - without, np.array(recorded)
    more = np.where(kept, np.median(more[kept]), np.median(more[~kept]))
    over = 1 + np.convolve(more, np.ones(WINDOW), "valid") / (np.median(without) * WINDOW)
    own = (np.array(costs)[WINDOW:] - np.array(costs)[:-WINDOW]) / (np.median(without) * WINDOW)
    print(f"ResNet-18, {batch} x 3 x {SIZE} x {SIZE}, {steps} steps of {1000 * np.median(without):.0f} ms")
    print(f"{history.recorded} steps were recorded, of {len(history.layers)} layers")
    uneven = max(each.max() / each.mean() for each in gaps.values())
    for name, value, target in (
        ("records of a layer, least", min(records), ">= 20"),
        ("largest gap over the mean gap", uneven, "<= 3"),
        ("largest gap", max(each.max() for each in gaps.values()), "<= 15"),
        ("with the monitor over without", 1 + more.sum() / (np.median(without) * steps), "<= 1.02"),
        (f"   over any {WINDOW} steps, at most", over.max(), "<= 1.04"),
        ("the monitor's own measure", monitor.overhead, ""),
        (f"   over any {WINDOW} steps, at most", own.max(), ""),
    ):
        print(f"{name:36s}{value:8.4g}{target:>12s}")
    print(f"{'set-up':36s}{1000 * monitor.setup:8.1f} ms")


if __name__ == "__main__":
    main()
