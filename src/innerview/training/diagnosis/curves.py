"""What the rules read off a history: what holds until now, how widely values spread, whether the loss has risen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from innerview.training.history import History
    from innerview.training.series import Series

# A state must show in this many records in a row before it is called one: a single bad batch is none.
HOLD = 5
_WINDOW = 20  # steps that a mean loss is taken over
_MEANS = 3  # of the loss in a row: each of them stands for many steps already
_GIVEN_BACK = 0.1
_CERTAIN = 3  # standard errors of a mean
ACTIVATIONS = frozenset({"ReLU", "ReLU6"})
_NORMS = ("BatchNorm", "SyncBatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "LocalResponseNorm", "RMSNorm")


def held(bad: np.ndarray, records: int = HOLD) -> int | None:
    """Since which record something has held without a break until the last one.

    Args:
        bad: bool ``[R]``.
        records: how many in a row it takes.

    Returns:
        The index of the first of them; None when they are fewer.
    """
    good = np.flatnonzero(~np.asarray(bad, bool))
    first = int(good[-1]) + 1 if len(good) else 0
    return first if len(bad) - first >= records else None


def last_step(series: Series) -> int:
    """The last step that the records stand for."""
    return int(series.steps[-1] + series.spans[-1] - 1)


def recent(values: np.ndarray, records: int = HOLD) -> float:
    """The median of the last records; NaN when none of them has a number."""
    finite = values[-records:][np.isfinite(values[-records:])]
    return float(np.median(finite)) if len(finite) else float("nan")


def early(values: np.ndarray, records: int = HOLD) -> float:
    """The median of the first records; NaN when none of them has a number."""
    return recent(values[:records], records)


def spread(series: Series) -> np.ndarray:
    """How much a channel's values differ between samples and places: the root mean square over channels, ``[R]``.

    A bias adds to the deviation of all values but not to this, so it falls to zero when the layer says the same of
    every input.
    """
    if series.channel_std.size == 0:
        return series.std
    return np.sqrt(np.square(series.channel_std, dtype=np.float64).mean(axis=1))


def path(layer: str) -> str:
    """The module of a call: ``block`` of ``block#2``."""
    return layer.partition("#")[0]


def is_norm(kind: str) -> bool:
    """Whether a class of module normalises."""
    return kind.startswith(_NORMS)


class Depth(NamedTuple):
    """The layers that have weights and were recorded at the same steps, in execution order."""

    layers: list[Series]
    spreads: np.ndarray  # [L, R]
    gradients: np.ndarray  # [L, R], the norm of the gradient with respect to the output


def depth(history: History) -> Depth | None:
    """Look at the layers with weights side by side; None when there are fewer than two or nothing is recorded."""
    owners = {name.rpartition(".")[0] for name in history.parameters}
    # Without an optimizer no weights are recorded; then all layers count.
    chosen = [history.series(name) for name in history.layers if not owners or path(name) in owners]
    chosen = [series for series in chosen if len(series.steps)]
    if len(chosen) < 2:  # noqa: PLR2004 - one layer has no depth
        return None
    # Nearly all fire in every step. Those in a branch that is not always taken are left out.
    most = max((series.steps for series in chosen), key=len)
    chosen = [series for series in chosen if np.array_equal(series.steps, most)]
    spreads = np.stack([spread(series) for series in chosen])
    gradients = np.stack(
        [np.hypot(series.gradient_mean, series.gradient_std) * np.sqrt(series.count) for series in chosen]
    )
    return Depth(chosen, spreads, gradients)


class Rise(NamedTuple):
    """That the loss has gone up again: since which step, from which mean and to which."""

    since: int
    best: float
    now: float


def loss_rise(history: History) -> Rise | None:
    """Whether the mean loss has given back a part of what it had gained, and more than its noise explains."""
    if "loss" not in history.metrics:
        return None
    steps, losses = history.metric("loss")
    if len(losses) < 2 * _WINDOW or not np.isfinite(losses).all():
        return None
    windows = sliding_window_view(losses, _WINDOW)
    means = windows.mean(axis=1)
    best = np.minimum.accumulate(means)
    noise = windows.std(axis=1) / np.sqrt(_WINDOW)
    since = held(means - best > np.maximum(_GIVEN_BACK * (means[0] - best), _CERTAIN * noise), _MEANS)
    if since is None:
        return None
    return Rise(int(steps[since + _WINDOW - 1]), float(best[-1]), float(means[-1]))
