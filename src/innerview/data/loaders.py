"""The samples that a DataLoader gives: which of its dataset's, each once, in the dataset's order."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from torch.utils.data._utils import worker

from innerview.data.wrapped import WRAPPED, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_ROUNDS = 4  # of a sampler that may never end, in lengths of the dataset


def in_bulk(loader: DataLoader) -> bool:
    """Tell a loader that asks its dataset for a list of indices at a time: ``batch_size=None`` with a batch sampler."""
    return loader.batch_size is None and isinstance(loader.sampler, BatchSampler)


def chosen(loader: DataLoader) -> tuple[list[Any] | None, str]:  # noqa: PLR0911 - one return a kind
    """Find the samples that a loader's sampler gives, without disturbing the order in which it gives them next.

    Returns:
        Their indices in the dataset, each once, in ascending order, or as they come where they are not numbers; None
        for all of the dataset. And a sentence where that is not how the loader gives them; empty else.
    """
    sampler: Any = loader.batch_sampler if loader.batch_sampler is not None else loader.sampler
    batches = True
    if type(sampler) is BatchSampler:
        sampler, batches = sampler.sampler, False
    if type(sampler) is SequentialSampler:
        return None, ""
    if type(sampler) is RandomSampler:
        if sampler.replacement:
            return None, "the loader draws with replacement; here each sample is shown once"
        if sampler.num_samples < len(sampler.data_source):
            return None, f"the loader draws {sampler.num_samples:,} of these samples at a time; here all are shown"
        return None, ""
    if type(sampler) is WeightedRandomSampler:
        drawn = torch.as_tensor(sampler.weights, dtype=torch.float64, device="cpu").nonzero()[:, 0].tolist()
        note = "the loader draws by weights; here each sample that it can draw is shown once"
        return _unless_all(drawn, loader), note
    if type(sampler) is SubsetRandomSampler:
        return _unless_all(sorted(set(map(int, sampler.indices))), loader), ""
    given = _drawn(sampler, loader, batches=batches)
    once = list(dict.fromkeys(given))
    if all(isinstance(key, int) for key in once):
        once.sort()
    note = "the loader gives some samples several times; here each is shown once" if len(once) < len(given) else ""
    return _unless_all(once, loader), note


def chosen_dataset(loader: DataLoader, dataset: Any) -> tuple[Any, str]:
    """The part of a dataset that a loader gives, and the sentence of ``chosen``."""
    keys, note = chosen(loader)
    return (dataset if keys is None else Subset(dataset, keys)), note


def as_in_a_worker(loader: DataLoader) -> tuple[Any, Callable[[], AbstractContextManager[None]]]:
    """A loader's dataset as one of its workers would have it, and the surroundings in which to read it.

    Samples are read in this process: one of several threads that forks for a few samples can hang. What a dataset opens
    in ``worker_init_fn``, or on its first sample, it opens in the copy: a file that is open in the user's own would be
    shared with the workers of the training.

    Returns:
        A copy of the dataset and of those that it wraps; the values inside are shared. Within the ``with``,
        ``get_worker_info()`` tells of the only worker of a loader.
    """
    dataset = _shallow(loader.dataset)

    @contextmanager
    def inside_a_worker() -> Iterator[None]:
        before = worker._worker_info  # noqa: SLF001 - what get_worker_info() returns
        worker._worker_info = worker.WorkerInfo(id=0, num_workers=1, seed=0, dataset=dataset)  # noqa: SLF001
        try:
            yield
        finally:
            worker._worker_info = before  # noqa: SLF001

    if loader.worker_init_fn is not None:
        with inside_a_worker():
            loader.worker_init_fn(0)
    return dataset, inside_a_worker


def without_workers(loader: DataLoader, dataset: Any) -> DataLoader:
    """A loader of the same batches of an iterable dataset, read in this process."""
    return DataLoader(
        dataset, batch_size=loader.batch_size, collate_fn=loader.collate_fn, drop_last=loader.drop_last, num_workers=0
    )


def _shallow(dataset: Any) -> Any:
    try:
        made = copy.copy(dataset)
    except Exception:  # noqa: BLE001 - a dataset that cannot be copied is read itself
        return dataset
    inner = inside(made)
    if inner is not None:
        name = next(name for name in WRAPPED if getattr(made, name, None) is inner)
        try:
            setattr(made, name, _shallow(inner))
        except AttributeError:
            return dataset
    return made


def _drawn(sampler: Any, loader: DataLoader, *, batches: bool) -> list[Any]:
    """What a sampler gives in one round, or several of a sampler that does not end."""
    most = _ROUNDS * (len(loader.dataset) if hasattr(loader.dataset, "__len__") else 1000)  # type: ignore[arg-type]
    # A generator of its own that moved on would give the user's next epoch another order.
    held = [one for one in (sampler, getattr(sampler, "sampler", None)) if one is not None]
    generators = [g for one in held if isinstance(g := getattr(one, "generator", None), torch.Generator)]
    states = [generator.get_state() for generator in generators]
    try:
        given = (key for batch in sampler for key in batch) if batches and _gives_batches(loader) else iter(sampler)
        return [int(key) if isinstance(key, np.integer) else key for key in islice(given, most)]
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)


def _gives_batches(loader: DataLoader) -> bool:
    return loader.batch_sampler is not None or in_bulk(loader)


def _unless_all(keys: list[Any], loader: DataLoader) -> list[Any] | None:
    try:
        return None if keys == list(range(len(loader.dataset))) else keys  # type: ignore[arg-type]
    except TypeError:  # a dataset without a length
        return keys
