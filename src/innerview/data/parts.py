"""Which part of a batch is fed to the model, and which is the label: found by name, position and meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from innerview.data.forms import as_names, as_tensor
from innerview.data.label_part import LABELS, are_lengths, ends_like_a_label, label_column, label_part
from innerview.errors import DataError

if TYPE_CHECKING:
    from innerview.model.signature import Takes

    Fed = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]  # by position, and by name

WHOLE = "(the batch)"  # stands for all parts together, fed as they are
# Names of the only parameter of a forward that takes a batch as its dict.
_WHOLE = ("batch", "sample", "data", "data_dict", "batch_dict", "example", "item")
# Names of what a model is fed, where its forward calls it otherwise.
_INPUTS = (
    *("image", "images", "img", "pixel_values", "input", "inputs", "x", "data", "features", "waveform", "audio"),
    *("signal", "input_values", "input_features", "input_ids", "text", "tokens", "volume", "points"),
)


class Parts(NamedTuple):
    """The parts of a batch, each named by its key in a dict or its position.

    Attributes:
        args: what is fed by position.
        kwargs: what is fed by name: the parameter's name, and the part's.
        label: the class labels; None without any.
        targets: what else is no input and has a value for each sample.
        note: a sentence where the labels might be another part; empty else.
    """

    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()
    label: Any = None
    targets: tuple[Any, ...] = ()
    note: str = ""


def by_name(batch: Any, takes: Takes) -> dict[Any, Any]:  # noqa: PLR0911 - one return a kind
    """A batch as its parts, by name or position.

    Args:
        batch: as a collate function returns it. A dict of inputs in front is spread by its names, a tuple of several
            inputs by position: of ``((a, b), y)`` the parts are ``(0, 0)``, ``(0, 1)`` and 1. Of an object such as a
            graph the parts are those of its attributes that the forward takes, or it is one itself.
        takes: what the model's forward takes.

    Raises:
        DataError: it has no parts.
    """
    if isinstance(batch, Mapping):
        return dict(batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        return {field.name: getattr(batch, field.name) for field in fields(batch)}
    if isinstance(batch, (tuple, list)):
        if not batch:
            raise DataError(f"a batch is an empty {type(batch).__name__}")
        first, *rest = batch
        after = dict(enumerate(rest, 1))
        if isinstance(first, Mapping):
            return {**first, **after}
        if isinstance(first, (tuple, list)) and len(first) == len(takes.required) > 1:
            return {**{(0, place): value for place, value in enumerate(first)}, **after}
        return {0: first, **after}
    if isinstance(batch, Tensor) or not hasattr(batch, "to"):
        return {0: batch}
    held = {name: value for name in takes.positional if (value := getattr(batch, name, None)) is not None}
    spread = takes.required and takes.required[0] not in _WHOLE and held.keys() >= set(takes.required)
    label = next((name for name in LABELS[:5] if isinstance(getattr(batch, name, None), Tensor)), None)
    return {**(held if spread else {0: batch}), **({} if label is None else {label: getattr(batch, label)})}


def spelled(part: Any) -> str:
    """A part of a batch in Python: ``batch['image']``, ``batch[0][1]``."""
    if part is WHOLE:
        return "batch"
    return "batch" + "".join(f"[{key!r}]" for key in (part if isinstance(part, tuple) else (part,)))


def find_parts(name: str, batches: Sequence[tuple[int, Any]], takes: Takes, label: Any = None) -> Parts:
    """Find out what the parts of a batch are.

    Args:
        name: the data's, for errors.
        batches: some samples: the number of each, and the batch of it alone.
        takes: what the model's forward takes.
        label: the part that holds the labels, where the user says so.

    Raises:
        DataError: the inputs cannot be told from the rest; says how to tell them.
    """
    samples = [(number, by_name(batch, takes)) for number, batch in batches]
    first = samples[0][1]
    if label is not None and label not in first:
        raise DataError(f"labels={label!r}: a batch of {name} has the parts {', '.join(map(repr, first))}")
    named = isinstance(next(iter(first)), str)
    if named and isinstance(batches[0][1], Mapping) and takes.required and takes.required[0] in _WHOLE:
        args, kwargs = (WHOLE,), ()
    else:
        args, kwargs = _named_inputs(name, first, takes) if named else _placed_inputs(name, first, takes)
    fed = {*args, *(key for _, key in kwargs)}
    rest = [key for key in first if key not in fed]
    placed = [key for key in rest if not isinstance(key, str)]
    of_forward = _fed_label(args, kwargs, takes)
    if label is not None or of_forward is not None:
        found, note = (of_forward if label is None else label), ""
    else:
        found, note = label_part(samples, placed or rest, _input(samples, args, kwargs), named=named and not placed)
    if not named:
        # A forward that takes lengths or a mask beside the input is fed what the collate function made for it.
        kwargs = _beside(
            samples, [key for key in rest if key != found], takes, len(args), _input(samples, args, kwargs)
        )
    fed |= {key for _, key in kwargs}
    targets = tuple(key for key in rest if key not in fed and key != found and _is_target(key, named=named))
    return Parts(args, kwargs, found, () if found is not None else targets, note)


def _named_inputs(name: str, first: dict[Any, Any], takes: Takes) -> Fed:
    """The inputs among parts with names."""
    inputs = [key for key in first if key not in LABELS[:4] or key in takes.required]
    known = tuple((key, key) for key in inputs if key in takes.named)
    missing = [one for one in takes.required if one not in dict(known)]
    if known and not missing:
        return (), known
    values = [key for key in inputs if not ends_like_a_label(key) and key not in LABELS]
    if len(takes.required) <= 1 and not known:
        if len(values) == 1:
            return (values[0],), ()
        likely = [key for one in _INPUTS for key in values if key == one]
        pictures = [key for key in values if _is_input(first[key])]
        if likely or len(pictures) == 1:
            return ((likely or pictures)[0],), ()
    if known:
        return (), known  # the model says what else it wants
    raise DataError(
        f"a batch of {name} is a dict with the keys {', '.join(map(repr, first))}, but the model's forward "
        f"takes {', '.join(takes.positional) or ', '.join(sorted(takes.named)) or 'unnamed arguments'}. "
        "Say which to feed: unpack=lambda batch: ((batch['...'],), {}, batch['label'])"
    )


def _placed_inputs(name: str, first: dict[Any, Any], takes: Takes) -> Fed:
    """The inputs among parts by position: as many as the forward requires, from the first on."""
    wanted = max(1, len(takes.required))
    if (0, 0) in first:
        return tuple(key for key in first if isinstance(key, tuple)), ()
    if len(first) < wanted:
        raise DataError(
            f"the model's forward takes {', '.join(takes.required)}, but a batch of {name} has {len(first)} "
            f"part{'s' * (len(first) > 1)}. Say what to feed: unpack=lambda batch: ((batch[0], ...), {{}}, batch[-1])"
        )
    return tuple(range(wanted)), ()


def _fed_label(args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...], takes: Takes) -> Any:
    """The label that the forward itself is fed, as losses with a margin are; None where it is fed none."""
    placed = zip(takes.positional, args, strict=False)
    return next((key for name, key in (*placed, *kwargs) if name in LABELS and name != "y"), None)


def _input(samples: list[tuple[int, dict[Any, Any]]], args: Any, kwargs: Any) -> list[Any]:
    """The first part that is fed, of each sample."""
    key = args[0] if args else kwargs[0][1]
    return [None if key is WHOLE else parts[key] for _, parts in samples]


def _beside(
    samples: list[tuple[int, dict[Any, Any]]], rest: list[Any], takes: Takes, fed: int, inputs: list[Any]
) -> tuple[tuple[str, Any], ...]:
    """Lengths or a mask for the parameters of a forward that are called so."""
    found: list[tuple[str, Any]] = []
    for name in takes.positional[fed:]:
        for key in rest:
            values = [parts[key] for _, parts in samples]
            lengths = "len" in name and are_lengths(label_column(values) or [], inputs)
            if key not in dict(map(reversed, found)) and (lengths or ("mask" in name and _is_mask(values, inputs))):  # type: ignore[call-overload]
                found.append((name, key))
    return tuple(found)


def _is_mask(values: list[Any], inputs: list[Any]) -> bool:
    return all(
        isinstance(value, Tensor)
        and isinstance(given, Tensor)
        and value.shape == given.shape[: value.ndim]
        and value.ndim > 1
        and bool(((value == 0) | (value == 1)).all())
        for value, given in zip(values, inputs, strict=True)
    )


def _is_input(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 1 and value.is_floating_point() and value.numel() > len(value)


def _is_target(key: Any, *, named: bool) -> bool:
    return not named or key in LABELS or ends_like_a_label(key)


def as_fed(value: Any) -> Any:
    """A part as the model takes it: arrays and lists of numbers as tensors, in lists and dicts too."""
    if isinstance(value, Mapping):
        return type(value)({name: as_fed(item) for name, item in value.items()}) if type(value) is dict else value
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return value
    if as_names(value) is not None:
        return value  # some models tokenise by themselves
    found = as_tensor(value)
    if found is not None:
        return found
    # A tuple of images of different sizes (detection) is fed as the list that such models expect.
    return [as_fed(item) for item in value] if type(value) in (tuple, list) else value
