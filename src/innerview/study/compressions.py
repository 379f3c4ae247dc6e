"""The accuracy that the network keeps when the output of a layer, or of several, is compressed."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, NamedTuple

from innerview.analysis.projections.ranks import beside, between, keeping, powers_of_two
from innerview.errors import DataError
from innerview.jobs.progress import Portion, relay, silent
from innerview.study.compression_results import Compression, CompressionSpec, compression_table, specs_of
from innerview.study.evaluation import recordings_for
from innerview.study.judging import check_metric
from innerview.study.projections import FITTED_ON, divide, projecting
from innerview.study.racing import Goal, Race

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from torch import Tensor

    from innerview.analysis.projections.projection import Projection
    from innerview.jobs.worker import Job
    from innerview.study.evaluation import Evaluated
    from innerview.study.judging import Metric
    from innerview.study.subject import Subject

_ROUNDS = 4  # of a sweep that chooses its ranks: the powers of two, and three times where the curve rises
_FITTING = 0.15  # of the time that a curve takes, about
_MORE = 8  # ranks, at most, besides the powers of two
_TOLERANCE = 0.02  # of the accuracy, between two ranks of such a sweep
WITHIN, TOLERATED = 0.03, 0.01  # of the accuracy, unless told otherwise


def compressing(
    subject: Subject,
    layer: str,
    ranks: Sequence[int] | None = None,
    basis: str = "pca",
    axis: str = "channels",
    *,
    also: Iterable[CompressionSpec | tuple[Any, ...]] = (),
    within: float | None = WITHIN,
    tolerated: float = TOLERATED,
    samples: int | None = None,
    metric: Metric | None = None,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
    job: Job | Portion | None = None,
) -> Generator[list[Compression] | None, None, list[Compression]]:
    """Compress a layer's output at several ranks, and measure the accuracy that is left.

    The projection is fitted to one part of the data and evaluated on the other, in a seeded random order, of growing
    parts, each rank until it is decided: its change of the accuracy is known within the width asked for, or more
    samples would not move the rank from which on no more than the loss tolerated is lost. For the rule see
    ``innerview.analysis.statistics.stopping.undecided``. What comes before the layer is computed once a batch, what
    comes after it once a batch and rank. What was evaluated is kept while the weights stay the same: it is there at
    once, and an evaluation left half finished goes on where it stopped.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        ranks: as many as wanted; None: powers of two up to all dimensions, then ranks where the accuracy rises, and
            about the smallest that loses no more than tolerated.
        basis: of the projection; see ``innerview.fit_projection``.
        axis: of the projection; see ``innerview.fit_projection``.
        also: other layers to compress at the same time, each ``(layer, rank, basis="pca", axis="channels")``, the same
            at every rank. Each is fitted to the output of its layer when nothing is compressed.
        within: the width at which a rank is decided, as a share: that of the 95 % interval in which the change over
            all the samples lies; 0.03 are 3 points. None: every rank is evaluated on all samples, as with a metric.
        tolerated: the loss of accuracy that counts as none, as a share.
        samples: how many to evaluate at most; None: all that the projection is not fitted to.
        metric: ``metric(output, target)`` gives one number for each sample; their mean is ``Compression.metric``. The
            output is the model's, the target the labels, or the targets that the data has in their place.
        fit: training data to fit to; see ``innerview.study.projections.projecting``.
        fit_samples: how many samples to fit to, at most.
        seed: for the order, and for a random basis.
        job: told the fraction done.

    Yields:
        After each batch the estimates so far, one for each rank in ascending order; None in between.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output is not made of floating point numbers.
        DataError: a rank out of range, a layer given twice, too few samples, ``within`` or ``tolerated`` is no share,
            or what a metric returned.
        InnerviewError: the model is not a classifier and there is no metric, or it was changed while it was evaluated.
        ForwardError: the model rejects a batch.
    """
    wanted = _wanted(ranks)
    if samples is not None and samples < 1:
        raise DataError(f"samples={samples}: at least one sample is evaluated")
    goal = check_goal(within, tolerated)
    check_metric(metric)
    parts = divide(subject, fit, fit_samples, seed)
    fitting = partial(projecting, subject, fit=fit, fit_samples=fit_samples, seed=seed)
    setting, job = yield from _fitting(layer, (wanted[-1] if wanted else None, basis, axis), also, fitting, job)
    largest = setting.projection.largest
    chosen = parts.evaluated[:samples].tolist()
    key = ("compressed", layer, basis, axis, setting.also, samples, parts.data, fit_samples, seed, subject.state)
    again = wanted is None or within is not None  # a rank may be evaluated on samples that others are done with
    recordings = recordings_for(subject, [layer, *setting.others], metric, room=again)
    race = Race(subject, chosen, goal, recordings=recordings, metric=metric, key=key, patient=job is None)

    def round_of(ranks: list[int], rounds_left: int) -> Generator[Any, None, list[Compression]]:
        def results(found: dict[int, Evaluated] | None) -> list[Compression] | None:
            if found is None:
                return None
            if job is not None:
                done, left = sum(one.after.evaluated for one in found.values()), race.left(found)
                # A round to come takes as much as a rank of this one did, or will.
                left += rounds_left * (done + left) // len(found)
                job.fraction = max(job.fraction or 0.0, done / max(1, done + left))
            under_way = {rank: one for rank, one in found.items() if one.after.evaluated}
            return [setting.result(rank, one, parts.note, len(chosen)) for rank, one in under_way.items()]

        return (
            results((yield from relay(race.running({rank: setting.edits(subject, rank) for rank in ranks}), results)))
            or []
        )

    if wanted is not None:
        return (yield from round_of(list(dict.fromkeys(min(rank, largest) for rank in wanted)), 0))
    known = powers_of_two(largest)
    most = len(known) + _MORE
    found = yield from round_of(known, _ROUNDS - 1)
    for number in range(1, _ROUNDS):
        more = _finer(found, most, goal)
        if not more:
            break
        known = sorted({*known, *more})
        found = yield from round_of(known, _ROUNDS - 1 - number)
    if job is not None:
        job.fraction = 1.0
    return found


def tabulating(
    subject: Subject,
    layers: Sequence[str],
    ranks: Sequence[int] | None = None,
    bases: Sequence[str] = ("random", "pca"),
    axes: Sequence[str] = ("channels",),
    *,
    also: Iterable[CompressionSpec | tuple[Any, ...]] = (),
    **options: Any,
) -> Generator[None, None, Any]:
    """The accuracy curves of several layers, bases and axes as one table.

    ``ranks`` are the same for all; None: chosen for each curve. The other arguments are those of ``accuracy_curve``.

    Returns:
        A pandas DataFrame; see ``innerview.study.compression_results.compression_table`` for its columns.
    """
    points: list[Compression] = []
    together = tuple(also)
    for layer, axis, basis in product(layers, axes, bases):
        points += yield from silent(compressing(subject, layer, ranks, basis, axis, also=together, **options))
    return compression_table(points)


def edits_of(subject: Subject, projections: Mapping[str, Projection]) -> dict[str, Callable[[Tensor], Tensor]]:
    """The edits that compress layers by the projections given, for ``innerview.model.intervene.forward_with``."""
    return {
        name: partial(_applied, projection, subject.layers[name].batch_axis or 0)
        for name, projection in projections.items()
    }


def _finer(found: list[Compression], most: int, goal: Goal) -> list[int]:
    """Ranks to add to a curve, up to so many in all: where the loss begins first, then where the curve is steepest."""
    ranks = [point.rank for point in found]
    counts = [point.paired.samples for point in found if point.paired]
    if found[0].metric is None and len(counts) == len(found):
        values = [nan if point.change is None else point.change for point in found]
        more = beside(ranks, keeping(values, counts, goal.tolerated))
        tolerance = max(_TOLERANCE, 2 * (goal.within or 0.0))  # of less the samples evaluated say nothing
    else:
        values, more = [_height(point) for point in found], []
        finite = [value for value in values if isfinite(value)]  # a metric may have any unit
        spread = max(finite, default=0.0) - min(finite, default=0.0)
        tolerance = _TOLERANCE if found[0].agreement is not None else 0.05 * spread
    room = most - len(found)
    steep = [rank for rank in between(ranks, values, tolerance, room) if rank not in more]
    return sorted([*more, *steep][: max(0, room)])


def _height(point: Compression) -> float:
    return next((v for v in (point.accuracy, point.agreement, point.metric) if v is not None), nan)


def check_goal(within: float | None, tolerated: float) -> Goal:
    """What is to be known of a curve, or a DataError that says what would have worked."""
    for name, given in (("within", within), ("tolerated", tolerated)):
        if given is not None and not 0 <= given < 1:
            none = "; None evaluates all samples" if name == "within" else ""
            raise DataError(f"{name}={given}: a share of the samples from 0 to 1, so that 0.03 is 3 points{none}")
    return Goal(within, tolerated)


def _wanted(ranks: Sequence[int] | None) -> list[int] | None:
    wanted = None if ranks is None else sorted({int(rank) for rank in ranks})
    if wanted is not None and (not wanted or wanted[0] < 1):
        raise DataError(f"ranks={list(ranks or [])}: a rank is 1 or more")
    return wanted


class _Setting(NamedTuple):
    """The layers compressed: one at any rank of its projection, others at one rank of theirs."""

    layer: str
    projection: Projection
    others: dict[str, Projection]

    @property
    def also(self) -> tuple[CompressionSpec, ...]:
        return tuple(CompressionSpec(name, one.rank, one.basis, one.axis) for name, one in self.others.items())

    def edits(self, subject: Subject, rank: int) -> dict[str, Callable[[Tensor], Tensor]]:
        return edits_of(subject, {self.layer: self.projection.at(rank), **self.others})

    def result(self, rank: int, found: Evaluated, note: str, total: int) -> Compression:
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
            found.paired,
            total,
        )


def _fitting(
    layer: str,
    how: tuple[int | None, str, str],
    also: Iterable[CompressionSpec | tuple[Any, ...]],
    fitting: Callable[..., Generator[None, None, Projection]],
    job: Job | Portion | None,
) -> Generator[None, None, tuple[_Setting, Job | Portion | None]]:
    """Fit all layers; returns what is left of the job besides: all of it where the layer was fitted before."""
    first = None if job is None else Portion(job, 0.0, _FITTING)
    projection = yield from fitting(layer, *how, job=first)
    if job is not None and first is not None and first.fraction is not None:
        job = Portion(job, _FITTING, 1.0)
    others: dict[str, Projection] = {}
    for spec in specs_of(also):
        if spec.layer in (layer, *others):
            raise DataError(f"{spec.layer!r} is to be compressed twice; a layer is compressed once")
        others[spec.layer] = yield from fitting(*spec)
    return _Setting(layer, projection, others), job


def _applied(projection: Projection, axis: int, values: Tensor) -> Tensor:
    return projection.apply(values.movedim(axis, 0)).movedim(0, axis)
