"""A ResNet-18 on MNIST whose first layers hardly learn, because their learning rate is a hundredth of the others'.

    python tests/literature/discriminative_rates.py

Discriminative learning rates are meant for fine-tuning, where the first layers are good already and move little. In a
network that starts from random weights they leave the first layers as random as they were. One such run by SGD, and
beside it the same with one rate for all: the monitor must point at conv1 in the first and find nothing in the second.
docs/literature.md says what came out.
"""

from __future__ import annotations

import argparse

import torch
from torch import nn

import innerview as iv

LAYERS = ("conv1", "layer1", "layer2", "layer3", "layer4")  # conv1 and conv2_x to conv5_x in the paper


def resnet(seed: int) -> nn.Module:
    """torchvision's ResNet-18 for one grey channel and ten classes."""
    import torchvision_on_cpu  # noqa: F401, PLC0415 - imported for its effect
    from torchvision.models import resnet18  # noqa: PLC0415 - the tests skip where it is missing

    torch.manual_seed(seed)
    model = resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    return model


def run(
    images: torch.Tensor, labels: torch.Tensor, *, first: float, steps: int, batch: int = 64, seed: int = 0
) -> tuple[nn.Module, iv.Monitor]:
    """Train by SGD with momentum 0.9 and a learning rate of 0.05.

    Args:
        images: ``[N, 1, 28, 28]``.
        labels: ``[N]``.
        first: what the learning rate of conv1, bn1 and layer1 is multiplied by.
        steps: of the training.
        batch: images in a step.
        seed: of weights and batches.
    """
    model = resnet(seed)
    early = [p for name, p in model.named_parameters() if name.startswith(("conv1", "bn1", "layer1"))]
    late = [p for name, p in model.named_parameters() if not name.startswith(("conv1", "bn1", "layer1"))]
    optimizer = torch.optim.SGD([{"params": late}, {"params": early, "lr": 0.05 * first}], lr=0.05, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with iv.Monitor(model, optimizer=optimizer, classes=10, budget=None) as monitor:
        for _ in range(steps):
            chosen = torch.randint(len(images), (batch,), generator=generator)
            loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)
    return model, monitor


def main() -> None:
    """Print what the monitor finds in both runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    train, test, _ = iv.datasets.mnist()
    for first in (0.01, 1.0):
        model, monitor = run(*train.tensors, first=first, steps=chosen.steps, seed=chosen.seed)
        with torch.no_grad():
            correct = (model.eval()(test.tensors[0]).argmax(1) == test.tensors[1]).float().mean()
        print(f"\nfirst layers at {first:g} of the rate: test accuracy {correct:.1%}")
        for name in ("conv1", "layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1", "layer4.0.conv1", "fc"):
            ratios = monitor.history.weights(f"{name}.weight").update_ratio
            print(f"  {name:15} update ratio {ratios[:5].mean():.2g} at first, {ratios[-50:].mean():.2g} in the end")
        for name in LAYERS:
            series = monitor.history.series(name)
            print(f"  {name:15} output {series.mean[-1]:.2f} ± {series.std[-1]:.2f}")
        for finding in monitor.diagnose():
            print(f"  {finding.kind}: {finding}", flush=True)


if __name__ == "__main__":
    main()
