"""Checkpoints of the model in training: copies of it, each to be asked like the model itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from innerview.errors import DataError
from innerview.model import state
from innerview.session.questions import Questions
from innerview.study.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from innerview.study.live import Live
    from innerview.study.subject import Subject

NOW = "now"


class Checkpoint(Questions):
    """A copy of a model, on the same data: ask it for embeddings, quality and similarity as the model itself."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @property
    def subject(self) -> Subject:
        """The copy on its data."""
        return self._subject


class Checkpoints(Mapping[str, Checkpoint]):
    """Copies of a model by label, oldest first.

    Copies stay on the model's device as long as all of them fit into the memory given; the next ones go to files
    without a name, which are run on the CPU and are gone with the copy.

    Args:
        live: the model that is copied.
        changed: called when a copy was made or forgotten.
    """

    def __init__(self, live: Live, changed: Callable[[], None]) -> None:
        self._live = live
        self._changed = changed
        self._kept: dict[str, Checkpoint] = {}
        self._bytes: dict[str, int] = {}
        self._last: int | None = None  # fingerprint of the model when it was copied last
        # One for all copies, and not the model's own, which is emptied when the model changes.
        self._cache = Cache(live.cache.budget)

    def __getitem__(self, label: str) -> Checkpoint:
        return self._kept[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, label: str = "", weights: Mapping[str, Tensor] | None = None) -> Checkpoint:
        """Copy the model as it is now.

        Args:
            label: "epoch 3"; a number when empty. A label that was used before now stands for the new copy.
            weights: to load into the copy, such as those that ``torch.load(path, weights_only=True)`` returns.

        Returns:
            The copy.

        Raises:
            DataError: the weights are those of another model.
            InnerviewError: the model holds something that cannot be copied.
        """
        live, model = self._live, self._live.model
        label = label or self._number()
        if label == NOW:
            raise DataError(f'{NOW!r} is the model itself; give its copy another label, such as "epoch 3"')
        # While a cell runs, views look at copies; else one of them may have its hooks in the model right now.
        with nullcontext() if live.gate.busy else live.gate.held():
            size = sum(p.numel() * p.element_size() for p in model.parameters() if not is_lazy(p))
            in_files = sum(self._bytes.values()) + size > live.cache.budget
            copy = state.snapshot(model, _in_file if in_files else state.cloned)
            now = state.fingerprint(model)
        if in_files:
            copy = copy.cpu()
        if weights is not None:
            _load(copy, weights)
        # Only the weights given tell whether the model is as this copy is, and these need not be its own.
        self._last = now if weights is None else None
        self._drop(label)
        self._kept[label] = kept = Checkpoint(live.beside(copy, state.fingerprint(copy), self._cache))
        self._bytes[label] = 0 if in_files else size
        self._changed()
        return kept

    def forget(self, *labels: str) -> None:
        """Let go of these copies; of all when none is named.

        Raises:
            DataError: there is no such copy.
        """
        unknown = [label for label in labels if label not in self._kept]
        if unknown:
            raise DataError(f"there is no checkpoint {unknown[0]!r}; there are {', '.join(map(repr, self)) or 'none'}")
        if self._kept and (not labels or next(reversed(self._kept)) in labels):
            self._last = None
        for label in labels or list(self._kept):
            self._drop(label)
        self._changed()

    def labels(self) -> list[str]:
        """The steps of the time line: all labels, and "now" where the model has changed since the last of them."""
        changed = not self._kept or self._live.latest().state != self._last
        return [*self._kept, *([NOW] if changed else [])]

    def step(self, label: str) -> Subject:
        """The subject of a step."""
        return self._live.now() if label == NOW else self._kept[label].subject

    def subjects(self) -> dict[str, Subject]:
        """The subject of each step by its label, oldest first."""
        return {label: self.step(label) for label in self.labels()}

    def close(self) -> None:
        """Let go of everything without calling ``changed``."""
        for label in list(self._kept):
            self._drop(label)
        self._cache.clear()

    def _drop(self, label: str) -> None:
        self._bytes.pop(label, None)
        self._kept.pop(label, None)

    def _number(self) -> str:
        return str(next(n for n in range(1, len(self._kept) + 2) if str(n) not in self._kept))


def _in_file(parameter: nn.Parameter) -> nn.Parameter:
    if is_lazy(parameter) or not parameter.numel():
        return state.cloned(parameter)
    with tempfile.TemporaryFile(prefix="innerview-") as file:
        mapped = np.memmap(file, np.uint8, "w+", shape=prod(parameter.shape) * parameter.element_size())
    values = torch.from_numpy(mapped).view(parameter.dtype).view(parameter.shape)
    values.copy_(parameter.detach())
    return nn.Parameter(values, parameter.requires_grad)


def _load(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        model.load_state_dict(weights)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise DataError(f"these weights do not fit {type(model).__name__}: {error}") from error
