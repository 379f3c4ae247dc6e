"""Claim: after an embedding of a layer, what needs the same again takes at most 0.02 passes over the samples.

A ResNet-18 on 500 random images of 96 x 96. After ``embed("layer3", samples=None)``: predictions of all samples, the
means of that layer's channels that the brush panel compares, its quality, and the layer's output itself. Each is timed
once, as a person waits for it once, beside a plain loop of full forwards over the same samples in the same batches
(``model(batch)`` without gradients), the median of three. Above, what the same questions take when they come first.

    python benchmarks/passes.py
"""

from __future__ import annotations

import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

import innerview as iv

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import torchvision_on_cpu  # noqa: F401 - lets torchvision be imported beside a CPU build of torch
from torchvision.models import resnet18

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES, SIDE, LAYER, TARGET = 500, 96, "layer3", 0.02


def seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


@torch.no_grad()
def loop(model: torch.nn.Module, images: torch.Tensor) -> None:
    for batch in images.split(32):
        model(batch)


def questions(inspector: iv.Inspector) -> dict[str, Callable[[], object]]:
    return {
        "predictions": lambda: list(inspector.predict()),
        "means of the channels": partial(inspector.embed, LAYER, pool="mean", samples=None),
        "activations": partial(inspector.activations, LAYER),
        "quality": partial(inspector.quality, LAYER, samples=None),
    }


def main() -> None:
    torch.manual_seed(0)
    model = resnet18(num_classes=10).eval()
    images, labels = torch.rand(SAMPLES, 3, SIDE, SIDE), torch.arange(SAMPLES) % 10
    one = statistics.median(seconds(partial(loop, model, images)) for _ in range(3))
    print(f"a pass over {SAMPLES} samples: {one:.2f} s\n\n{'question':24}{'first':>8}{'after':>8}   target")
    for name in questions(iv.Inspector(model, (images, labels))):
        with iv.Inspector(model, (images, labels)) as fresh, iv.Inspector(model, (images, labels)) as used:
            for inspector in (fresh, used):
                inspector.layers  # noqa: B018 - found with forwards of its own
            used.embed(LAYER, samples=None)
            first, after = (seconds(questions(each)[name]) / one for each in (fresh, used))
            target = "" if name == "quality" else f"{TARGET}"
            print(f"{name:24}{first:8.3f}{after:8.3f}   {target}", flush=True)
    with iv.Inspector(model, (images, labels)) as inspector:
        inspector.layers  # noqa: B018 - as above
        print(f"{'the embedding itself':24}{seconds(partial(inspector.embed, LAYER, samples=None)) / one:8.3f}")


if __name__ == "__main__":
    main()
