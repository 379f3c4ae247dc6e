"""Trains a network while the monitor records every step and notes whatever it finds at any of them."""

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.training.diagnosis import KINDS


class Watched:
    """A run: its monitor, and the first finding of each kind at any step."""

    def __init__(self, monitor):
        self.monitor = monitor
        self.first = {}

    def note(self, _monitor, finding):
        self.first.setdefault(finding.kind, finding)

    @property
    def now(self):
        return {finding.kind: finding for finding in self.monitor.diagnose()}


@pytest.fixture
def watch(digits):
    def run(model, optimizer, *, steps=30, batch=64, data=None, scheduler=None, change=None):
        """`change(step)` is called before each step, inside of the run."""
        images, labels = data or digits.train.tensors
        generator = torch.Generator().manual_seed(0)
        model.train()
        with iv.Monitor(model, optimizer=optimizer, classes=10, budget=None) as monitor:
            watched = Watched(monitor)
            for kind in KINDS:
                monitor.on(kind, watched.note, limit=1)
            for step in range(steps):
                if change is not None:
                    change(step)
                chosen = torch.randint(len(images), (batch,), generator=generator)
                loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
                monitor.step(loss=loss)
        return watched

    return run
