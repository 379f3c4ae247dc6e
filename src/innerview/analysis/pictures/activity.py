"""Which channels do anything at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def active_channels(activations: Tensor, channel_axis: int) -> np.ndarray:
    """Whether each channel is above zero anywhere.

    A channel that never is, over many samples, is dead: behind a ReLU it passes neither signal nor gradient.

    Args:
        activations: ``[N, ...]``, the batch axis in front.
        channel_axis: the axis of one sample's activation that is read as channels.

    Returns:
        bool ``[C]``. NaN counts as not above zero.
    """
    if activations.ndim == 1:
        return (activations > 0).any().reshape(1).cpu().numpy()
    by_channel = activations.movedim(channel_axis + 1, 0).flatten(1)
    return (by_channel > 0).any(1).cpu().numpy()
