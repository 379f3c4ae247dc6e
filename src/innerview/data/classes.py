"""The names of classes: as they are given, or as a dataset or its transform tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from innerview.data.wrapped import inside
from innerview.errors import DataError

_MOST = 100_000  # without names


def named(given: Any) -> list[str]:
    """Names of classes in order, as the user gives them.

    Args:
        given: names in a sequence, array or column; tuples of synonyms for names; or a dict, from number to name or
            from name to number, such as ``model.config.id2label``. A number that is left out stands for itself.

    Raises:
        DataError: it is neither.
    """
    if isinstance(given, Mapping):
        return told_apart(_of_mapping(given))
    if isinstance(given, int):
        raise DataError(f"classes={given} is a number; give a name for each label: ['cat', 'dog', ...]")
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise DataError(f"classes={given!r:.80}: give a name for each label: ['cat', 'dog', ...] or {{0: 'cat', ...}}")
    return told_apart(given)


def names_of(dataset: Any, key: Any = None) -> list[str] | None:
    """Names of classes as a dataset knows them, looked for inwards through those that it wraps; None where it does not.

    Args:
        dataset: of torchvision, Hugging Face or others.
        key: the name of the column with the labels, where samples are dicts.
    """
    parts = getattr(dataset, "datasets", None)
    if isinstance(parts, (list, tuple)) and parts:  # ConcatDataset: joined by number, so all must agree
        found = [names_of(part, key) for part in parts]
        return found[0] if all(names == found[0] for names in found) else None
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping):  # Hugging Face
        names = getattr(features.get(key), "names", None)
        if names:
            return told_apart(names)
    for attribute in ("classes", "class_names", "class_to_idx", "categories"):
        names: Any = getattr(dataset, attribute, None)
        if isinstance(names, Mapping):
            if names:
                return told_apart(_of_mapping(names))
        elif (isinstance(names, (list, tuple, np.ndarray)) or hasattr(names, "to_numpy")) and len(names):
            return told_apart(names)
    inner = inside(dataset)
    return None if inner is None else names_of(inner, key)


def told_apart(names: Iterable[Any]) -> list[str]:
    """Write each name out, with its number where two classes share it: ImageNet has two cranes and two maillots."""
    given = [", ".join(map(str, name)) if isinstance(name, (tuple, list)) else str(name) for name in names]
    counts = Counter(given)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(given)]


def numbered(start: int, last: int) -> list[str]:
    """Name classes by their numbers; none where the numbers are too large to be classes."""
    # Such numbers are amounts, years or identities.
    return [str(label) for label in range(start, last + 1)] if last < _MOST else []


def _of_mapping(given: Mapping[Any, Any]) -> list[Any]:
    # JSON has only text for keys: {"0": "cat"}.
    by_number = {number: name for key, name in given.items() if (number := _number(key)) is not None}
    if len(by_number) < len(given):
        by_number = {number: name for name, key in given.items() if (number := _number(key)) is not None}
    if len(by_number) < len(given) or min(by_number, default=0) < 0 or max(by_number, default=0) >= _MOST:
        raise DataError(
            f"classes={given!r:.80}: a dict goes from number to name, {{0: 'cat', 1: 'dog'}}, or from name to number, "
            "a different number for each"
        )
    return [by_number.get(number, str(number)) for number in range(max(by_number, default=-1) + 1)]


def _number(value: Any) -> int | None:
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    return int(value) if isinstance(value, str) and value.isdecimal() else None
