"""Models of several types of numbers, whose layers return several kinds of things."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import nn

from kinds_of_model.plain import CHANNELS, Plain


class Eighth(nn.Module):
    """A convolution whose weights are kept in eight bits."""

    def __init__(self, dtype):
        super().__init__()
        weight = torch.randn(CHANNELS, 1, 3, 3).to(dtype)
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x):
        return nn.functional.conv2d(x.float(), self.weight.float(), padding=1)


class EightBits(Plain):
    def __init__(self, dtype=torch.float8_e4m3fn):
        super().__init__()
        self.hidden = Eighth(dtype)


def on_meta():
    with torch.device("meta"):
        return Plain()


class SpectrumIn(Plain):
    """Its hidden layer returns complex numbers."""

    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.fft2(x).repeat(1, CHANNELS, 1, 1)

    def __init__(self):
        super().__init__()
        self.hidden = self.Spectrum()

    def between(self, h):
        return h.abs()


class SparseIn(Plain):
    class ToSparse(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).to_sparse()

    def __init__(self):
        super().__init__()
        self.hidden = self.ToSparse(1, CHANNELS, 3, padding=1)

    def between(self, h):
        return h.to_dense()


class QuantisedIn(Plain):
    class Quantises(nn.Conv2d):
        def forward(self, x):
            return torch.quantize_per_tensor(super().forward(x), 0.05, 64, torch.quint8)

    def __init__(self):
        super().__init__()
        self.hidden = self.Quantises(1, CHANNELS, 3, padding=1)

    def between(self, h):
        return h.dequantize()


def quantised_dynamically():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(Plain().eval(), {nn.Linear}, dtype=torch.qint8)


@dataclass
class Found:
    features: torch.Tensor
    name: str
    nothing: None = None


class Returns(Plain):
    """Its hidden layer wraps what it returns, its ``out`` is followed by one that returns ``beside``."""

    class Wraps(nn.Conv2d):
        def forward(self, x):
            return self.wrap(super().forward(x))

    class Beside(nn.Module):
        def forward(self):
            return self.value

    def __init__(self, wrap, unwrap, beside=None):
        super().__init__()
        self.hidden, self.beside = self.Wraps(1, CHANNELS, 3, padding=1), self.Beside()
        self.hidden.wrap, self.unwrap, self.beside.value = wrap, unwrap, beside

    def between(self, h):
        self.beside()
        return self.unwrap(h)
