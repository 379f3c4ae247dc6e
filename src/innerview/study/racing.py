"""Variants evaluated on growing parts of the samples: each as far as more samples would say something that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from innerview.analysis.statistics.stopping import parts, samples_needed, undecided
from innerview.study.evaluation import evaluating, kept

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Mapping, Sequence

    from innerview.analysis.statistics.proportions import Paired
    from innerview.model.intervene import Edits
    from innerview.study.evaluation import Evaluated
    from innerview.study.judging import Metric
    from innerview.study.recordings import Recordings
    from innerview.study.subject import Subject


class Goal(NamedTuple):
    """What is to be known of a curve.

    Attributes:
        within: the width of the 95 % interval of each change, as a share; None: all samples are evaluated.
        tolerated: the loss of accuracy up to which the rank is looked for, as a share.
    """

    within: float | None
    tolerated: float


class Race:
    """Variants of one layer, by ascending number, evaluated until each is decided.

    Args:
        subject: whose model and data are used.
        samples: N indices, in a random order.
        goal: what is to be known.
        recordings: of the layer; held from one race to the next.
        metric, key, patient: as for ``evaluating``. With a metric all samples are evaluated.
    """

    def __init__(
        self,
        subject: Subject,
        samples: Sequence[int],
        goal: Goal,
        *,
        recordings: Recordings,
        metric: Metric | None,
        key: tuple[Hashable, ...],
        patient: bool,
    ) -> None:
        self._subject, self._samples, self._goal = subject, samples, goal
        self._recordings, self._metric, self._key, self._patient = recordings, metric, key, patient
        whole = goal.within is None or metric is not None
        self._parts = [len(samples)] if whole else parts(len(samples))

    def running(
        self, variants: Mapping[int, Edits]
    ) -> Generator[dict[int, Evaluated] | None, None, dict[int, Evaluated]]:
        """Evaluate until nothing is undecided; yields and errors are those of ``evaluating``."""
        found = {number: kept(self._subject, self._key, number, self._metric) for number in sorted(variants)}
        yielded = False
        while todo := self.undecided(found):
            # Those that are furthest behind go first, so that all stand at the same part.
            least = min(found[number].after.evaluated for number in todo)
            part = next(size for size in self._parts if size > least)
            now = {number: variants[number] for number in todo if found[number].after.evaluated < part}
            work = evaluating(
                self._subject,
                now,
                self._samples[:part],
                metric=self._metric,
                key=self._key,
                patient=self._patient,
                recordings=self._recordings,
            )
            for step in work:
                # All are shown, those that are decided too; those of this part may be new ones after `cache.clear`.
                found |= step or {}
                yielded = yielded or step is not None
                yield None if step is None else found
        if not yielded:
            yield found
        return found

    def undecided(self, found: Mapping[int, Evaluated]) -> list[int]:
        """The numbers of the variants, all by ascending number, that are to be evaluated further."""
        total = len(self._samples)
        numbers = [number for number, one in found.items() if one.after.evaluated < total]
        pairs = self._pairs(found)
        if pairs is None or self._goal.within is None:
            return numbers
        answer = undecided(pairs, total, self._goal.within, self._goal.tolerated)
        still = {number for number, yes in zip(found, answer, strict=True) if yes}
        return [number for number in numbers if number in still]

    def left(self, found: Mapping[int, Evaluated]) -> int:
        """How many evaluations of one sample are still to be made, as far as is known."""
        total = len(self._samples)
        pairs = self._pairs(found)
        ends = dict.fromkeys(found, total)
        if pairs is not None and self._goal.within is not None:
            needed = [samples_needed(one, total, self._goal.within) for one in pairs]
            ends = dict(zip(found, needed, strict=True))
        return sum(max(0, ends[number] - found[number].after.evaluated) for number in self.undecided(found))

    def _pairs(self, found: Mapping[int, Evaluated]) -> list[Paired] | None:
        """Each variant against the model itself; None where every sample is evaluated."""
        pairs = [one.paired for one in found.values()]
        known = [one for one in pairs if one is not None]
        return known if self._metric is None and len(known) == len(pairs) else None
