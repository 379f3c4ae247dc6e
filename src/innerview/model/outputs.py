"""Nested containers of tensors, as modules take and return them: walked, copied and described."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DENSE = 2**24  # positions of a sparse tensor that is shown
_LONGEST_DESCRIPTION = 400
_DISPATCH = Tensor.__torch_dispatch__  # pyright: ignore[reportAttributeAccessIssue] - its type says less than it is


def activation(output: Any) -> tuple[Tensor | None, str]:
    """Choose the tensor of a module's output, of any nesting, that is shown as its activation.

    It is the first floating point tensor of the output, else the first tensor of any kind.

    Returns:
        The tensor itself (no copy; None when there is none), or its values where it is sparse or quantised; and a note
        for the reader, empty when the output is just that tensor.
    """
    if isinstance(output, Tensor) and not output.is_nested:
        return _plain(output)
    # A nested (ragged) tensor has no shape to show.
    found = [(place, tensor) for place, tensor in tensors(output) if not tensor.is_nested]
    if not found:
        return None, f"returns no tensor ({_kind(output)})"
    place, chosen = next(((p, t) for p, t in found if t.is_floating_point()), found[0])
    plain, note = _plain(chosen)
    which = f"the output is a {_kind(output)}: its tensor {place} is shown"
    return plain, f"{which}; {note}" if note else which


def _plain(tensor: Tensor) -> tuple[Tensor | None, str]:
    """A tensor as one with a number at each position, and a note where it is not one itself."""
    if tensor.is_quantized:
        return tensor.dequantize(), "quantised: the values are those that its numbers stand for"
    if tensor.layout == torch.strided or tensor.device.type == "meta":
        return tensor, ""
    if tensor.numel() > _DENSE:
        return None, f"returns a sparse tensor of {tensor.numel():,} positions, too many to show"
    return tensor.to_dense(), "sparse: shown dense"


def without_methods(tensor: Tensor) -> Tensor:
    """The same tensor, of no subclass that only adds methods of its own, such as MONAI's with its metadata.

    A subclass that holds its values in another way stays what it is.
    """
    kind: Any = type(tensor)
    only_methods = kind is not Tensor and kind.__torch_dispatch__ is _DISPATCH
    return tensor.as_subclass(Tensor) if only_methods else tensor


def is_table(tensor: Tensor) -> bool:
    """Tell an output ``[N, C]`` of floats, with at least two columns."""
    return tensor.ndim == 2 and tensor.shape[1] > 1 and tensor.is_floating_point() and not tensor.is_nested  # noqa: PLR2004 - [N, C]


def tensors(value: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield ``(place, tensor)`` for every tensor in a nested value; a place reads like Python: ``[0].logits``."""
    yield from _walk(value, "", set())


def copied(value: Any, *, detach: bool = True) -> Any:
    """Copy a nested value so that no tensor of the copy shares memory with the original, nor (``detach``) the graph.

    A tensor that occurred twice occurs twice: ``nn.MultiheadAttention`` compares its query with its key by identity.
    """
    return mapped(value, lambda tensor: tensor.detach().clone() if detach else tensor.clone())


def detached(value: Any) -> Any:
    """A nested value without its autograd graph, which a forward that differentiates returns; itself without any."""
    return mapped(value, Tensor.detach) if any(tensor.requires_grad for _, tensor in tensors(value)) else value


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Copy a nested value with each tensor in it changed; ``change`` is called once for each tensor object."""
    return _mapped(value, change, {})


def describe(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Say in a line what was fed: ``Tensor[2, 3, 32, 32] float32 on cpu, mask=None``."""
    parts = [_described(value) for value in args] + [f"{name}={_described(kwargs[name])}" for name in kwargs]
    text = ", ".join(parts) or "nothing"
    return text if len(text) <= _LONGEST_DESCRIPTION else text[:_LONGEST_DESCRIPTION] + "..."


def _children(value: Any) -> list[tuple[str, Any]]:
    """Return what a container directly holds, each with its place; nothing for a leaf."""
    # Mappings first: a Hugging Face ModelOutput is both a dataclass and a dict, whose items leave out the empty fields.
    if isinstance(value, Mapping):
        return [(f"[{key!r}]", value[key]) for key in value]
    if isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)  # of a named tuple
        if names is not None:
            return [(f".{name}", item) for name, item in zip(names, value, strict=True)]
        return [(f"[{index}]", item) for index, item in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name, None)) for field in fields(value)]
    leaves = pytree.tree_leaves(value)
    return [] if any(leaf is value for leaf in leaves) else [(f"[{i}]", leaf) for i, leaf in enumerate(leaves)]


def _walk(value: Any, place: str, above: set[int]) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield place, value
    elif id(value) not in above:
        for step, item in _children(value):
            yield from _walk(item, place + step, above | {id(value)})


def _mapped(value: Any, change: Callable[[Tensor], Tensor], done: dict[int, Any]) -> Any:
    def leaf(item: Any) -> Any:
        if id(item) not in done:
            # The original is kept beside its copy, so that its id is not given to another object meanwhile.
            if isinstance(item, Tensor):
                done[id(item)] = (item, change(item))
            else:
                done[id(item)] = (item, _copied_other(item, lambda inner: _mapped(inner, change, done)))
        return done[id(item)][1]

    return pytree.tree_map(leaf, value)


def _copied_other(item: Any, again: Callable[[Any], Any]) -> Any:
    """Copy what torch's pytree does not know: containers that nobody registered with it. Others are kept."""
    if is_dataclass(item) and not isinstance(item, type):
        result = copy.copy(item)
        for field in fields(item):
            # object.__setattr__ also reaches the fields of a frozen dataclass.
            object.__setattr__(result, field.name, again(getattr(item, field.name, None)))
        return result
    if isinstance(item, Mapping):
        values = {key: again(item[key]) for key in item}
        try:
            result = copy.copy(item)
            for key, new in values.items():
                result[key] = new  # pyright: ignore[reportIndexIssue] - tried
        except TypeError:
            return values  # a read-only mapping
        return result
    if isinstance(item, list):
        result = copy.copy(item)
        result[:] = [again(each) for each in item]
        return result
    if isinstance(item, tuple):
        return tuple.__new__(type(item), [again(each) for each in item])
    return item


def _described(value: Any, depth: int = 0) -> str:
    if isinstance(value, Tensor):
        shape = "ragged" if value.is_nested else str(list(value.shape))
        return f"{type(value).__name__}{shape} {str(value.dtype).removeprefix('torch.')} on {value.device}"
    children = _children(value) if depth < 3 else []  # noqa: PLR2004 - deeper nesting is unreadable
    if not children:
        return f"{value!r:.60}"
    inner = ", ".join(f"{place.strip('[].')}: {_described(item, depth + 1)}" for place, item in children[:8])
    return f"{type(value).__name__}({inner}{', ...' if len(children) > 8 else ''})"  # noqa: PLR2004 - a longer list is unreadable


def _kind(output: Any) -> str:
    name = type(output).__name__
    return f"{name} of {len(output)}" if type(output) in (tuple, list) else name
