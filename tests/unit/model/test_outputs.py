"""Copies and descriptions of nested values."""

from __future__ import annotations

from collections import OrderedDict, UserDict, deque
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from innerview.model.outputs import activation, copied, describe, tensors


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass(frozen=True)
class Frozen:
    value: Any


@dataclass
class Slotted:
    __slots__ = ("value",)
    value: Any


class MyList(list):
    pass


class MyTuple(tuple):
    __slots__ = ()


NESTINGS = {
    "tensor": lambda t: t,
    "tuple": lambda t: (t, 1),
    "list": lambda t: [[t], "a"],
    "dict": lambda t: {"a": {"b": t}},
    "ordered dict": lambda t: OrderedDict(a=t),
    "deque": lambda t: deque([t]),
    "named tuple": lambda t: Pair(None, [t]),
    "frozen dataclass": lambda t: Frozen({"a": t}),
    "slotted dataclass": lambda t: [Slotted(Frozen(t))],
    "user dict": lambda t: UserDict(a=t),
    "read-only mapping": lambda t: MappingProxyType({"a": t}),
    "list subclass": lambda t: MyList([t]),
    "tuple subclass": lambda t: MyTuple([[t]]),
    "packed sequence": lambda t: pack_sequence([t]),
}


@pytest.mark.parametrize("kind", NESTINGS)
def test_copies_share_no_memory_and_keep_the_nesting(kind):
    original = NESTINGS[kind](torch.arange(6.0))
    copy = copied(original)
    before = [(place, tensor.clone()) for place, tensor in tensors(original)]
    assert before
    if kind != "read-only mapping":
        assert type(copy) is type(original)
    for _, tensor in tensors(original):
        tensor.zero_()
    after = list(tensors(copy))
    assert [place for place, _ in after] == [place for place, _ in before]
    assert all(torch.equal(one, other) for (_, one), (_, other) in zip(before, after, strict=True))


def test_a_tensor_that_occurs_twice_is_copied_once():
    x = torch.ones(2)
    query, key, inside = copied((x, x, Frozen(x)))
    assert query is key is inside.value
    assert query is not x


def test_expanded_tensors_are_copied_whole():
    copy = copied(torch.ones(1, 3).expand(4, 3))
    copy[0, 0] = 5
    assert copy.sum() == 16


def test_copies_are_cut_from_the_graph_unless_asked():
    x = torch.ones(2, requires_grad=True) * 2
    assert not copied(x).requires_grad
    assert copied(x, detach=False).grad_fn is not None


def test_a_value_that_holds_itself_does_not_loop():
    loop = Slotted(None)
    loop.value = [torch.ones(1), loop]
    assert [place for place, _ in tensors(loop)] == [".value[0]"]


def test_no_tensor():
    assert activation(None) == (None, "returns no tensor (NoneType)")
    assert activation((1, "a")) == (None, "returns no tensor (tuple of 2)")
    ragged = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    assert activation(ragged)[0] is None


def test_description_names_shapes_dtypes_and_devices():
    text = describe((torch.zeros(2, 3), [torch.zeros(1, dtype=torch.long)]), {"mask": None, "scale": 0.5})
    assert text == "Tensor[2, 3] float32 on cpu, list(0: Tensor[1] int64 on cpu), mask=None, scale=0.5"
    assert describe((), {}) == "nothing"
    assert len(describe((SimpleNamespace(text="long" * 1000),) * 20, {})) < 410
