"""Compressions as they are asked for, their results, and tables of these as papers print them."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.analysis.projections.ranks import keeping
from innerview.errors import DataError
from innerview.figures.curves import accuracy_figure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from innerview.analysis.statistics.proportions import Paired
    from innerview.study.score import Score


_FIGURES = ("accuracy", "low", "high", "change", "change_low", "change_high", "agreement", "loss", "evaluated", "total")


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
        paired: how many samples are predicted right only with the compression, and only without; of data without
            labels, those predicted otherwise count as lost. None if the model is not a classifier.
        total: how many samples there are to evaluate; with fewer ``evaluated`` the figures are of a random part.
        change: the accuracy less that of the same samples without compression, or the agreement less 1; None likewise.
        change_low, change_high: the bounds of its 95 % interval, see
            ``innerview.analysis.statistics.proportions.Paired.interval``.
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
    paired: Paired | None = None
    total: int = 0

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

    @property
    def change(self) -> float | None:
        """The change of the accuracy, or of the agreement, from -1 to 1."""
        return self.paired.change if self.paired else None

    @property
    def change_low(self) -> float | None:
        """Lower bound of the 95 % interval of the change."""
        return self.paired.interval()[0] if self.paired else None

    @property
    def change_high(self) -> float | None:
        """Upper bound of the 95 % interval of the change."""
        return self.paired.interval()[1] if self.paired else None


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Accuracy against rank.

    Attributes:
        ranks: int64 ``[K]``, ascending.
        accuracy, low, high: float64 ``[K]`` with the bounds of its 95 % Wilson interval; NaN without labels. Each is of
            the samples evaluated at its rank.
        baseline_accuracy: without compression, of the largest part evaluated; None without labels.
        points: a Compression for each rank.
    """

    ranks: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    baseline_accuracy: float | None
    points: list[Compression]

    @property
    def change(self) -> np.ndarray:
        """Float64 ``[K]``: the accuracy less that without compression, both of the same samples."""
        return _column(self.points, "change")

    @property
    def change_low(self) -> np.ndarray:
        """Float64 ``[K]``: the lower bounds of the 95 % intervals of the changes."""
        return _column(self.points, "change_low")

    @property
    def change_high(self) -> np.ndarray:
        """Float64 ``[K]``: the upper bounds of the 95 % intervals of the changes."""
        return _column(self.points, "change_high")

    def smallest_rank(self, tolerated: float = 0.01) -> int | None:
        """The smallest rank evaluated from which on the accuracy falls by no more than tolerated, as a share.

        None if there is none. A larger rank is taken to lose no more than a smaller one, so that a small part of the
        samples says less than a large one; see ``innerview.analysis.projections.ranks.rising``.

        Raises:
            DataError: the model is not a classifier.
        """
        if any(point.paired is None for point in self.points):
            raise DataError("the model is not a classifier: its metric falls by no share. See curve.points")
        place = keeping(self.change, [point.paired.samples for point in self.points if point.paired], tolerated)
        return None if place is None else int(self.ranks[place])

    def figure(self, title: str | None = None) -> Any:
        """A bqplot Figure of it, for a dashboard of one's own; the title is the layer's name by itself.

        Each rank lies below the baseline by its change against the same samples.
        """
        top = 1.0 if self.baseline_accuracy is None else self.baseline_accuracy
        values, low, high = (top + column for column in (self.change, self.change_low, self.change_high))
        name = self.points[0].layer if title is None else title
        return accuracy_figure(
            self.ranks, values, low.clip(0, 1), high.clip(0, 1), baseline=self.baseline_accuracy, title=name
        )

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row a rank; ``of`` is the number of samples that there are to evaluate."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        columns = ("rank", "accuracy", "low", "high", "change", "change_low", "change_high", "agreement")
        columns += ("explained_variance", "matrix_shape", "evaluated", "total", "top5", "loss", "metric")
        table = pd.DataFrame([{name: getattr(point, name) for name in columns} for point in self.points])
        return table.rename(columns={"total": "of"}).set_index("rank").dropna(axis=1, how="all")


def curve_of(points: list[Compression]) -> AccuracyCurve:
    """The curve through some compressions of one layer, in ascending order of their rank."""
    largest = max(points, key=lambda point: point.evaluated)
    return AccuracyCurve(
        np.array([point.rank for point in points], np.int64),
        _column(points, "accuracy"),
        _column(points, "low"),
        _column(points, "high"),
        largest.baseline_accuracy,
        points,
    )


def _column(points: list[Compression], name: str) -> np.ndarray:
    return np.array([getattr(point, name) for point in points], np.float64)  # None becomes NaN


def compression_table(points: Iterable[Compression]) -> Any:
    """Compressions of several layers as a table, as papers print it.

    Args:
        points: of any layers, bases and axes, such as the ``points`` of several curves.

    Returns:
        A pandas DataFrame. For each layer and axis a row "off" without compression, then a row for each compression,
        from the highest rank of each mode down: ``preceding_layer``, ``axis``, ``matrix_shape`` ("64 x 61"), ``mode``
        (off, random, PCA, ...), ``accuracy`` with ``low`` and ``high`` from 0 to 1, ``change`` with ``change_low`` and
        ``change_high``, against "off" on the same samples, ``agreement``, ``loss``, ``evaluated`` and ``of``, the
        samples there are; and ``also``, the other layers and their ranks, where some were compressed together.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    groups: dict[tuple[Any, ...], list[Compression]] = {}
    for point in points:
        groups.setdefault((point.layer, point.axis, point.also), []).append(point)
    rows: list[tuple[Any, ...]] = []
    for (layer, axis, also), group in groups.items():
        others = ", ".join(f"{spec.layer} {spec.rank}" for spec in also)
        full = max(group, key=lambda point: point.evaluated)
        modes = list(dict.fromkeys(point.basis for point in group))
        agreement, off = None if full.agreement is None else 1.0, full.baseline
        unchanged = (None,) * 3 if full.change is None else (0.0,) * 3
        off = (off.accuracy, off.low, off.high, *unchanged, agreement, off.loss, off.evaluated, full.total)
        rows.append((layer, axis, "", "off", *off, ""))
        for point in sorted(group, key=lambda point: (modes.index(point.basis), -point.rank)):
            shape = f"{point.rank} bits" if point.matrix_shape is None else "{} x {}".format(*point.matrix_shape)
            figures = tuple(getattr(point, name) for name in _FIGURES)
            rows.append((layer, axis, shape, "PCA" if point.basis == "pca" else point.basis, *figures, others))
    names = [*_FIGURES[:-1], "of", "also"]
    table = pd.DataFrame(rows, columns=["preceding_layer", "axis", "matrix_shape", "mode", *names])
    return table if any(table["also"]) else table.drop(columns="also")
