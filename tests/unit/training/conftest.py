"""A small network, data and a loop, with and without a monitor."""

import contextlib
import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import innerview as iv


class Net(nn.Module):
    """Convolutions with batch norm, an in-place ReLU that is called twice, dropout, a dense layer."""

    def __init__(self, *, checkpointed=False, reentrant=False):
        super().__init__()
        self.checkpointed, self.reentrant = checkpointed, reentrant
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.block = nn.Sequential(nn.Conv2d(4, 6, 3), nn.Tanh(), nn.Conv2d(6, 6, 1))
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(6 * 16, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = checkpoint(self.block, x, use_reentrant=self.reentrant) if self.checkpointed else self.block(x)
        return self.head(self.drop(self.relu(x).flatten(1)))


class Loop:
    """A training loop as a user writes it; every step of it may be watched by a monitor."""

    def __init__(self, model=None, *, monitored=True, **options):
        torch.manual_seed(0)
        self.model = Net() if model is None else model
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.generator = torch.Generator().manual_seed(1)
        self.monitor = iv.Monitor(self.model, optimizer=self.optimizer, **options) if monitored else None

    def batch(self, size=8):
        x = torch.randn(size, 1, 8, 8, generator=self.generator)
        return x, x.mean((1, 2, 3)).gt(0).long()

    def loss(self):
        x, y = self.batch()
        return nn.functional.cross_entropy(self.model(x), y)

    def step(self, *, parts=1, amp=False):
        self.optimizer.zero_grad()
        for _ in range(parts):
            with torch.autocast("cpu", torch.bfloat16, enabled=amp):
                loss = self.loss()
            (loss / parts).backward()
        self.optimizer.step()
        if self.monitor is not None:
            self.monitor.step(loss=loss)

    def evaluate(self, batches=2):
        self.model.eval()
        with torch.no_grad():
            for _ in range(batches):
                self.model(self.batch()[0])
        self.model.train()

    def run(self, steps=3, **how):
        torch.manual_seed(2)
        with self.monitor or contextlib.nullcontext():
            for _ in range(steps):
                self.step(**how)
        return self

    @property
    def history(self):
        return self.monitor.history

    def state(self):
        return {name: value.clone() for name, value in copy.deepcopy(self.model.state_dict()).items()}


@pytest.fixture
def loop():
    return Loop


@pytest.fixture
def net():
    return Net
