"""Forwards in which layers return something else, beside the same edit written into the modules' own forwards."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from innerview.errors import DataError, ForwardError, UnknownLayerError, UnseenLayerError
from innerview.model.capture import forward
from innerview.model.intervene import forward_with
from innerview.model.state import snapshot


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, 6)
        self.block = nn.Sequential(nn.Linear(6, 6), nn.ReLU(inplace=True))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.block(self.block(self.stem(x))))


def by_hand(net, x, edits):
    """The forward of ``Net`` written out, each value passing its edit."""

    def at(name, value):
        return edits[name](value) if name in edits else value

    with torch.no_grad():
        x = at("stem", net.stem(x))
        for call in ("", "#2"):
            x = at(f"block.0{call}", net.block[0](x))
            x = at(f"block{call}", at(f"block.1{call}", x.relu()))
        return at("head", net.head(x))


def batch():
    return torch.randn(5, 4)


@pytest.mark.parametrize("name", ["stem", "block.0", "block.0#2", "block", "block.1#2", "block#2", "head"])
def test_each_call_of_each_layer(name, untouched):
    net, x = Net(), batch()
    edits = {name: lambda value: value * 0.5 - 1}
    with untouched(net):
        output = forward_with(net, (x,), {}, edits)
    assert torch.equal(output, by_hand(net, x, edits))
    assert not torch.equal(output, forward(net, (x,), {}))


def test_several_at_once_each_sees_those_before():
    net, x = Net(), batch()
    seen = {}

    def keep(name, change):
        def edit(value):
            seen[name] = value.clone()
            return change(value)

        return edit

    changes = {"stem": lambda v: v + 1, "block.1#2": lambda v: v * 2, "block#2": lambda v: v - 3}
    output = forward_with(net, (x,), {}, {name: keep(name, change) for name, change in changes.items()})
    assert torch.equal(output, by_hand(net, x, changes))
    assert torch.equal(seen["block#2"], seen["block.1#2"] * 2)


def test_no_edit_is_a_plain_forward():
    net, x = Net(), batch()
    assert torch.equal(forward_with(net, (x,), {}, {}), forward(net, (x,), {}))
    assert torch.equal(forward_with(net, (x,), {}, {"block": lambda value: value}), forward(net, (x,), {}))


def test_an_edit_in_place_changes_only_what_the_layer_returns():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.same = nn.Identity()

        def forward(self, x):
            return self.same(x) + 10 * x

    def silence(value):
        value[:, 0] = 0
        return value

    x = torch.ones(2, 3)
    output = forward_with(Residual(), (x,), {}, {"same": silence})
    assert output.tolist() == [[10, 11, 11]] * 2
    assert x.min() == 1


def test_the_model_cannot_write_into_what_an_edit_returned():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    mine = torch.full((2, 4), -1.0)
    assert forward_with(net, (torch.randn(2, 4),), {}, {"0": lambda _: mine}).tolist() == [[0] * 4] * 2
    assert mine.max() == -1


def test_memory_layout_stays_the_layers_own():
    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 1)

        def forward(self, x):
            return self.conv(x).view(x.shape[0], -1)

    net, x = Views(), torch.randn(2, 1, 4, 4)
    output = forward_with(net, (x,), {}, {"conv": lambda v: v.contiguous(memory_format=torch.channels_last)})
    assert torch.equal(output, forward(net, (x,), {}))


@dataclass
class Answer:
    index: torch.Tensor
    score: torch.Tensor
    again: torch.Tensor


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (lambda x: {"index": x.long(), "score": x, "again": x}, lambda o: (o["score"], o["again"], o["index"])),
        (lambda x: (x.long(), [x, x]), lambda o: (o[1][0], o[1][1], o[0])),
        (lambda x: Answer(x.long(), x, x), lambda o: (o.score, o.again, o.index)),
    ],
    ids=["dict", "tuple", "dataclass"],
)
def test_output_of_any_nesting_is_put_back_into_it(pack, unpack):
    class Packs(nn.Module):
        def forward(self, x):
            return pack(x)

    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.packs = Packs()

        def forward(self, x):
            output = self.packs(x)
            return type(output).__name__, *unpack(output)

    x = torch.tensor([[1.0, 2.0]])
    kind, score, again, index = forward_with(Reads(), (x,), {}, {"packs": lambda value: value + 5})
    assert kind == type(pack(x)).__name__
    assert score.tolist() == again.tolist() == [[6, 7]]
    assert index.tolist() == [[1, 2]]


class BrokenError(Exception):
    pass


def test_an_error_of_the_edit_comes_out_as_it_is_and_leaves_no_trace(untouched):
    def edit(value):
        raise BrokenError

    class Catches(Net):
        def forward(self, x):
            try:
                return super().forward(x)
            except Exception:  # noqa: BLE001 - as some models do
                return x

    x = batch()
    for net in (Net(), Catches()):
        with untouched(net), pytest.raises(BrokenError):
            forward_with(net, (x,), {}, {"block": edit})


def test_an_error_of_the_model_leaves_no_trace(untouched):
    net, x = Net(), torch.randn(5, 7)
    with untouched(net), pytest.raises(ForwardError, match="in layer 'stem'"):
        forward_with(net, (x,), {}, {"block": lambda value: value})


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda v: v[:, :2], r"cannot return Tensor\[5, 2\] float32 on cpu instead of Tensor\[5, 6\]"),
        (lambda v: v.double(), "float64"),
        (lambda _: None, "cannot return None"),
    ],
)
def test_what_an_edit_may_not_return(edit, said):
    with pytest.raises(DataError, match=said):
        forward_with(Net(), (batch(),), {}, {"stem": edit})


def test_layers_that_cannot_be_edited():
    class Odd(Net):
        def __init__(self):
            super().__init__()
            self.dead = nn.Linear(1, 1)

    def same(value):
        return value

    with pytest.raises(UnknownLayerError, match="'stem'"):
        forward_with(Odd(), (batch(),), {}, {"stam": same})
    with pytest.raises(UnseenLayerError, match="'dead' cannot be seen: never called"):
        forward_with(Odd(), (batch(),), {}, {"dead": same})
    with pytest.raises(UnseenLayerError, match="'block' was called 2 times"):
        forward_with(Odd(), (batch(),), {}, {"block#3": same})

    class Forks(Net):
        def forward(self, x):
            x = self.stem(x)
            return self.head(x) if x.max() > 1000 else self.block(x)

    with pytest.raises(UnseenLayerError, match="'block' was not reached"):
        forward_with(Forks(), (batch(),), {}, {"stem": lambda v: v + 1e6, "block": same})


def test_on_a_snapshot_with_the_random_state_let_be():
    net, x = Net(), batch()
    edits = {"block#2": lambda value: value.flip(1)}
    assert torch.equal(forward_with(snapshot(net), (x,), {}, edits, restore_rng=False), by_hand(net, x, edits))


@pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning")
def test_compiled_and_scripted():
    net, x = Net(), batch()
    compiled = torch.compile(net, backend="eager")
    edits = {"block#2": lambda value: value * 3}
    output = forward_with(compiled, (x,), {}, {f"_orig_mod.{name}": edit for name, edit in edits.items()})
    assert torch.equal(output, by_hand(net, x, edits))
    expected = by_hand(net, x, edits)
    net.block = torch.jit.script(net.block)
    torch.testing.assert_close(forward_with(net, (x,), {}, edits), expected)
    with pytest.raises(UnseenLayerError, match="'block' is a TorchScript module"):
        forward_with(net, (x,), {}, {"block.0": edits["block#2"]})
    torch._dynamo.reset()
