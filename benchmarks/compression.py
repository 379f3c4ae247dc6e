"""Accuracy at nine ranks of a layer, against what one would write: for each rank a PCA and full forwards with a hook.

ResNet-18 in evaluation mode, layer3 (256 x 4 x 4, along the channels), images of 64x64, on the GPU if there is one.
Both fit to one half of the images, evaluate the other half in batches, and must get the same accuracies to within two
images. "again" is the same curve once more, from what was kept.

    python benchmarks/compression.py [images] [--cpu-time]
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import torch
from capture import ResNet18
from sklearn.decomposition import PCA

from innerview.session.inspector import Inspector

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
LAYER, RANKS, TARGET = "layer3", [1, 2, 4, 8, 16, 32, 64, 128, 256], 4.0
CPU_TIME = "--cpu-time" in sys.argv  # for a machine that is busy with other things


@torch.no_grad()
def as_written(model: ResNet18, fitted: torch.Tensor, evaluated: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """The accuracy at each rank."""
    module = model.get_submodule(LAYER)
    found = []
    for rank in RANKS:
        kept: list[torch.Tensor] = []
        handle = module.register_forward_hook(lambda _m, _a, output, kept=kept: kept.append(output))
        for batch in fitted.split(64):
            model(batch)
        handle.remove()
        pca = PCA(rank).fit(torch.cat(kept).movedim(1, -1).flatten(0, -2).cpu().numpy())
        mean, basis = torch.from_numpy(pca.mean_).to(DEVICE), torch.from_numpy(pca.components_).to(DEVICE)

        def project(output: torch.Tensor, mean: torch.Tensor = mean, basis: torch.Tensor = basis) -> torch.Tensor:
            return ((output.movedim(1, -1) - mean) @ basis.T @ basis + mean).movedim(-1, 1)

        handle = module.register_forward_hook(lambda _m, _a, output, project=project: project(output))
        right = torch.cat([model(batch).argmax(1) for batch in evaluated.split(64)]).cpu() == labels
        found.append(right.float().mean().item())
        handle.remove()
    return found


def timed(way: Callable[[], list[float]]) -> tuple[float, list[float]]:
    clock = time.process_time if CPU_TIME else time.perf_counter
    start = clock()
    found = way()
    return clock() - start, found


def main() -> None:
    images = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 2048)
    torch.manual_seed(0)
    model = ResNet18().eval().to(DEVICE)
    x = torch.randn(images, 3, 64, 64, device=DEVICE)
    with torch.no_grad():
        labels = torch.cat([model(batch).argmax(1) for batch in x.split(64)]).cpu()
    half = images // 2
    with Inspector(model, (x, labels)) as inspector:
        inspector.compress("conv1", 1, samples=4, fit_samples=4)  # libraries are loaded, the layer table is made

        def ours() -> list[float]:
            return inspector.accuracy_curve(LAYER, RANKS, within=None, fit_samples=half).accuracy.tolist()

        order = inspector.data.order()
        fitted, evaluated = x[order[:half]], order[half:]
        slow, theirs = timed(lambda: as_written(model, fitted, x[evaluated], labels[evaluated]))
        fast, found = timed(ours)
        again, _ = timed(ours)
    if max(abs(one - other) for one, other in zip(found, theirs, strict=True)) > 2.5 / half:
        raise SystemExit(f"the accuracies differ: {found} and {theirs}")
    kind = "CPU time" if CPU_TIME else "time"
    print(f"{len(RANKS)} ranks at {LAYER}, {images:,} images, {DEVICE}, {torch.get_num_threads()} threads, {kind} in s")
    print(f"{'as written':>12s}{'innerview':>12s}{'ratio':>8s}{'target':>8s}{'again':>10s}")
    print(f"{slow:12.2f}{fast:12.2f}{slow / fast:8.1f}{TARGET:8.1f}{again:10.3f}")


if __name__ == "__main__":
    main()
