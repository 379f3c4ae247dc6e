"""Which part of a batch holds the class labels: told by its name, or by its place and what it means."""

from __future__ import annotations

import re
from typing import Any

from innerview.data.forms import as_names, as_tensor
from innerview.data.labels import Vocabulary, as_labels

# Names of labels, likeliest first; then what a name of labels ends with.
LABELS = ("labels", "label", "targets", "target", "y", "class", "class_label", "class_id", "category", "fine_label")
_ENDS = ("_label", "_labels", "_target", "_class", "_category")
# A path, an extension, or more words than a class has.
_NO_CLASS = re.compile(r"[/\\\n]|\.\w{2,5}$|(\S+\s+){8}|.{80}")
_FEW = 2  # samples that prove little
_ROUNDED = 8  # the least range of lengths that are not counted one by one
_TELLING = 6  # samples of which two have the same label, if there are not many classes


def label_part(
    samples: list[tuple[int, dict[Any, Any]]], rest: list[Any], inputs: list[Any], *, named: bool
) -> tuple[Any, str]:
    """Find the part that holds the labels.

    Args:
        samples: the number of each, and its parts.
        rest: the parts that are not fed.
        inputs: the first part that is fed, of each sample.
        named: whether the parts have names.

    Returns:
        The part, None where there is none; and a sentence in doubt.
    """
    columns = {key: found for key in rest if (found := label_column([parts[key] for _, parts in samples])) is not None}
    if named:
        by_name = [key for one in LABELS for key in columns if key == one]
        chosen = by_name + [key for key in columns if key not in by_name and ends_like_a_label(key)]
        doubtful = [key for key in chosen[1:] if columns[key] != columns[chosen[0]]]
    else:
        chosen = _by_meaning(columns, [number for number, _ in samples], inputs)
        doubtful = chosen[1:]
    return (chosen[0] if chosen else None), _doubt(chosen[0], doubtful) if doubtful else ""


def _by_meaning(columns: dict[Any, list[int]], numbers: list[int], inputs: list[Any]) -> list[Any]:
    """The parts that could be labels, likeliest first: neither lengths, nor constants, nor what numbers the samples."""
    free = [key for key, found in columns.items() if not are_lengths(found, inputs)]
    sound = [key for key in free if columns[key] != numbers and not _is_constant(columns[key])]
    repeated = [key for key in sound if len(set(columns[key])) < len(numbers)]
    if repeated and len(numbers) >= _TELLING:
        return repeated  # the others number the samples, or persons, or files
    # Of a class alone all labels are equal; and of two samples both may be, as lengths may be labels.
    return sound or free or (list(columns)[-1:] if len(numbers) <= _FEW else [])


def _doubt(chosen: Any, others: list[Any]) -> str:
    return (
        f"the labels are taken from part {chosen!r} of a batch; {', '.join(map(repr, others))} could be labels too "
        f"(labels={others[0]!r} takes those)"
    )


def label_column(values: list[Any]) -> list[Any] | None:
    """What may be the label of each sample; None where a sample has no such value here."""
    if any(_names_no_class(value) for value in values):
        return None
    vocabulary = Vocabulary()
    found = [as_labels(value, vocabulary) for value in values]
    if any(labels is None or len(labels) != 1 for labels in found):
        return None
    return [int(labels[0]) for labels in found if labels is not None]


def _names_no_class(value: Any) -> bool:
    """Tell the name of a file and running text from the name of a class."""
    return any(name is not None and _NO_CLASS.search(name) for name in as_names(value) or ())


def are_lengths(column: list[int], inputs: list[Any]) -> bool:
    """Tell lengths and counts of frames: they follow the size of the input, or how much of it is not padding."""
    sizes: list[list[float]] = []
    for value in inputs:
        tensor = as_tensor(value)
        if tensor is None or not tensor.ndim:
            return False
        filled = (tensor != 0).sum() if tensor.ndim == 2 and not tensor.is_floating_point() else tensor.numel()  # noqa: PLR2004 - [1, T]
        sizes.append([*tensor.shape, float(filled)])
    if len({len(size) for size in sizes}) != 1 or len(column) < 2 or len(set(column)) < 2:  # noqa: PLR2004 - nothing to compare
        return False
    for axis in zip(*sizes, strict=True):
        if len(set(axis)) < 2:  # noqa: PLR2004 - as above
            continue
        largest = max(range(len(axis)), key=axis.__getitem__)
        ratio = column[largest] / axis[largest]
        # Frames are so many samples of a signal, rounded either way; a few small numbers would always be that.
        off = 1 if ratio != 1 and max(column) - min(column) > _ROUNDED else 0
        if ratio > 0 and all(abs(value - ratio * size) <= off for value, size in zip(column, axis, strict=True)):
            return True
    return False


def _is_constant(found: list[int]) -> bool:
    return len(found) > _FEW and len(set(found)) == 1


def ends_like_a_label(key: Any) -> bool:
    """Tell a name such as "coarse_label"."""
    return str(key).lower().endswith(_ENDS)
