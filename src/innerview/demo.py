"""A small network that learns the built-in digits in seconds on a CPU: the first model to look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.utils.data import DataLoader

if TYPE_CHECKING:
    from torch.utils.data import Dataset


class SmallCNN(nn.Module):
    """Two convolutions and two dense layers.

    Args:
        classes: number of outputs.
        size: height and width of the input, a multiple of 4.
        channels: of the input.
    """

    def __init__(self, classes: int = 10, size: int = 8, channels: int = 1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(32 * (size // 4) ** 2, 64),
            nn.ReLU(inplace=True),
            nn.Linear(64, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Score images.

        Args:
            images: ``[N, channels, size, size]``.

        Returns:
            Logits ``[N, classes]``.
        """
        return self.classifier(self.features(images))


def train(model: nn.Module, dataset: Dataset, *, epochs: int = 10, seed: int = 0) -> float:
    """Train a classifier with Adam and cross-entropy.

    Args:
        model: maps a batch of inputs to logits.
        dataset: ``dataset[i]`` is ``(input, label)``.
        epochs: how often each sample is seen.
        seed: of the order in which they are seen.

    Returns:
        Mean loss over the last epoch, in nats.
    """
    loader = DataLoader(dataset, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(seed))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    losses: list[float] = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return sum(losses) / max(len(losses), 1)
