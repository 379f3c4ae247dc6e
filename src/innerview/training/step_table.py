"""Rows of numbers along the steps of a run, in arrays that stay within a size: old rows are merged pairwise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self

Columns = dict[str, np.ndarray]

_SMALLEST = 32
# What a merge costs in resolution is weighed by age plus this part of the run: half of the rows cover about the last
# fifth of the run, and the oldest are no coarser than a hundredth of it when a few hundred fit.
_FLOOR = 1 / 16


class StepTable(ABC):
    """Rows in the order of steps, none of which overlap; ``empty`` is the row that stands for nothing.

    Rows that were added never change; merging and reshaping make new arrays. So ``snapshot`` copies nothing.
    """

    def __init__(self, empty: Columns) -> None:
        self._empty = empty
        self._row_bytes = _size_of(empty)
        self._length = 0
        self._arrays = self._allocated(0)

    @abstractmethod
    def _merged(self, one: Columns, other: Columns) -> Columns:
        """Merge each row of one lot with the row of another lot at the same place."""

    def __len__(self) -> int:
        return self._length

    @property
    def steps(self) -> np.ndarray:
        """The first step each row stands for, int64 ``[R]``."""
        return self["steps"]

    @property
    def spans(self) -> np.ndarray:
        """The number of steps each row stands for, int64 ``[R]``."""
        return self["spans"]

    @property
    def bytes(self) -> int:
        """Size of the rows."""
        return self._length * self.row_bytes

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return self._row_bytes

    def __getitem__(self, column: str) -> np.ndarray:
        """Return a column ``[R, ...]``: not to be written to."""
        return self._arrays[column][: self._length]

    def columns(self) -> Columns:
        """Return every column, without steps and spans."""
        return {name: self[name] for name in self._empty}

    def load(self, steps: np.ndarray, spans: np.ndarray, columns: Columns) -> None:
        """Take these rows in place of all there are."""
        self._arrays = {"steps": steps, "spans": spans, **columns}
        self._length = len(steps)

    def snapshot(self) -> Self:
        """Make a table of the same rows, which later changes to this one do not touch, nor the other way round."""
        result = copy(self)
        # Cut to length: adding to the snapshot moves it to arrays of its own.
        result._arrays = {name: self[name] for name in self._arrays}  # noqa: SLF001 - one of its own
        return result

    def thin(self) -> None:
        """Merge a quarter of the rows with their neighbours: those where it costs least, by span and age."""
        first = np.flatnonzero(_pairs(self.steps, self.spans))
        spans = self.spans.copy()
        spans[first] = (self.steps + self.spans)[first + 1] - self.steps[first]
        steps, spans = np.delete(self.steps, first + 1), np.delete(spans, first + 1)
        self.load(steps, spans, self._folded(self.columns(), first))

    def joined(self, other: Self) -> Self:
        """Make a table of the rows of both, which have the same columns and shapes; those that overlap are merged."""
        steps = np.concatenate([self.steps, other.steps])
        order = np.argsort(steps, kind="stable")
        steps = steps[order]
        ends = steps + np.concatenate([self.spans, other.spans])[order]
        columns = {name: np.concatenate([self[name], other[name]])[order] for name in self._empty}
        starts = _starts(steps, ends)
        lots = np.cumsum(np.isin(np.arange(len(steps)), starts))
        while len(first := _every_other(lots)):
            columns, lots = self._folded(columns, first), np.delete(lots, first + 1)
        last = np.maximum.reduceat(ends, starts) if len(starts) else ends
        spans = np.minimum(last, np.append(steps[starts[1:]], np.iinfo(np.int64).max)[: len(last)]) - steps[starts]
        result = self.snapshot()
        result.load(steps[starts], spans, columns)
        return result

    def _append(self, step: int, row: Mapping[str, np.ndarray | float]) -> None:
        """Add a row of one step after the others; one that does not come after the last is merged into it."""
        start, span = step, 1
        if self._length and step < self.steps[-1] + self.spans[-1]:
            start = int(self.steps[-1])
            span = int(max(self.spans[-1], step + 1 - start))
            last = {name: self[name][-1:] for name in self._empty}
            row = {
                name: array[0]
                for name, array in self._merged(last, {name: np.asarray(row[name])[None] for name in row}).items()
            }
            self._resize(self._length - 1)  # in new arrays, as a snapshot may hold these
        if self._length == len(self._arrays["steps"]):
            self._resize(self._length)
        at = self._length
        self._arrays["steps"][at] = start
        self._arrays["spans"][at] = span
        for name in self._empty:
            self._arrays[name][at] = row[name]
        self._length += 1

    def _reshape(self, empty: Columns, place: Callable[[str, np.ndarray, np.ndarray], None]) -> None:
        """Give the rows another shape; ``place(column, old, new)`` writes the old rows into the new, empty ones."""
        old, steps, spans = self.columns(), self.steps, self.spans
        self._empty = empty
        self._row_bytes = _size_of(empty)
        self._arrays = self._allocated(self._length + _SMALLEST)
        self._arrays["steps"][: self._length] = steps
        self._arrays["spans"][: self._length] = spans
        for name, row in empty.items():
            self._arrays[name][:] = row
            place(name, old[name], self[name])

    def _folded(self, columns: Columns, first: np.ndarray) -> Columns:
        """Merge the rows at these places with the ones after them."""
        merged = self._merged(
            {name: column[first] for name, column in columns.items()},
            {name: column[first + 1] for name, column in columns.items()},
        )
        result = {name: np.delete(column, first + 1, axis=0) for name, column in columns.items()}
        for name, column in result.items():
            column[first - np.arange(len(first))] = merged[name]
        return result

    def _resize(self, length: int) -> None:
        old = self._arrays
        self._arrays = self._allocated(max(_SMALLEST, length * 5 // 4))
        for name, array in old.items():
            self._arrays[name][:length] = array[:length]
        self._length = length

    def _allocated(self, capacity: int) -> Columns:
        arrays = {name: np.empty((capacity, *empty.shape), empty.dtype) for name, empty in self._empty.items()}
        return {"steps": np.empty(capacity, np.int64), "spans": np.empty(capacity, np.int64), **arrays}


def _size_of(row: Columns) -> int:
    """Return the bytes of a row, with those of its step and span."""
    return 16 + sum(array.nbytes for array in row.values())


def _every_other(lots: np.ndarray) -> np.ndarray:
    """Return the first of each two neighbours of the same lot, no row in two pairs."""
    begins = np.searchsorted(lots, lots)
    even = (np.arange(len(lots)) - begins) % 2 == 0
    return np.flatnonzero(even[:-1] & (lots[1:] == lots[:-1]))


def _starts(steps: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the places of the rows with which lots that do not overlap begin, of rows in the order of their steps.

    A row that begins within a lot belongs to it. A coarser one makes the lot longer; one that is not may reach beyond
    it: else rows of two runs that overlap by turns would become a single one.
    """
    found: list[int] = []
    start = end = -1
    for place, (step, its_end) in enumerate(zip(steps.tolist(), ends.tolist(), strict=True)):
        if not found or step >= end:
            found.append(place)
            start, end = step, its_end
        elif its_end - step > end - start:
            end = its_end
    return np.array(found, int)


def _pairs(steps: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Mark the first of each pair of neighbours to merge, no row in two pairs: bool ``[R]``."""
    ends = steps + spans
    now = ends[-1]
    age = now - steps[:-1]
    cost = (ends[1:] - steps[:-1]) / (age + _FLOOR * max(now - steps[0], 1))
    chosen = np.zeros(len(steps), bool)
    free = np.ones(len(steps), bool)
    wanted = max(1, len(steps) // 4)
    for at in np.argsort(cost, kind="stable"):
        if free[at] and free[at + 1]:
            chosen[at] = True
            free[at] = free[at + 1] = False
            wanted -= 1
            if not wanted:
                break
    return chosen
