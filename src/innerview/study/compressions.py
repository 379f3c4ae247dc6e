"""What the network still gets right when the output of a layer, or of several, is compressed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from math import isfinite, nan
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.analysis.projections.ranks import between, powers_of_two
from innerview.errors import DataError
from innerview.jobs.progress import relay, silent
from innerview.study.evaluation import evaluating
from innerview.study.projections import FITTED_ON, divide, projecting

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from torch import Tensor

    from innerview.analysis.projections.projection import Projection
    from innerview.jobs.worker import Job
    from innerview.study.evaluation import Evaluated
    from innerview.study.judging import Metric
    from innerview.study.score import Score
    from innerview.study.subject import Subject

_ROUNDS = 4  # of a sweep that chooses its ranks: the powers of two, and three times where the curve rises
_MORE = 8  # ranks, at most, beside the powers of two
_TOLERANCE = 0.02  # of the accuracy, between two ranks of such a sweep


class Step(NamedTuple):
    """One layer to compress.

    Attributes:
        layer: a name in ``subject.layers``.
        rank: how much to keep: dimensions, or bits.
        basis, axis: see ``innerview.fit_projection``.
    """

    layer: str
    rank: int
    basis: str = "pca"
    axis: str = "channels"


@dataclass(frozen=True, eq=False)
class Compression:
    """What is left when a layer's output is projected on fewer dimensions.

    The figures of ``score`` are attributes of the Compression too, and those of ``baseline`` with ``baseline_`` before
    their name: ``accuracy``, ``baseline_accuracy``, ...

    Attributes:
        layer, basis, axis, rank: what was compressed, and how; see ``innerview.fit_projection``.
        score: how good the outputs are, over the samples evaluated so far; see ``innerview.study.score.Score``.
        baseline: the same of these samples without any compression.
        agreement: share of the samples evaluated whose predicted class is as without compression; None if the model is
            not a classifier.
        matrix_shape: of the projection: dimensions and rank; None where it is not a matrix.
        explained_variance: share of the variance that it keeps, of the samples it was fitted to.
        note: how it was evaluated, a sentence for the reader.
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
    also: tuple[Step, ...] = ()

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


def compressing(
    subject: Subject,
    layer: str,
    ranks: Sequence[int] | None = None,
    basis: str = "pca",
    axis: str = "channels",
    *,
    also: Iterable[Step | tuple[Any, ...]] = (),
    samples: int | None = None,
    metric: Metric | None = None,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
    job: Job | None = None,
) -> Generator[list[Compression] | None, None, list[Compression]]:
    """Compress a layer's output at several ranks, and see what the network still gets right.

    The projection is fitted to one part of the data and evaluated on the other, in a seeded random order. What comes
    before the layer is computed once a batch, what comes after it once a batch and rank. What was evaluated is kept
    while the weights stay the same: it is there at once, and what was left half finished goes on where it stopped.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        ranks: as many as wanted; None: powers of two up to all dimensions, then ranks where the accuracy rises.
        basis: of the projection; see ``innerview.fit_projection``.
        axis: likewise.
        also: other layers to compress at the same time, each ``(layer, rank, basis="pca", axis="channels")``, the same
            at every rank. Each is fitted to what its layer returns when nothing is compressed.
        samples: how many to evaluate at most; None: all that the projection is not fitted to.
        metric: ``metric(output, target)`` gives one number for each sample; their mean is ``Compression.metric``. The
            output is the model's, the target the labels, or what the data has in their place.
        fit: training data to fit to; see ``innerview.study.projections.projecting``.
        fit_samples: likewise.
        seed: of the order, and of a random basis.
        job: told the fraction done.

    Yields:
        After each batch the estimates so far, one for each rank in ascending order; None in between.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output is not made of floating point numbers.
        DataError: a rank out of range, a layer given twice, too few samples, or what a metric returned.
        InnerviewError: the model is no classifier and there is no metric, or it was changed while it was evaluated.
        ForwardError: the model rejects a batch.
    """
    wanted = _wanted(ranks)
    if samples is not None and samples < 1:
        raise DataError(f"samples={samples}: at least one sample is evaluated")
    parts = divide(subject, fit, fit_samples, seed)
    fitting = partial(projecting, subject, fit=fit, fit_samples=fit_samples, seed=seed)
    setting = yield from _fitting(layer, (wanted[-1] if wanted else None, basis, axis), also, fitting)
    largest = setting.projection.largest
    chosen = parts.evaluated[:samples].tolist()
    key = ("compressed", layer, basis, axis, setting.also, samples, parts.data, fit_samples, seed, subject.state)

    def round_of(ranks: list[int], number: int, rounds: int) -> Generator[Any, None, list[Compression]]:
        def results(found: dict[int, Evaluated] | None) -> list[Compression] | None:
            if found is None:
                return None
            if job is not None:
                done = min(one.after.evaluated for one in found.values()) / len(chosen)
                job.fraction = (number + done) / rounds
            under_way = {rank: one for rank, one in found.items() if one.after.evaluated}
            return [setting.result(rank, one, parts.note) for rank, one in under_way.items()]

        variants = {rank: setting.edits(subject, rank) for rank in ranks}
        how = {"metric": metric, "key": key, "patient": job is None}
        work = evaluating(subject, variants, chosen, **how)
        return results((yield from relay(work, results))) or []

    if wanted is not None:
        return (yield from round_of(list(dict.fromkeys(min(rank, largest) for rank in wanted)), 0, 1))
    known = powers_of_two(largest)
    most = len(known) + _MORE
    found = yield from round_of(known, 0, _ROUNDS)
    for number in range(1, _ROUNDS):
        more = _finer(found, most)
        if not more:
            break
        known = sorted({*known, *more})
        found = yield from round_of(known, number, _ROUNDS)
    if job is not None:
        job.fraction = 1.0
    return found


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


def tabulating(
    subject: Subject,
    layers: Sequence[str],
    ranks: Sequence[int] | None = None,
    bases: Sequence[str] = ("random", "pca"),
    axes: Sequence[str] = ("channels",),
    *,
    also: Iterable[Step | tuple[Any, ...]] = (),
    samples: int | None = None,
    metric: Metric | None = None,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
) -> Generator[None, None, Any]:
    """The accuracy curves of several layers as one table; see ``compression_table`` for its columns.

    Args:
        subject: whose model and data are used.
        layers: names in ``layers``.
        ranks: the same for all; None: chosen for each curve.
        bases: see ``innerview.fit_projection``.
        axes: see ``innerview.fit_projection``.
        also: as for ``compressing``, and so are the others.
        samples: how many to evaluate at most.
        metric: one number for each sample.
        fit: training data to fit to.
        fit_samples: how many to fit to at most.
        seed: of the order, and of a random basis.

    Yields:
        None, now and then.

    Returns:
        A pandas DataFrame.
    """
    points: list[Compression] = []
    how = {"also": tuple(also), "samples": samples, "metric": metric}
    for layer, axis, basis in product(layers, axes, bases):
        work = compressing(subject, layer, ranks, basis, axis, **how, fit=fit, fit_samples=fit_samples, seed=seed)
        points += yield from silent(work)
    return compression_table(points)


_MODES = {"pca": "PCA"}


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
        others = ", ".join(f"{step.layer} {step.rank}" for step in also)
        full = group[0]
        modes = list(dict.fromkeys(point.basis for point in group))
        agreement, off = None if full.agreement is None else 1.0, full.baseline
        off = (off.accuracy, off.low, off.high, agreement, off.loss, off.evaluated)
        rows.append((layer, axis, "", "off", *off, ""))
        for point in sorted(group, key=lambda point: (modes.index(point.basis), -point.rank)):
            shape = f"{point.rank} bits" if point.matrix_shape is None else "{} x {}".format(*point.matrix_shape)
            figures = (point.accuracy, point.low, point.high, point.agreement, point.loss, point.evaluated)
            rows.append((layer, axis, shape, _MODES.get(point.basis, point.basis), *figures, others))
    names = ("accuracy", "low", "high", "agreement", "loss", "evaluated", "also")
    table = pd.DataFrame(rows, columns=["preceding_layer", "axis", "matrix_shape", "mode", *names])
    return table if any(table["also"]) else table.drop(columns="also")


def edits_of(subject: Subject, projections: Mapping[str, Projection]) -> dict[str, Callable[[Tensor], Tensor]]:
    """What each layer's output becomes, for ``innerview.model.intervene.forward_with``.

    Args:
        subject: whose layers they are.
        projections: by layer.
    """
    return {
        name: partial(_applied, projection, subject.layers[name].batch_axis or 0)
        for name, projection in projections.items()
    }


def steps_of(given: Sequence[Step | tuple[Any, ...]]) -> list[Step]:
    """A list of layers to compress together, from what the user wrote.

    Raises:
        DataError: an entry is not ``(layer, rank, basis, axis)``, or there is none.
    """
    if not given:
        raise DataError("no layers to compress: give (layer, rank) for each")
    return [_step(entry) for entry in given]


def _step(entry: Any) -> Step:
    if isinstance(entry, (tuple, list)) and 2 <= len(entry) <= len(Step._fields):  # noqa: PLR2004 - layer and rank
        step = Step(*entry)
        if isinstance(step.layer, str) and isinstance(step.rank, (int, np.integer)):
            return step
    raise DataError(
        f"{entry!r} is no layer to compress: give (layer, rank), or (layer, rank, basis, axis), "
        "with a whole number as the rank"
    )


def _finer(found: list[Compression], most: int) -> list[int]:
    """Ranks to add to a curve, up to so many in all."""
    values = [_height(point) for point in found]
    tolerance = _TOLERANCE
    if found[0].agreement is None:
        finite = [value for value in values if isfinite(value)]  # a metric may have any unit
        tolerance = 0.05 * (max(finite, default=0.0) - min(finite, default=0.0))
    return between([point.rank for point in found], values, tolerance, most - len(found))


def _height(point: Compression) -> float:
    return next((v for v in (point.accuracy, point.agreement, point.metric) if v is not None), nan)


def _wanted(ranks: Sequence[int] | None) -> list[int] | None:
    wanted = None if ranks is None else sorted({int(rank) for rank in ranks})
    if wanted is not None and (not wanted or wanted[0] < 1):
        raise DataError(f"ranks={list(ranks or [])}: a rank is 1 or more")
    return wanted


class _Setting(NamedTuple):
    """What is compressed: a layer at any rank of its projection, others at one rank of theirs."""

    layer: str
    projection: Projection
    others: dict[str, Projection]

    @property
    def also(self) -> tuple[Step, ...]:
        return tuple(Step(name, one.rank, one.basis, one.axis) for name, one in self.others.items())

    def edits(self, subject: Subject, rank: int) -> dict[str, Callable[[Tensor], Tensor]]:
        return edits_of(subject, {self.layer: self.projection.at(rank), **self.others})

    def result(self, rank: int, found: Evaluated, note: str) -> Compression:
        projection = self.projection.at(rank)
        notes = [note, projection.note, *(one.note for one in self.others.values()), found.note]
        if found.not_finite:
            notes.append(f"{found.not_finite:,} samples evaluated have NaN or infinite values where it is compressed")
        return Compression(
            self.layer,
            projection.basis,
            projection.axis,
            projection.rank,
            found.after,
            found.before,
            None if found.agreed is None else found.agreed / found.after.evaluated,
            projection.matrix_shape,
            projection.explained_variance,
            "; ".join(dict.fromkeys(filter(None, notes))),
            self.also,
        )


def _fitting(
    layer: str,
    how: tuple[int | None, str, str],
    also: Iterable[Step | tuple[Any, ...]],
    fitting: Callable[..., Generator[None, None, Projection]],
) -> Generator[None, None, _Setting]:
    projection = yield from fitting(layer, *how)
    others: dict[str, Projection] = {}
    for step in map(_step, also):
        if step.layer in (layer, *others):
            raise DataError(f"{step.layer!r} is to be compressed twice; a layer is compressed once")
        others[step.layer] = yield from fitting(*step)
    return _Setting(layer, projection, others)


def _applied(projection: Projection, axis: int, values: Tensor) -> Tensor:
    return projection.apply(values.movedim(axis, 0)).movedim(0, axis)
