"""Records along the steps of a run, held in arrays that stay within a size: old records are merged pairwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self

Rows = dict[str, np.ndarray]

_SMALLEST = 32
# What a merge costs in resolution is weighed by age plus this part of the run: half of the records cover about the last
# fifth of the run, and the oldest are no coarser than a hundredth of it when a few hundred fit.
_FLOOR = 1 / 16


class Timeline:
    """Rows by step, in the order of steps.

    Rows that were added never change; merging and widening make new arrays. So ``snapshot`` copies nothing.

    Args:
        empty: of each column, the row that stands for nothing.
        merge: given the columns of two lots of rows, the columns of the merged rows.
    """

    def __init__(self, empty: Mapping[str, np.ndarray], merge: Callable[[Rows, Rows], Rows]) -> None:
        self._merge = merge
        self._empty = dict(empty)
        self._length = 0
        self._arrays = self._allocated(0)

    def __len__(self) -> int:
        return self._length

    @property
    def steps(self) -> np.ndarray:
        """The first step each row stands for, int64 ``[R]``."""
        return self._arrays["steps"][: self._length]

    @property
    def spans(self) -> np.ndarray:
        """How many steps each row stands for, int64 ``[R]``."""
        return self._arrays["spans"][: self._length]

    @property
    def end(self) -> int:
        """The step after the last one that a row stands for."""
        return int(self.steps[-1] + self.spans[-1]) if self._length else 0

    @property
    def bytes(self) -> int:
        """Size of the rows."""
        return self._length * self.row_bytes

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return 16 + sum(array.nbytes for array in self._empty.values())

    def __getitem__(self, column: str) -> np.ndarray:
        """A column ``[R, ...]``: not to be written to."""
        return self._arrays[column][: self._length]

    def columns(self) -> Rows:
        """Every column, without steps and spans."""
        return {name: self[name] for name in self._empty}

    def append(self, step: int, span: int, row: Mapping[str, np.ndarray]) -> None:
        """Add a row after the others; one that begins where the last one does is merged into it."""
        if self._length and step <= self.steps[-1]:
            step, span = int(self.steps[-1]), max(int(self.spans[-1]), span)
            last = {name: self._arrays[name][self._length - 1 : self._length] for name in self._empty}
            row = {
                name: array[0]
                for name, array in self._merge(last, {name: array[None] for name, array in row.items()}).items()
            }
            self._resize(self._length - 1)  # in new arrays, as a snapshot may hold these
        if self._length == len(self._arrays["steps"]):
            self._resize(self._length)
        at = self._length
        self._arrays["steps"][at] = step
        self._arrays["spans"][at] = span
        for name in self._empty:
            self._arrays[name][at] = row[name]
        self._length += 1

    def widen(self, empty: Mapping[str, np.ndarray], place: Callable[[str, np.ndarray, np.ndarray], None]) -> None:
        """Give the rows another shape.

        Args:
            empty: the new row that stands for nothing.
            place: given a column's name, the old rows and the new ones, which are empty: writes the old into the new.
        """
        old = self.columns()
        steps, spans = self.steps, self.spans
        self._empty = dict(empty)
        self._arrays = self._allocated(self._length + _SMALLEST)
        for name, row in self._empty.items():
            self._arrays[name][:] = row
        self._arrays["steps"][: self._length] = steps
        self._arrays["spans"][: self._length] = spans
        for name, rows in old.items():
            place(name, rows, self._arrays[name][: self._length])

    def thin(self) -> None:
        """Merge a quarter of the rows with their neighbours: those where it costs least, by span and age."""
        keep = _pairs(self.steps, self.spans)
        first = np.flatnonzero(keep)
        second = first + 1
        alone = np.ones(self._length, bool)
        alone[first] = alone[second] = False
        merged = self._merge(
            {name: rows[first] for name, rows in self.columns().items()},
            {name: rows[second] for name, rows in self.columns().items()},
        )
        starts = np.concatenate([np.flatnonzero(alone), first])
        order = np.argsort(starts, kind="stable")
        ends = self.steps + self.spans
        spans = np.concatenate([self.spans[alone], ends[second] - self.steps[first]])[order]
        self._replace(
            self.steps[starts][order],
            spans,
            {name: np.concatenate([rows[alone], merged[name]])[order] for name, rows in self.columns().items()},
        )

    def joined(self, other: Timeline) -> Self:
        """The rows of both, which have the same columns and shapes; those of the same first step are merged."""
        steps, inverse = np.unique(np.concatenate([self.steps, other.steps]), return_inverse=True)
        mine, theirs = inverse[: len(self)], inverse[len(self) :]
        spans = np.zeros(len(steps), np.int64)
        np.maximum.at(spans, mine, self.spans)
        np.maximum.at(spans, theirs, other.spans)
        result = self.snapshot()
        rows: list[Rows] = []
        for table, places in ((self, mine), (other, theirs)):
            spread = {name: np.repeat(empty[None], len(steps), 0) for name, empty in self._empty.items()}
            for name, column in table.columns().items():
                spread[name][places] = column
            rows.append(spread)
        result._replace(steps, spans, self._merge(*rows))
        return result

    def snapshot(self) -> Self:
        """A timeline of the same rows, which later changes to this one do not touch, nor the other way round."""
        result = object.__new__(type(self))
        result._merge, result._empty, result._length = self._merge, self._empty, self._length
        # Cut to length: adding to the snapshot moves it to arrays of its own.
        result._arrays = {name: array[: self._length] for name, array in self._arrays.items()}
        return result

    def load(self, steps: np.ndarray, spans: np.ndarray, rows: Rows) -> None:
        """Take these rows in place of all there are."""
        self._replace(steps, spans, rows)

    def _replace(self, steps: np.ndarray, spans: np.ndarray, rows: Rows) -> None:
        self._arrays = {"steps": steps, "spans": spans, **rows}
        self._length = len(steps)

    def _resize(self, length: int) -> None:
        old = self._arrays
        self._arrays = self._allocated(max(_SMALLEST, length * 5 // 4))
        for name, array in old.items():
            self._arrays[name][:length] = array[:length]
        self._length = length

    def _allocated(self, capacity: int) -> Rows:
        arrays = {name: np.empty((capacity, *empty.shape), empty.dtype) for name, empty in self._empty.items()}
        return {"steps": np.empty(capacity, np.int64), "spans": np.empty(capacity, np.int64), **arrays}


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
