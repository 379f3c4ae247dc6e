"""Running generators, which long computations are: they yield progress or better results, and return the last one.

Between two yields the work can be stopped, by closing the generator, or make room for a click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from innerview.jobs.worker import Job

Result = TypeVar("Result")
Step = TypeVar("Step")
Other = TypeVar("Other")


def finish(work: Generator[Any, None, Result]) -> Result:
    """Run a generator to its end, and return what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:  # noqa: PERF203 - this is how a generator returns
            return end.value


def relay(work: Generator[Step, None, Result], each: Callable[[Step], Other]) -> Generator[Other, None, Result]:
    """Run a generator inside another: each of its steps is passed on as ``each(step)``; returns what it returns."""
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            return end.value
        yield each(step)


def silent(work: Generator[Any, None, Result]) -> Generator[None, None, Result]:
    """Run a generator inside another that does not show its steps."""
    return relay(work, lambda _: None)


class Portion:
    """A part of a job, for work that tells a job its fraction: it counts as so much of the whole, from 0 to 1."""

    def __init__(self, job: Job | Portion, begin: float, end: float) -> None:
        self._job, self._begin, self._end = job, begin, end
        self._fraction: float | None = None

    @property
    def fraction(self) -> float | None:
        """How much of this part is done, 0 to 1; None while unknown."""
        return self._fraction

    @fraction.setter
    def fraction(self, done: float | None) -> None:
        self._fraction = done
        self._job.fraction = self._begin + (done or 0.0) * (self._end - self._begin)
