"""Claim: 256 components of 20,000 x 4,096 take at most 1.25 times the product they need, and no memory per sample.

The product is that of the samples with themselves, ``x.T @ x``. Beside it, in the same run: innerview's PCA of batches
that are not kept; scikit-learn's of the whole table by its covariance, and by its randomised solver; and its
IncrementalPCA (only with --long). Each way runs in turn; a ratio is the median over the rounds. The error is the
largest of the 256 variances' relative errors against a decomposition in float64; the memory is what the process grows
to above the data, measured in a process of its own.

Also: the picture of 5,000 x 4,096 by three components, and a sketch of 64 x 802,816 to 1,024 beside one copy of the
data.

    python benchmarks/pca.py [rounds] [--long]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.decomposition import PCA, IncrementalPCA

from innerview.analysis.projections.pca import fitting_pca
from innerview.analysis.projections.pca_stream import StreamingPCA
from innerview.analysis.projections.sketch import Sketch
from innerview.jobs.progress import finish

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES, SIZE, RANK, BATCH = 20_000, 4_096, 256, 512


def data(samples: int, size: int) -> torch.Tensor:
    """Variances that fall as 1 / i, as those of activations do, along random directions, and a mean of 5."""
    random = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(size, size, generator=random)).Q * torch.arange(1.0, size + 1).rsqrt()[:, None]
    x = torch.empty(samples, size)
    for part in x.split(1000):
        torch.mm(torch.randn(len(part), size, generator=random), turn, out=part)
    return x.add_(5)


def streamed(x: torch.Tensor) -> np.ndarray:
    stream = StreamingPCA(SIZE, RANK)
    for batch in x.split(BATCH):
        finish(stream.adding(batch))
    return finish(stream.solving()).variances.numpy()


def covariance(x: torch.Tensor) -> np.ndarray:
    return PCA(RANK, svd_solver="covariance_eigh").fit(x.numpy()).explained_variance_


def randomised(x: torch.Tensor) -> np.ndarray:
    return PCA(RANK, svd_solver="randomized", random_state=0).fit(x.numpy()).explained_variance_


def incremental(x: torch.Tensor) -> np.ndarray:
    return IncrementalPCA(RANK, batch_size=BATCH).fit(x.numpy()).explained_variance_


def product(x: torch.Tensor) -> None:
    # Not kept: it takes memory of its own.
    torch.mm(x.T, x)


WAYS = {each.__name__: each for each in (product, streamed, covariance, randomised, incremental)}


def seconds(way: Callable[[torch.Tensor], object], x: torch.Tensor) -> float:
    start = time.perf_counter()
    way(x)
    return time.perf_counter() - start


def grown(name: str, samples: int) -> float:
    """Megabytes above the data, in a fresh process."""
    answer = subprocess.run(  # noqa: S603 - this script itself
        [sys.executable, __file__, "--memory", name, str(samples)], check=True, capture_output=True, text=True
    )
    return float(answer.stdout.split()[-1])


def memory(name: str, samples: int) -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.empty(samples, SIZE)
    for part in x.split(1000):
        part.normal_(generator=random)
    # What a first call loads is no part of the method.
    PCA(2).fit(np.eye(9)), finish(fitting_pca(torch.eye(9), 2))
    before = peak()
    WAYS[name](x)
    print(peak() - before)


def peak() -> float:
    """Megabytes this process ever held; getrusage would count its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def exact(x: torch.Tensor) -> np.ndarray:
    mean = x.double().mean(0)
    sums = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    for part in x.split(2000):
        off = part.double() - mean
        sums += off.T @ off
    return torch.linalg.eigvalsh(sums / (len(x) - 1)).flip(0)[:RANK].numpy()


def compare(names: list[str], rounds: int) -> None:
    x = data(SAMPLES, SIZE)
    expected = exact(x)
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            times[name].append(seconds(WAYS[name], x))
    print(f"{SAMPLES:,} x {SIZE:,}, {RANK} components, {torch.get_num_threads()} threads, {rounds} rounds")
    print(f"{'':24s}{'s':>8s}{'ratio':>8s}{'MB':>8s}{'error':>10s}")
    for name in names:
        ratio = statistics.median(own / plain for own, plain in zip(times[name], times["product"], strict=True))
        error = "" if name == "product" else f"{abs(WAYS[name](x) / expected - 1).max():.1e}"
        target = f"  <= 1.25 {'met' if ratio <= 1.25 else 'MISSED'}" if name == "streamed" else ""
        middle = statistics.median(times[name])
        print(f"{name:24s}{middle:8.2f}{ratio:8.2f}{grown(name, SAMPLES):8.0f}{error:>10s}{target}", flush=True)
    print(f"{'streamed, half as many':24s}{'':16s}{grown('streamed', SAMPLES // 2):8.0f}\n")


def pictures(rounds: int) -> None:
    x = data(5_000, SIZE)
    middle = statistics.median(seconds(lambda x: finish(fitting_pca(x, 3)), x) for _ in range(rounds))
    print(f"3 components of 5,000 x {SIZE:,}: {middle:.2f} s  <= 1 s {'met' if middle <= 1 else 'MISSED'}")
    x = torch.randn(64, 802_816)
    sketch = Sketch(x.shape[1], 1024)
    sketch.apply(x)
    pairs = [(seconds(sketch.apply, x), seconds(torch.clone, x)) for _ in range(3 * rounds)]
    own, ratio = statistics.median(own for own, _ in pairs), statistics.median(own / copy for own, copy in pairs)
    print(f"sketch of 64 x 802,816 to 1,024: {own:.2f} s, {ratio:.1f} times a copy of the data")


def main() -> None:
    if "--memory" in sys.argv:
        memory(sys.argv[2], int(sys.argv[3]))
        return
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    rounds = numbers[0] if numbers else 3
    names = [name for name in WAYS if name != "incremental" or "--long" in sys.argv]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    pictures(rounds)
    compare(names, rounds)


if __name__ == "__main__":
    main()
