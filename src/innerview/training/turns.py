"""Whose turn it is to be recorded.

Each step records the next layers in turn, with their weights: as many as the allowance bears. What a layer costs is
counted in values: those of its output, and as many as the fixed cost of a look at it comes to; what a value costs in
seconds is learned from the records. Where a round of all layers would take too many steps, only a part of each large
batch is looked at. Layers that return the same tensor have their turn together, as one look serves all of them.
"""

from __future__ import annotations

from collections import deque
from math import inf
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from innerview.training.survey import LOOK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from innerview.training.allowance import Allowance
    from innerview.training.survey import Survey

# Prices, in values: measured by benchmarks/monitor_spacing.py.
_PARAMETER = 2**17
_HOOK = 2**13  # of a layer that is not called
_STEP = 2**21  # what recording costs however few layers it is of
_SECONDS = 3e-9  # of a value, before any was recorded
_FIRST = 2**23  # that are looked at in the first step

# A step is recorded when it has so many times its fixed price to spend, and what is earned in so many steps: one record
# of many layers costs less than many of few. For more than all layers nothing is saved.
_WORTH, _SAVED = 10, 13
_LONG_ROUND, _SHORT_ROUND = 13, 5  # steps: samples become smaller, larger
_SMALLEST = 2**15
_REMEMBERED = 7


class Unit(NamedTuple):
    """Layers that have their turn together: paths of modules, the values of each look, the number of parameters."""

    paths: tuple[str, ...]
    looks: tuple[int, ...]
    parameters: int

    def price(self, limit: int | None) -> float:
        """What a record of it costs, in values."""
        values = sum(self.looks) if limit is None else sum(min(values, limit) for values in self.looks)
        return values + LOOK * len(self.looks) + _HOOK * len(self.paths) + _PARAMETER * self.parameters


class Turns:
    """The order in which layers are recorded, and what that costs."""

    def __init__(self, allowance: Allowance) -> None:
        self.limit: int | None = None  # see Recorder
        self.apart = 1  # steps from one record to the next, at least
        self._since = 0
        self.surveyed = False  # whether it is known what the layers return
        self.first = True  # until something was recorded
        self._allowance = allowance
        self._members: dict[str, int] = {}
        self._units: list[Unit] = []
        self._silent: Collection[str] = ()  # members that were not called in the survey
        self._next = 0
        self.pending = 0.0  # seconds that the record under way has taken so far
        self._bought = 0.0  # values that the record under way was to cost
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)  # that a value took, in each of the last records
        self._prices: list[float] = []  # of the units
        self._whole = 0.0  # of all of them

    @property
    def second(self) -> float:
        """The values that a second pays for."""
        return 1 / (median(self._seconds) if self._seconds else _SECONDS)

    def add(self, seconds: float) -> None:
        """Add a part of what the record under way costs."""
        self._allowance.add(seconds)
        self.pending += seconds

    def rotate(self, members: Mapping[str, int]) -> None:
        """Take turns among these paths, of which each has so many parameters of its own."""
        self._members = dict(members)
        self.surveyed = False
        self._arrange([Unit((path,), (), number) for path, number in members.items()])

    def learn(self, survey: Survey) -> None:
        """Take in what the layers return, and which of them return the same."""
        groups: dict[str, list[str]] = {}
        for path in survey.values:
            if path in self._members:
                group = groups.get(survey.same.get(path, ""), [])
                groups[path] = group
                group.append(path)
        for path in self._members:
            groups.setdefault(path, [path])
        units = []
        for group in {id(group): group for group in groups.values()}.values():
            looks = tuple(values for path in group for values in survey.values.get(path, ()))
            units.append(Unit(tuple(group), looks, sum(self._members[path] for path in group)))
        self.surveyed = True
        self._silent = self._members.keys() - survey.values.keys()
        self._arrange(units)
        # What was looked at has had its turn.
        had = [unit.paths[0] in survey.looked for unit in units]
        self._next = had.index(False) if False in had else 0
        prices = (price for price, one in zip(self._prices, had, strict=True) if one)
        self._bought = _STEP + _HOOK * len(survey.values) + sum(prices)

    def affordable(self) -> float:
        """Return how many values a survey may look at besides."""
        return float(_FIRST) if self.first else self._allowance.left * self.second - _STEP

    def ready(self) -> bool:
        """Tell whether a step can be recorded; to be asked once for each step, as it begins."""
        allowance = self._allowance
        allowance.earn()
        self._since += 1
        if allowance.left == inf or self.first:
            return allowance.open
        price = self._prices[self._next] if self._units else 0.0
        # The first record that is paid for tells what one costs: it comes soon, whatever it is of.
        saved = max(_WORTH * _STEP, _SAVED * allowance.usual * self.second) if self._seconds else _STEP
        needed = _STEP + max(price, min(saved, self._whole))
        allowance.keep(1.01 * needed / self.second)  # a little more, which rounding may take away again
        return allowance.open and self._since >= self.apart and allowance.left * self.second >= needed

    def choose(self) -> frozenset[str]:
        """Return the paths whose turn it is: as many as can be paid for, one unit at least."""
        if self.surveyed:
            self._fit()
        left = self._allowance.left * self.second
        chosen: list[str] = []
        self._since = 0
        self._bought = float(_STEP)
        for _ in self._units:
            price = self._prices[self._next]
            if chosen and self._bought + price > left:
                break
            chosen += self._units[self._next].paths
            self._bought += price
            self._next = (self._next + 1) % len(self._units)
        return frozenset(chosen)

    def done(self, names: Iterable[str] = ()) -> None:
        """End a record, of layers with these names."""
        if self._bought and self.pending and not self._allowance.setting_up:
            self._seconds.append(self.pending / self._bought)
        self.pending, self._bought, self.first = 0.0, 0.0, False
        if any(name.partition("#")[0] in self._silent for name in names):
            self.surveyed = False  # a layer was called that was not before

    def _arrange(self, units: list[Unit]) -> None:
        """Go on with the same layer among other units."""
        path = self._units[self._next].paths[0] if self._units else ""
        self._units = units
        self._next = next((at for at, unit in enumerate(units) if path in unit.paths), 0)
        self._price()

    def _price(self) -> None:
        self._prices = [unit.price(self.limit) for unit in self._units]
        self._whole = sum(self._prices)

    def _fit(self) -> None:
        """Choose how large a sample to look at, so that all layers have their turn soon."""
        earned = self._allowance.usual * self.second
        if not earned:
            return
        spent = max(earned - _STEP, earned * _WORTH / (_WORTH + 1))  # of a step's earnings on layers
        if _SHORT_ROUND * spent <= self._whole <= _LONG_ROUND * spent:
            return
        largest = max((values for unit in self._units for values in unit.looks), default=0)
        while self._whole > _LONG_ROUND * spent and min(self.limit or largest, largest) > _SMALLEST:
            self.limit = max(_SMALLEST, min(self.limit or largest, largest) // 2)
            self._price()
        while self._whole < _SHORT_ROUND * spent and self.limit is not None:
            self.limit = None if 2 * self.limit >= largest else 2 * self.limit
            self._price()
