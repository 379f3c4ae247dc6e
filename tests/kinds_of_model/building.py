"""Models whose modules are made or called in unusual ways."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from kinds_of_model.plain import CHANNELS, Plain


class NoAverages(Plain):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(self.hidden, nn.BatchNorm2d(CHANNELS, track_running_stats=False))
        self.norm = nn.BatchNorm1d(3, track_running_stats=False)

    def forward(self, x):
        return self.norm(super().forward(x))


class Dropout(Plain):
    """In training mode, with a dropout that ignores the mode beside it."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(self.hidden, nn.BatchNorm2d(CHANNELS))
        self.drop = nn.Dropout()

    def between(self, h):
        return self.drop(h)


class Noise(Plain):
    """Draws numbers in evaluation mode, apart from the user's."""

    def between(self, h):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            return h + torch.rand(h.shape[1:])


class Shared(Plain):
    def __init__(self):
        super().__init__()
        self.again = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def between(self, h):
        for _ in range(3):
            h = self.again(h)
        return h


class Lazy(Plain):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.LazyConv2d(CHANNELS, 3, padding=1), nn.LazyLinear(3)


class Vmapped(Plain):
    def between(self, h):
        weights = {name: weight * 1 for name, weight in self.out.named_parameters()}
        shift = torch.func.functional_call(self.out, weights, (h.flatten(1),)).mean(1)
        return torch.func.vmap(lambda one, by: one + by)(h, shift)


class Autocast(Plain):
    @torch.autocast("cpu", dtype=torch.bfloat16)
    def forward(self, x):
        return super().forward(x)


class Differentiated(Plain):
    """Solves something by torch.func inside of its forward."""

    def between(self, h):
        return h + torch.func.grad(lambda z: z.square().sum())(h)


class Checkpointed(Plain):
    def __init__(self, *, reentrant):
        super().__init__()
        self.block, self.reentrant = nn.Conv2d(CHANNELS, CHANNELS, 1), reentrant

    def between(self, h):
        return checkpoint(self.block, h, use_reentrant=self.reentrant)


class Depends(Plain):
    """Goes a way that its data decide."""

    def between(self, h):
        return torch.stack([one * 2 if one.mean() > 0 else one - 1 for one in h])


def parametrised(how, **options):
    model = Plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older ways are deprecated
        how(model.hidden, **options)
    return model


def compiled():
    model = Plain()
    model.out = torch.compile(model.out, backend="eager")
    return model


def scripted():
    model = Plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.out = torch.jit.script(model.out)
    return model
