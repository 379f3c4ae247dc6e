"""A model that may change at any time, and its subject at the moment."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from innerview.errors import InnerviewError
from innerview.model.at_rest import copy_at_rest
from innerview.model.state import Fingerprint
from innerview.study.cache import Cache
from innerview.study.subject import Structure, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from innerview.data.samples import Data
    from innerview.study.gate import Gate

_TRAINS_ON = 5.0  # seconds for which a model that was written outside of a cell is taken to be in training
_MIXED = "the weights were written all the time while they were copied, so they may be of several training steps"


class Live:
    """Gives the subject of the moment, by the one check of the weights' state that every result goes through.

    ``gate`` knows of cells; projections are fitted to ``training``; results may take ``memory`` bytes. ``changed`` is
    called after the model was found changed, from whichever thread found it; ``judged`` is as for ``Subject``.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Data,
        gate: Gate,
        *,
        training: Data | None = None,
        memory: int = 1 << 29,
        changed: Callable[[], None] = lambda: None,
        judged: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.gate = gate
        self.cache = Cache(memory)
        self._of: tuple[nn.Module, Data] | None = (model, data)
        self.training = training
        self._changed = changed
        self._judged = judged
        self._lock = threading.RLock()
        self._fingerprint = Fingerprint(model)
        self._structure = (_structure(model), Structure())
        self._trained_until = 0.0
        self._settled = self._latest = self._subject(model, self._fingerprint())

    @property
    def model(self) -> nn.Module:
        """The model; after ``close()`` an InnerviewError."""
        if self._of is None:
            raise InnerviewError("this Inspector is closed; make a new one to look at the model again")
        return self._of[0]

    @property
    def data(self) -> Data:
        """The samples; after ``close()`` an InnerviewError."""
        if self._of is None:
            raise InnerviewError("this Inspector is closed; make a new one to look at the data again")
        return self._of[1]

    def now(self, *, at_rest: bool = False) -> Subject:
        """The subject of this moment: while another thread may be training the model, a copy made between two steps.

        ``at_rest`` says that the caller knows the model not to be written, as when a cell has just ended.

        Raises:
            InnerviewError: after ``close()``; or the model is being trained and cannot be copied.
        """
        model = self.model
        with self._lock:
            if at_rest:
                self._trained_until = 0.0
            elif self.gate.elsewhere or time.monotonic() < self._trained_until:
                return self._apart(model)
            state = self._fingerprint()
            unknown = state not in (self._settled.state, self._latest.state)
            if unknown and not at_rest and threading.current_thread() is not threading.main_thread():
                # No cell is running, and yet somebody writes: a thread that trains on after its cell has ended.
                self._trained_until = time.monotonic() + _TRAINS_ON
                return self._apart(model)
            if state == self._settled.state:
                if self._settled.copied:
                    known, self._settled = self._settled, self._subject(model, state)
                    self._settled.predictions = known.predictions
                self._latest = self._settled
                return self._latest
            structure = _structure(model)
            if structure != self._structure[0]:
                self._structure = (structure, Structure())
            self.cache.clear()
            self._settled = self._latest = found = self._subject(model, state)
        self._changed()
        return found

    def latest(self) -> Subject:
        """The subject of this moment, or while a cell is running elsewhere the last one that was asked for."""
        return self._latest if self.gate.elsewhere and self._of is not None else self.now()

    def beside(self, model: nn.Module, state: int, cache: Cache) -> Subject:
        """A subject of a copy of the model, to which nobody writes."""
        same = _structure(model, identities=False) == _structure(self.model, identities=False)
        return Subject(
            model,
            self.data,
            state,
            self.gate,
            cache,
            training=self.training,
            structure=self._structure[1] if same else Structure(),
            copied=True,
        )

    def keep(self) -> None:
        """Give the work under way a copy of the model, before a cell that begins may change it."""
        with self._lock:
            self._latest.keep()

    def close(self) -> None:
        """Let go of the model, the data and everything computed from them."""
        self.cache.clear()
        self._of = self.training = None
        vars(self).pop("_settled", None)
        vars(self).pop("_latest", None)
        vars(self).pop("_fingerprint", None)

    def _apart(self, model: nn.Module) -> Subject:
        state = self._fingerprint()
        if state == self._latest.state and self._latest.copied:
            return self._latest
        made = copy_at_rest(model, self._settled.state)
        if made.state != self._latest.state or not self._latest.copied:
            if made.state != self._settled.state and self._trained_until:
                self._trained_until = max(self._trained_until, time.monotonic() + _TRAINS_ON)
            note = "" if made.whole else _MIXED
            self._latest = self._subject(made.model, made.state, copied=True, note=note)
            if made.state == self._settled.state:
                self._latest.predictions = self._settled.predictions
        return self._latest

    def _was_judged(self, state: int, done: int) -> None:
        # Work that began before the model was found changed says nothing of the model as it is.
        if self._of is not None and state in (self._settled.state, self._latest.state):
            self._judged(done)

    def _subject(self, model: nn.Module, state: int, *, copied: bool = False, note: str = "") -> Subject:
        told = weakref.WeakMethod(self._was_judged)  # the subject holds nothing that holds it

        def judged(done: int) -> None:
            tell = told()
            if tell is not None:
                tell(state, done)

        return Subject(
            model,
            self.data,
            state,
            self.gate,
            self.cache,
            training=self.training,
            structure=self._structure[1],
            copied=copied,
            note=note,
            judged=judged,
        )


def _structure(model: nn.Module, *, identities: bool = True) -> list[Any]:
    """A list that changes when a module is added, replaced or removed, or parameters get another shape or type."""
    found: list[Any] = []
    for name, module in model.named_modules():
        found.append((name, id(module) if identities else type(module)))
        for parameter in module.parameters(recurse=False):
            shape = None if hasattr(parameter, "materialize") else tuple(parameter.shape)
            found.append((shape, parameter.dtype, str(parameter.device), parameter.requires_grad))
    return found
