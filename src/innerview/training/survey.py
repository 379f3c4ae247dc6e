"""What the layers of a model return in a forward: how much, and which of them return the same tensor."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LOOK = 2**19  # what a look costs besides its values, in values


class Survey:
    """Sizes of outputs; those of later forwards take the place of earlier ones, layer by layer.

    Attributes:
        values: of each path, the number of values of each of its outputs that is not what another has just returned.
        same: of a path, the one that has just returned the same tensor.
        looked: the paths that were looked at meanwhile.
    """

    def __init__(self) -> None:
        self.values: dict[str, list[int]] = {}
        self.same: dict[str, str] = {}
        self.looked: set[str] = set()
        self._passed: set[str] = set()
        self._left = 0.0
        self._last: tuple[weakref.ref[Tensor], int, str] | None = None

    def begin(self, allowance: float) -> None:
        """Begin a forward, in which so many values may be looked at."""
        self._left = allowance
        self._last = None
        self.looked, self._passed = set(), set()

    def note(self, path: str, call: int, value: Tensor | None) -> None:
        """Note what a module returned, at a call of it."""
        known = self.values.setdefault(path, [])
        if call == 1:
            known.clear()
        if value is not None:
            version = -1 if value.is_inference() else value._version  # noqa: SLF001 - has no public name
            if self._last is not None and self._last[0]() is value and self._last[1] == version >= 0:
                self.same[path] = self._last[2]
            else:
                known.append(value.numel())
            self._last = weakref.ref(value), version, path

    def takes(self, path: str, values: int) -> bool:
        """Tell whether a module is to be looked at, at all its calls or at none of them."""
        if path in self.looked:
            return True
        if self._left < 0 or path in self._passed:
            self._passed.add(path)
            return False
        self._left -= values + LOOK
        self.looked.add(path)
        return True
