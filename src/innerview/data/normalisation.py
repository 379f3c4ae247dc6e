"""The normalisation of inputs, found in the transform that makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from innerview.data.wrapped import inside

_DEEPEST = 8  # transforms inside transforms


def normalisation_of(dataset: Any) -> tuple[list[float] | None, list[float] | None]:
    """Mean and standard deviation per channel (one number: of all) of a dataset's transform; None where not found."""
    while dataset is not None:
        parts = getattr(dataset, "datasets", None)
        if isinstance(parts, (list, tuple)) and parts:
            found = [normalisation_of(part) for part in parts]
            return found[0] if all(one == found[0] for one in found) else (None, None)
        for attribute in ("transform", "transforms", "preprocess", "tfms"):
            for step in _steps(getattr(dataset, attribute, None), 0):
                mean, std = _both(step)
                if mean is not None and std is not None:
                    return mean, std
        dataset = inside(dataset)
    return None, None


def per_channel(given: Any, what: str) -> list[float] | None:
    """A mean or deviation as the user gives it: one number for all channels, or one for each.

    Raises:
        TypeError: it is neither; names ``what``.
    """
    if given is None:
        return None
    found = _numbers(given)
    if found is None:
        raise TypeError(f"{what} is a number or one number a channel; got {type(given).__name__}: {given!r:.80}")
    return found


def _steps(transform: Any, depth: int) -> Iterator[Any]:
    """A transform, and those inside it; of one of v2's ``Compose``, of albumentations, or a Sequential as well."""
    if transform is None or depth > _DEEPEST:
        return
    yield transform
    inner = transform if isinstance(transform, (list, tuple, nn.Sequential)) else None
    for attribute in ("transforms", "transform"):
        held = getattr(transform, attribute, None)
        if inner is None and (isinstance(held, Iterable) or callable(held)) and not isinstance(held, (str, dict)):
            inner = held if isinstance(held, Iterable) else [held]
    for step in inner or ():
        if step is not transform:
            yield from _steps(step, depth + 1)


def _both(step: Any) -> tuple[list[float] | None, list[float] | None]:
    # "image_mean" is Hugging Face's processors'; ImageClassification, of weights.transforms(), has "mean" too.
    for mean, std in (("mean", "std"), ("image_mean", "image_std")):
        found = _numbers(getattr(step, mean, None)), _numbers(getattr(step, std, None))
        if found[0] is not None and found[1] is not None and all(found[1]):
            return found
    return None, None


def _numbers(value: Any) -> list[float] | None:
    if value is None or callable(value) or isinstance(value, (str, bytes)):
        return None
    try:
        array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    flat = array.reshape(-1).astype(np.float64).tolist()
    return flat if 0 < len(flat) == max(array.shape, default=1) else None
