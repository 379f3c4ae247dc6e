"""Running generators, which long computations are: they yield progress or better results, and return the last one.

Between two yields the work can be stopped, by closing the generator, or make room for a click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

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
