"""Models whose forward writes something."""

from __future__ import annotations

import collections

import torch
from torch import nn

from kinds_of_model.plain import CHANNELS, Plain


class WritesAttributes(Plain):
    def __init__(self):
        super().__init__()
        self.seen, self.cache, self.nested, self.count = [], {}, {"steps": [0]}, 0
        self.memory, self.recent = torch.zeros(CHANNELS), collections.deque(maxlen=2)
        self.names = set()

    def between(self, h):
        self.last, self.count = h, self.count + 1
        self.seen.append(h)
        self.cache[len(self.cache)] = h.shape
        self.nested["steps"].append(self.count)
        self.memory += 1
        self.recent.append(h)
        self.names.add(self.count)
        return h + self.memory[0] + len(self.seen) + self.count - 3


class KeepsOutputs(Plain):
    """Keeps tensors of a graph, as after a training step."""

    def __init__(self):
        super().__init__()
        self.outputs = {}
        self(torch.ones(2, 1, 8, 8))

    def between(self, h):
        self.outputs["hidden"], self.previous = h, self.outputs.get("hidden")
        return h


class WritesWeights(Plain):
    """Clips its weights in its forward, as a critic does."""

    def forward(self, x):
        with torch.no_grad():
            self.hidden.weight.clamp_(-0.2, 0.2)
        return super().forward(x)


class WritesThroughData(Plain):
    """As older code does: torch counts no such write."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def between(self, h):
        self.out.weight.data.mul_(0.5)
        self.mean.data.add_(1)
        return h + self.mean


class Replaces(Plain):
    def between(self, h):
        self.out.bias = nn.Parameter(torch.ones(3))
        self.out.register_forward_hook(lambda _module, _args, output: output + 1)
        return h


class Settings(Plain):
    """Changes settings of torch for everybody."""

    def between(self, h):
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(mode=True)
        torch.autograd.set_detect_anomaly(mode=True)
        return h


class WritesBuffers(Plain):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(CHANNELS))

    def between(self, h):
        self.steps += 1
        self.mean = self.mean + h.detach().mean((0, 2, 3))
        return h + self.steps


class ChangesInput(Plain):
    def forward(self, x):
        x.mul_(2).add_(1)
        return super().forward(x)


class MakesModules(Plain):
    """Makes its last layer when it is first called."""

    def __init__(self):
        super().__init__()
        self.made = False
        del self.out

    def forward(self, x):
        if not self.made:
            torch.manual_seed(3)
            self.out, self.made = nn.Linear(CHANNELS * 64, 3), True
        return super().forward(x)
