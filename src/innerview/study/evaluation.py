"""Scores of the model when layers return something else: variants of one forward, batch by batch, by replay."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from innerview.analysis.statistics.proportions import Paired
from innerview.study.judging import Judged, judge
from innerview.study.recordings import Recordings
from innerview.study.score import Score
from innerview.study.sweep import batch_size

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Iterable, Mapping, Sequence

    from innerview.data.samples import Batch
    from innerview.model.intervene import Edits
    from innerview.study.judging import Metric
    from innerview.study.subject import Subject

_HOLD = 0.03  # seconds that the model is kept for one variant after the other
_PATIENT = 10  # steps in one where no click is waited for: large batches cost less a sample
_SIZE = 1 << 14  # bytes, with the counts of some hundred classes


@dataclass(eq=False)
class Evaluated:
    """One variant, as far as it was evaluated.

    Attributes:
        after: score of the variant's outputs.
        before: score of the model's own outputs for the same samples.
        agreed: number of samples for which both predict the same class; None where the outputs are not class scores.
        gained: number of samples that only the variant predicts right.
        lost: number of samples that only the model itself predicts right.
        not_finite: number of samples with NaN or infinite values in the first layer edited.
        note: the reason why whole forwards were run; empty where only the part after the layer was.
        metric: the metric measured; held so that its identity stays its own.
    """

    nbytes = _SIZE

    metric: Metric | None
    after: Score = field(default_factory=Score)
    before: Score = field(default_factory=Score)
    agreed: int | None = 0
    gained: int = 0
    lost: int = 0
    not_finite: int = 0
    note: str = ""

    def add(self, after: Judged, before: Judged) -> None:
        """Take in a batch."""
        self.after += after.score
        self.before += before.score
        if after.each is None or before.each is None:
            self.agreed = None
            return
        if self.agreed is not None:
            self.agreed += int((after.each.predicted == before.each.predicted).sum())
        self.gained += int((after.each.correct & ~before.each.correct).sum())
        self.lost += int((before.each.correct & ~after.each.correct).sum())

    @property
    def paired(self) -> Paired | None:
        """The variant against the model itself: by the labels, else by whether both predict the same class.

        None where the outputs are not class scores.
        """
        if self.agreed is None:
            return None
        if self.after.labelled:
            return Paired(self.gained, self.lost, self.after.labelled)
        return Paired(0, self.after.evaluated - self.agreed, self.after.evaluated)


def evaluating(
    subject: Subject,
    variants: Mapping[int, Edits],
    samples: Sequence[int],
    *,
    metric: Metric | None,
    key: tuple[Hashable, ...],
    patient: bool = False,
    recordings: Recordings | None = None,
) -> Generator[dict[int, Evaluated] | None, None, dict[int, Evaluated]]:
    """Evaluate several variants over the same samples: batches outermost, so that one recording serves all variants.

    Each result is kept in the subject's cache while it grows; one that was begun before goes on where it stopped.

    Args:
        subject: whose model and data are used.
        variants: the edits of each variant by its number; all edit the same layers.
        samples: N indices, in the order wanted.
        metric: as for ``judge``.
        key: everything that a result depends on besides the variant's number and the metric.
        patient: whether steps may be long, because no click has to get through in between.
        recordings: those of ``recordings_for``, where more variants are evaluated on the same samples later.

    Yields:
        The variants as far as they are evaluated, after each batch; None in between.

    Raises:
        InnerviewError: the model is not a classifier and there is no metric, or it was changed meanwhile.
        DataError, ForwardError: from the metric or an edit; the model rejects a batch.
    """
    recordings = recordings or recordings_for(subject, next(iter(variants.values())), metric, room=False)
    size, predicted = batch_size(subject, recordings.layer, _PATIENT if patient else 1), subject.predictions.done
    found = {number: kept(subject, key, number, metric) for number in variants}
    if all(one.after.evaluated >= len(samples) for one in found.values()):
        yield found
    while (start := min(one.after.evaluated for one in found.values())) < len(samples):
        # Those that are furthest behind go on up to where the next one stands, so that they share what comes after.
        todo = [(variants[number], one) for number, one in found.items() if one.after.evaluated == start]
        ahead = (one.after.evaluated for one in found.values() if one.after.evaluated > start)
        stop = min(start + size, len(samples), min(ahead, default=len(samples)))
        part = [int(index) for index in samples[start:stop]]
        for places, batch in subject.data.batches(part):
            batched = part[places.start : places.stop]
            yield from _batch(subject, batch, batched, recordings, todo, start=start + places.start, metric=metric)
        yield found
    if subject.predictions.done > predicted:
        subject.judged(subject.predictions.done)
    return found


def recordings_for(subject: Subject, layers: Iterable[str], metric: Metric | None, *, room: bool = True) -> Recordings:
    """Recordings of the first of these layers to return, to be held from one call of ``evaluating`` to the next."""
    return Recordings(subject, _earliest(subject, layers), metric, room=room)


def kept(subject: Subject, key: tuple[Hashable, ...], number: int, metric: Metric | None) -> Evaluated:
    """A variant as far as it was evaluated; it grows. The arguments are those of ``evaluating``."""
    place = (*key, id(metric), number)
    known = subject.cache.get(place)
    if known is None:
        known = Evaluated(metric)
        subject.cache.put(place, known)
    return known


def _batch(
    subject: Subject,
    batch: Batch,
    samples: list[int],
    recordings: Recordings,
    todo: list[tuple[Edits, Evaluated]],
    *,
    start: int,
    metric: Metric | None,
) -> Generator[None, None, None]:
    waiting, columns = list(todo), subject.data.columns
    while waiting:
        # Between two holds the model is free for a click, or for the next cell: then a snapshot comes in its place.
        with subject.borrow_model(batch) as (model, ready, rewind):
            recorded = recordings.of(start, len(samples), model, ready, rewind=rewind)
            if recorded.before.each is not None:
                subject.predictions.add(samples, recorded.before.each)
            begun = time.perf_counter()
            with recorded.recording.held():
                while waiting and time.perf_counter() - begun < _HOLD:
                    edits, found = waiting.pop(0)
                    after = judge(recorded.recording.rerun(edits), ready, len(samples), metric, columns)
                    # Another thread may have been here meanwhile.
                    if found.after.evaluated == start:
                        found.add(after, recorded.before)
                        found.not_finite += recorded.broken
                        found.note = recorded.recording.note
        yield


def _earliest(subject: Subject, layers: Iterable[str]) -> str:
    """The layer that returns first: the first called of those that contain none of the others."""
    rows = [row for row in subject.layers.values() if row.name in set(layers)]
    inner = [row for row in rows if not any(other.path.startswith(f"{row.path}.") for other in rows)]
    return inner[0].name
