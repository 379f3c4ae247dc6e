"""Comparisons of channels over many samples: which are ever active, and what sets some samples apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 1000.0  # a channel that never varies within either group, yet differs between them


def active_channels(activations: Tensor, channel_axis: int) -> np.ndarray:
    """Find the channels that are above zero anywhere: bool ``[C]``; NaN counts as not above zero.

    A channel that never is, over many samples, is dead: behind a ReLU it passes neither signal nor gradient.
    The activations are ``[N, ...]``; the channel axis is that of one sample's, without the batch axis.
    """
    if activations.ndim == 1:
        return (activations > 0).any().reshape(1).cpu().numpy()
    by_channel = activations.movedim(channel_axis + 1, 0).flatten(1)
    return (by_channel > 0).any(1).cpu().numpy()


class Contrast(NamedTuple):
    """Means of each channel over the selected samples and over the rest.

    Attributes:
        selected, rest: float64 ``[C]``.
        difference: float64 ``[C]``: (selected - rest) in standard deviations; 0 where neither group varies and both
            are equal, at most 1,000 either way.
    """

    selected: np.ndarray
    rest: np.ndarray
    difference: np.ndarray


def contrast(values: Tensor, selected: np.ndarray) -> Contrast:
    """Compare two groups of samples, by values ``[N, C]``, by their standardised mean difference.

    ``selected`` is bool ``[N]``, some true and some false.

    Source: the difference of the means over the root of the mean of both variances (each divided by N); P. C. Austin,
    Balance diagnostics for comparing the distribution of baseline covariates, Statistics in Medicine 28 (2009), eq. 1.
    """
    numbers = values.cpu().double().numpy()
    chosen, rest = numbers[selected], numbers[~selected]
    means = chosen.mean(0), rest.mean(0)
    spread = np.sqrt((chosen.var(0) + rest.var(0)) / 2)
    apart = means[0] - means[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.where(apart == 0, 0.0, apart / spread)
    return Contrast(*means, np.clip(difference, -_LARGEST, _LARGEST))
