"""Curves: accuracy against rank, and what a layer does over the steps of a training."""

from __future__ import annotations

from typing import Any

import numpy as np

from innerview.figures.parts import BLUE, GREY, below, bqplot, figure, left


def accuracy_figure(
    ranks: np.ndarray, values: np.ndarray, low: np.ndarray, high: np.ndarray, *, baseline: float | None, title: str
) -> Any:
    """Accuracy against rank, on a logarithmic axis, with its interval; the baseline is a line across.

    Args:
        ranks: ``[K]``, ascending.
        values: ``[K]``, from 0 to 1.
        low: ``[K]``, lower bounds; NaN for none.
        high: ``[K]``, upper bounds.
        baseline: accuracy without compression; None for none.
        title: of the figure.
    """
    bq = bqplot()
    highest = max(2.0, float(ranks[-1]))
    scales = {"x": bq.LogScale(min=0.9, max=highest * 1.1), "y": bq.LinearScale(min=0.0, max=1.02)}
    marks: list[Any] = []
    if baseline is not None:
        ends = np.array([0.9, highest * 1.1])
        marks.append(bq.Lines(x=ends, y=np.full(2, baseline), scales=scales, colors=[GREY], stroke_width=1.0))
    if np.isfinite(low).all() and len(ranks) > 1:
        marks.append(_band(ranks, low, high, scales))
    shared = {"x": ranks, "y": values, "scales": scales, "colors": [BLUE]}
    marks += [bq.Lines(**shared, stroke_width=1.5), bq.Scatter(**shared, default_size=36)]
    count = int(np.log2(highest)) + 1
    ticks = 2.0 ** np.arange(0, count, 1 + (count - 1) // 9)
    label = "agreement" if baseline is None else "accuracy"
    across = below(scales["x"], "rank", tick_values=ticks, tick_format=",d")
    return figure(title, marks, [across, left(scales["y"], label, tick_format=".0%")])


def course_figure(steps: np.ndarray, mean: np.ndarray, std: np.ndarray, title: str) -> Any:
    """The mean of a layer's values over the steps of a training, in a band of one standard deviation to each side.

    Args:
        steps: ``[R]``, ascending.
        mean: ``[R]``; NaN where there is none.
        std: ``[R]``, the standard deviation.
        title: of the figure.
    """
    bq = bqplot()
    seen = np.isfinite(mean) & np.isfinite(std)
    steps, mean, std = steps[seen], mean[seen], std[seen]
    scales = {"x": bq.LinearScale(), "y": bq.LinearScale()}
    line = bq.Lines(x=steps, y=mean, scales=scales, colors=[BLUE], stroke_width=1.5)
    marks = [_band(steps, mean - std, mean + std, scales), line] if len(steps) else []
    return figure(title, marks, [below(scales["x"], "step"), left(scales["y"], "mean, ± standard deviation")])


def _band(x: np.ndarray, low: np.ndarray, high: np.ndarray, scales: dict[str, Any]) -> Any:
    return bqplot().Lines(
        x=x,
        y=np.stack([low, high]),
        scales=scales,
        colors=[BLUE] * 2,
        opacities=[0.0, 0.0],
        fill="between",
        fill_colors=[BLUE] * 2,
        fill_opacities=[0.2, 0.2],
    )
