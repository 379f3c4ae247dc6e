"""The model on its way through a training: copies of it, each to be looked at like the model itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from innerview.errors import DataError
from innerview.jobs.progress import silent
from innerview.model import state
from innerview.study.embeddings import Embedding, embedding
from innerview.study.representations import Cache

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from innerview.session.inspector import Inspector

NOW = "now"


class Checkpoints(Mapping[str, "Inspector"]):
    """Copies of an Inspector's model by label, oldest first; each is an Inspector on the same data.

    Copies stay on the model's device as long as all of them fit into the Inspector's ``memory``; the next ones go to
    files without a name, which are run on the CPU and are gone with the copy.

    Args:
        inspector: whose model is copied.
    """

    def __init__(self, inspector: Inspector) -> None:
        self._of = inspector
        self._kept: dict[str, Inspector] = {}
        self._bytes: dict[str, int] = {}
        self._last: int | None = None  # fingerprint of the model when it was copied last
        # One for all copies, and not the Inspector's own, which is emptied when its model changes.
        self._cache = Cache(inspector.cache.budget)

    def __getitem__(self, label: str) -> Inspector:
        return self._kept[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, label: str = "", weights: Mapping[str, Tensor] | None = None) -> Inspector:
        """Copy the model as it is now.

        Args:
            label: "epoch 3"; a number when empty. A label that was used before now stands for the new copy.
            weights: to load into the copy, such as those that ``torch.load(path, weights_only=True)`` returns.

        Returns:
            An Inspector of the copy.

        Raises:
            DataError: the weights are those of another model.
            InnerviewError: the model holds something that cannot be copied.
        """
        of = self._of
        label = label or self._number()
        if label == NOW:
            raise DataError(f'{NOW!r} is the model itself; give its copy another label, such as "epoch 3"')
        # While a cell runs, views look at snapshots; else one of them may have its hooks in the model right now.
        with nullcontext() if of.running else of.model_lock:
            size = sum(p.numel() * p.element_size() for p in of.model.parameters() if not is_lazy(p))
            in_files = sum(self._bytes.values()) + size > of.cache.budget
            copy = state.snapshot(of.model, _in_file if in_files else _cloned)
            now = state.fingerprint(of.model)
        if in_files:
            copy = copy.cpu()
        if weights is not None:
            _load(copy, weights)
        # Only the weights given tell whether the model is as this copy is, and these need not be its own.
        self._last = now if weights is None else None
        self._drop(label)
        kept = of.beside(copy)
        kept.cache = self._cache
        self._kept[label], self._bytes[label] = kept, 0 if in_files else size
        of.kept += 1
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
        self._of.kept += 1

    def steps(self) -> dict[str, Inspector]:
        """The copies, and under "now" the model itself where it has changed since the last of them."""
        changed = not self._kept or state.fingerprint(self._of.model) != self._last
        return {**self._kept, **({NOW: self._of} if changed else {})}

    def close(self) -> None:
        """Let go of everything, and tell nobody."""
        for label in list(self._kept):
            self._drop(label)
        self._cache.clear()

    def _drop(self, label: str) -> None:
        self._bytes.pop(label, None)
        old = self._kept.pop(label, None)
        if old is not None:
            old.cache = Cache(0)  # closing it empties its cache, which the others use too
            old.close()

    def _number(self) -> str:
        return str(next(n for n in range(1, len(self._kept) + 2) if str(n) not in self._kept))


def embedding_steps(
    inspector: Inspector, layer: str, method: str = "pca", **options: Any
) -> Generator[None, None, dict[str, Embedding]]:
    """A layer of every checkpoint and of the model itself as points, each started from and turned onto the one before.

    Args:
        inspector: whose checkpoints are embedded.
        layer: a name in ``inspector.layers``.
        method: "pca", "tsne" or "umap".
        options: as for ``innerview.study.embeddings.embedding``.

    Returns:
        By label, oldest first; under "now" the model itself where it has changed since the last checkpoint.
    """
    made: dict[str, Embedding] = {}
    onto: Embedding | None = options.pop("onto", None)
    for label, step in inspector.checkpoints.steps().items():
        onto = made[label] = yield from silent(embedding(step, layer, method, onto=onto, **options))
    return made


def _cloned(parameter: nn.Parameter) -> nn.Parameter:
    return parameter if is_lazy(parameter) else nn.Parameter(parameter.detach().clone(), parameter.requires_grad)


def _in_file(parameter: nn.Parameter) -> nn.Parameter:
    if is_lazy(parameter) or not parameter.numel():
        return _cloned(parameter)
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
