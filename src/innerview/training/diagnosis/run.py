"""A history as the rules read it: its layers, the same in order of depth, its trained weights, its loss."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from innerview.training.diagnosis.curves import fullest, held, last_step, over, path, side_by_side, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from innerview.training.history import History
    from innerview.training.series import LayerSeries, Weights

_LATELY = 20  # records: what was not seen while others had so many is not a part of the run any more
_WINDOW = 20  # steps that a mean loss is taken over
_MEANS = 3  # of the loss in a row: each of them stands for many steps already
_GIVEN_BACK = 0.1
_CERTAIN = 3  # standard errors of a mean
_NORMS = ("BatchNorm", "SyncBatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "LocalResponseNorm", "RMSNorm")


class Depth(NamedTuple):
    """The layers that have weights, in execution order, and what they were like at the same steps.

    At a step that leaves a layer out it counts with its nearest record; NaN before its first one.
    """

    layers: list[LayerSeries]
    records: LayerSeries  # for their steps
    spreads: np.ndarray  # [L, R]
    sizes: np.ndarray  # [L, R], the root mean square of the output
    gradients: np.ndarray  # [L, R], the norm of the gradient with respect to the output


class Pace(NamedTuple):
    """How far the weights of each layer move in a step, at the same steps; as in ``Depth`` else."""

    records: Weights  # for their steps
    ratios: np.ndarray  # [L, R], the change over the size of the weights
    gains: np.ndarray  # [L, R], the change over the size of the gradient
    gradients: np.ndarray  # [L, R], root mean square of the gradient


class Rise(NamedTuple):
    """That the loss has gone up again: since which step, from which mean and to which."""

    since: int
    best: float
    now: float

    def __str__(self) -> str:
        return f", and the mean loss has risen from {self.best:.3g} to {self.now:.3g}"


class Run:
    """The data that the rules look at; each part is made when it is first asked for."""

    def __init__(self, history: History, classes: int | None = None) -> None:
        self.history = history
        self._classes = classes

    @cached_property
    def layers(self) -> list[LayerSeries]:
        """The layers that were recorded lately, in execution order."""
        every = [series for series in map(self.history.series, self.history.layers) if len(series.steps)]
        # Layers are recorded in turn: one counts as long as no other has had so many turns since.
        lately = max((int(series.steps[-_LATELY]) for series in every if len(series.steps) >= _LATELY), default=0)
        return [series for series in every if last_step(series) >= lately]

    @cached_property
    def weighted(self) -> list[LayerSeries]:
        """The layers that have weights. Without an optimizer no weights are recorded; then all count."""
        owners = {name.rpartition(".")[0] for name in self.history.parameters}
        return [series for series in self.layers if not owners or path(series.layer) in owners]

    @cached_property
    def depth(self) -> Depth | None:
        """The layers with weights side by side; None when there are fewer than two."""
        layers = self.weighted
        if len(layers) < 2:  # noqa: PLR2004 - one layer has no depth
            return None
        records = fullest(layers)

        def table(of: Callable[[LayerSeries], np.ndarray]) -> np.ndarray:
            return side_by_side(records, layers, [of(series) for series in layers])

        return Depth(
            layers,
            records,
            table(spread),
            table(lambda series: np.hypot(series.mean, series.std)),
            table(lambda series: np.hypot(series.gradient_mean, series.gradient_std) * np.sqrt(series.count)),
        )

    @cached_property
    def pace(self) -> Pace | None:
        """How far each of ``moving`` moves in a step; None when they are fewer than two."""
        if len(self.moving) < 2:  # noqa: PLR2004 - as above
            return None
        records = fullest(self.moving)

        def table(of: Callable[[Weights], np.ndarray]) -> np.ndarray:
            return side_by_side(records, self.moving, [of(weights) for weights in self.moving])

        return Pace(
            records,
            table(lambda weights: weights.update_ratio),
            # With SGD, the learning rate.
            table(lambda weights: over(weights.update_ratio * weights.rms, weights.gradient_rms)),
            table(lambda weights: weights.gradient_rms),
        )

    @cached_property
    def moving(self) -> list[Weights]:
        """The weights of layers that are trained, in execution order: no norms, embeddings or biases.

        A scale of a norm and a row of an embedding are of another size than other weights, so their ratios say nothing
        beside those. Weights without a gradient are frozen on purpose.
        """
        names, found = set(self.history.parameters), []
        for layer, kind in {path(series.layer): series.kind for series in reversed(self.layers)}.items():
            if kind.startswith(_NORMS) or "Embedding" in kind:
                continue
            for part in ("weight_ih_l0", "in_proj_weight", "weight"):
                if f"{layer}.{part}" in names:
                    weights = self.history.weights(f"{layer}.{part}")
                    if np.isfinite(weights.gradient_rms[-_LATELY:]).any():
                        found.append(weights)
        return found[::-1]

    @cached_property
    def classes(self) -> int | None:
        """The number of classes; None when it cannot be known."""
        dense = [series for series in self.layers if series.kind == "Linear"]
        return self._classes or (dense[-1].channel_high.shape[1] if dense else None)

    def metric(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of a metric; both empty when it was not recorded."""
        return self.history.metric(name) if name in self.history.metrics else (np.zeros(0, int), np.zeros(0))

    @cached_property
    def rise(self) -> Rise | None:
        """Tells a mean loss that has given back a part of what it had gained, and more than its noise explains."""
        steps, losses = self.metric("loss")
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
