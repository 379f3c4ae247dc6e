"""Compressions as they are asked for, their results, and tables of these as papers print them."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from innerview.study.score import Score


class CompressionSpec(NamedTuple):
    """One layer to compress.

    Attributes:
        layer: a name in ``subject.layers``.
        rank: the dimensions to keep, or bits.
        basis, axis: see ``innerview.fit_projection``.
    """

    layer: str
    rank: int
    basis: str = "pca"
    axis: str = "channels"


def specs_of(given: Iterable[CompressionSpec | tuple[Any, ...]]) -> list[CompressionSpec]:
    """Read the layers to compress together as the user wrote them.

    Raises:
        DataError: an entry is not ``(layer, rank, basis, axis)``.
    """
    return [_spec(entry) for entry in given]


def _spec(entry: Any) -> CompressionSpec:
    if isinstance(entry, (tuple, list)) and 2 <= len(entry) <= len(CompressionSpec._fields):  # noqa: PLR2004 - layer and rank
        spec = CompressionSpec(*entry)
        if isinstance(spec.layer, str) and isinstance(spec.rank, (int, np.integer)):
            return spec
    raise DataError(
        f"{entry!r} is not a layer to compress: give (layer, rank), or (layer, rank, basis, axis), "
        "with a whole number as the rank"
    )


@dataclass(frozen=True, eq=False)
class Compression:
    """The performance that is left when a layer's output is projected on fewer dimensions.

    The figures of ``score`` are attributes of the Compression too, and those of ``baseline`` with ``baseline_`` before
    their name: ``accuracy``, ``baseline_accuracy``, ...

    Attributes:
        layer, basis, axis, rank: the layer and its projection; see ``innerview.fit_projection``.
        score: of the outputs for the samples evaluated so far; see ``innerview.study.score.Score``.
        baseline: the score for the same samples without any compression.
        agreement: share of the samples evaluated whose predicted class is as without compression; None if the model is
            not a classifier.
        matrix_shape: of the projection: dimensions and rank; None where it is not a matrix.
        explained_variance: share of the variance that it keeps, of the samples it was fitted to.
        note: a sentence for the reader on how it was evaluated.
        also: the other layers compressed at the same time.
    """

    layer: str
    basis: str
    axis: str
    rank: int
    score: Score
    baseline: Score
    agreement: float | None
    matrix_shape: tuple[int, int] | None
    explained_variance: float
    note: str
    also: tuple[CompressionSpec, ...] = ()

    evaluated = property(attrgetter("score.evaluated"))
    accuracy = property(attrgetter("score.accuracy"))
    low = property(attrgetter("score.low"))
    high = property(attrgetter("score.high"))
    top5 = property(attrgetter("score.top5"))
    per_class = property(attrgetter("score.per_class"))
    loss = property(attrgetter("score.loss"))
    metric = property(attrgetter("score.metric"))
    baseline_accuracy = property(attrgetter("baseline.accuracy"))
    baseline_top5 = property(attrgetter("baseline.top5"))
    baseline_per_class = property(attrgetter("baseline.per_class"))
    baseline_loss = property(attrgetter("baseline.loss"))
    baseline_metric = property(attrgetter("baseline.metric"))


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Accuracy against rank.

    Attributes:
        ranks: int64 ``[K]``, ascending.
        accuracy, low, high: float64 ``[K]`` with the bounds of its 95 % Wilson interval; NaN without labels.
        baseline_accuracy: without compression; None without labels.
        points: a Compression for each rank.
    """

    ranks: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    baseline_accuracy: float | None
    points: list[Compression]

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row a rank."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        columns = ("rank", "accuracy", "low", "high", "agreement", "explained_variance", "matrix_shape", "evaluated")
        columns += ("top5", "loss", "metric")
        table = pd.DataFrame([{name: getattr(point, name) for name in columns} for point in self.points])
        return table.set_index("rank").dropna(axis=1, how="all")


def curve_of(points: list[Compression]) -> AccuracyCurve:
    """The curve through some compressions of one layer, in ascending order of their rank."""

    def column(name: str) -> np.ndarray:
        return np.array([getattr(point, name) for point in points], np.float64)  # None becomes NaN

    return AccuracyCurve(
        np.array([point.rank for point in points], np.int64),
        column("accuracy"),
        column("low"),
        column("high"),
        points[0].baseline_accuracy,
        points,
    )


def compression_table(points: Iterable[Compression]) -> Any:
    """Compressions of several layers as a table, as papers print it.

    Args:
        points: of any layers, bases and axes, such as the ``points`` of several curves.

    Returns:
        A pandas DataFrame. For each layer and axis a row "off" without compression, then a row for each compression,
        from the highest rank of each mode down: ``preceding_layer``, ``axis``, ``matrix_shape`` ("64 x 61"), ``mode``
        (off, random, PCA, ...), ``accuracy`` with ``low`` and ``high`` from 0 to 1, ``agreement``, ``loss`` and
        ``evaluated``; and ``also``, the other layers and their ranks, where some were compressed together.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    groups: dict[tuple[Any, ...], list[Compression]] = {}
    for point in points:
        groups.setdefault((point.layer, point.axis, point.also), []).append(point)
    rows: list[tuple[Any, ...]] = []
    for (layer, axis, also), group in groups.items():
        others = ", ".join(f"{spec.layer} {spec.rank}" for spec in also)
        full = group[0]
        modes = list(dict.fromkeys(point.basis for point in group))
        agreement, off = None if full.agreement is None else 1.0, full.baseline
        off = (off.accuracy, off.low, off.high, agreement, off.loss, off.evaluated)
        rows.append((layer, axis, "", "off", *off, ""))
        for point in sorted(group, key=lambda point: (modes.index(point.basis), -point.rank)):
            shape = f"{point.rank} bits" if point.matrix_shape is None else "{} x {}".format(*point.matrix_shape)
            figures = (point.accuracy, point.low, point.high, point.agreement, point.loss, point.evaluated)
            rows.append((layer, axis, shape, "PCA" if point.basis == "pca" else point.basis, *figures, others))
    names = ("accuracy", "low", "high", "agreement", "loss", "evaluated", "also")
    table = pd.DataFrame(rows, columns=["preceding_layer", "axis", "matrix_shape", "mode", *names])
    return table if any(table["also"]) else table.drop(columns="also")
