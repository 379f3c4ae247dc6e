"""Reruns of what comes after a layer, beside full forwards in which a hook replaces the layer's output."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from innerview.errors import DataError, ForwardError, UnknownLayerError, UnseenLayerError
from innerview.model.capture import forward
from innerview.model.intervene import forward_with
from innerview.model.outputs import tensors
from innerview.model.replay import Recording
from innerview.model.state import snapshot


def counted(function, operation):
    """How often an operation is computed while the function runs."""

    class Counter(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.count += func is operation
            return func(*args, **(kwargs or {}))

    counter = Counter()
    with counter:
        function()
    return counter.count


def rerun(recording, edited):
    """Run the model as if the layer had returned this tensor."""
    return recording.rerun({recording.layer: lambda _: edited})


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.block(self.block(self.block(x))))


class ThroughNumPy(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        x = torch.from_numpy(np.tanh(self.a(x).numpy()))
        return self.c(self.b(x))


@dataclass
class Answer:
    score: torch.Tensor
    parts: dict[str, torch.Tensor]
    early: list[torch.Tensor]


class Nested(nn.Module):
    """A layer with several results, all of them read; an output in a dataclass that holds values from before it."""

    def __init__(self):
        super().__init__()
        self.inner = nn.LSTM(4, 4, batch_first=True)
        self.first = nn.Linear(4, 4)

    def forward(self, x, *, scale):
        early = self.first(x)
        values, (h, c) = self.inner(early)
        return Answer(values * scale["by"], {"h": h, "c": c}, [early, x])


def test_only_what_comes_after_the_layer_is_computed():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(20)])
    x = torch.randn(2, 4)
    product = torch.ops.aten.addmm.default
    assert counted(lambda: forward(model, (x,), {}), product) == 20
    for last in (0, 10, 18, 19):
        recording = Recording(model, (x,), {}, str(last))
        assert counted(lambda r=recording: rerun(r, r.activation), product) == 19 - last
        assert recording.bytes <= 64  # zeros


def test_values_that_are_not_read_again_are_not_kept():
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow, self.head = nn.Linear(4, 4096), nn.Linear(4096, 4), nn.Linear(4, 2)

        def forward(self, x):
            wide = self.wide(x)  # alive until the end, never read after `narrow`
            return self.head(self.narrow(torch.tanh(wide)) + x)

    recording = Recording(Wide(), (torch.randn(8, 4),), {}, "narrow")
    # One memory of zeros as large as the largest of them, and x.
    assert recording.bytes <= 8 * 4096 * 4 + 8 * 4 * 4 + 64
    assert recording.how == "replay"


def test_results_and_what_was_fed_belong_to_the_caller(replaced, same_tensors):
    model, args, kwargs = Nested(), (torch.randn(2, 3, 4),), {"scale": {"by": torch.tensor(2.0)}}
    recording = Recording(model, args, kwargs, "inner")
    edited = recording.activation * 2
    expected = replaced(model, args, kwargs, "inner", edited)
    args[0].zero_()
    first = rerun(recording, edited)
    same_tensors(first, expected)
    for _, tensor in tensors(first):
        tensor.zero_()
    same_tensors(rerun(recording, edited), expected)
    assert edited.abs().sum() > 0


def test_an_inplace_relu_after_the_layer_spares_the_callers_tensor():
    model, x = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True)), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "0")
    mine = torch.full((2, 4), -1.0)
    assert rerun(recording, mine).tolist() == [[0] * 4] * 2
    assert mine.max() == -1
    assert torch.equal(recording.activation, model[0](x))


def test_values_the_model_or_a_hook_keeps_are_the_real_ones():
    results = []

    class Keeps(Shared):
        def forward(self, x):
            results.append(torch.tanh(self.block(x)))
            return self.head(self.block(x))

    model, x = Keeps(), torch.randn(2, 4)
    hooked = []
    model.block[0].register_forward_hook(lambda _m, _args, output: hooked.append(output))
    forward(model, (x,), {})
    kept, before = results[-1].clone(), [value.clone() for value in hooked]
    recording = Recording(model, (x,), {}, "block#2")
    assert recording.how == "replay"
    hooked.clear()
    rerun(recording, recording.activation * 2)
    assert torch.equal(results[-1], kept)
    assert all(map(torch.equal, hooked, before))
    assert len(hooked) == 2


def test_a_numpy_round_trip(replaced, same_tensors):
    model, x = ThroughNumPy(), torch.randn(2, 4)
    for name in ("a", "b"):
        recording = Recording(model, (x,), {}, name)
        edited = recording.activation + 1
        same_tensors(rerun(recording, edited), replaced(model, (x,), {}, name, edited))
        assert recording.how == "replay"


# --- fall back to the full forward ------------------------------------------------------------------------------------


class Noisy(nn.Module):
    def __init__(self, noise, *, before):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.noise, self.before = noise, before

    def forward(self, x):
        if self.before:
            return self.b(self.a(self.noise(x)))
        return self.noise(self.b(self.a(x)))


NOISES = {
    "dropout": lambda x: functional.dropout(x, training=True),
    "torch": lambda x: x + torch.rand(4),
    "Python": lambda x: x * random.random(),  # noqa: S311 - no secret
    "NumPy": lambda x: x * float(np.random.rand()),  # noqa: NPY002 - the global state, as in augmentations
}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("name", NOISES)
def test_random_numbers_in_the_model(name, before, replaced, same_tensors):
    model, x = Noisy(NOISES[name], before=before), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "a")
    assert recording.how == "full forward"
    assert "draws random numbers" in recording.note
    # The random state at the start is the same each time, so the noise is too.
    state = (torch.get_rng_state(), random.getstate(), np.random.get_state())  # noqa: NPY002 - the global state
    edited = recording.activation * 2
    output = rerun(recording, edited)
    expected = replaced(model, (x,), {}, "a", edited)
    same_tensors(output, expected)
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])  # noqa: NPY002 - likewise


def test_a_buffer_that_is_counted_up_before_the_layer_and_read_after_it():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
            self.register_buffer("calls", torch.zeros(1))

        def forward(self, x):
            self.calls.add_(1)
            return self.b(self.a(x)) * self.calls

    recording = Recording(Counts(), (torch.randn(2, 4),), {}, "a")
    assert "changed in place before the layer and read after it" in recording.note


class CountsAfterwards(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        x = self.a(x)
        self.seen += 1
        return self.b(x) + self.seen


def test_reruns_of_a_held_model_do_not_see_each_other(same_tensors, untouched):
    model, x = CountsAfterwards().train(), torch.randn(2, 4)
    made = Recording(model, (x,), {}, "a")
    edited = [made.activation * scale for scale in (0.5, 2.0)]
    expected = [(model.b(value) + 1).detach() for value in edited]
    with untouched(model), made.held():
        for value, output in zip(edited, expected, strict=True):
            same_tensors(rerun(made, value), output)
            assert model.seen == 0
    assert made.how == "replay"
    same_tensors(rerun(made, edited[0]), expected[0])


def test_values_taken_past_torch_and_read_after_the_layer(replaced, same_tensors):
    class Past(ThroughNumPy):
        def forward(self, x):
            scale = torch.from_numpy(np.exp(self.a(x).numpy()))
            return self.c(self.b(x)) * scale

    model, x = Past(), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "b")
    assert recording.how == "full forward"
    assert recording.note == "a replay of the unchanged activation gave another output"
    same_tensors(rerun(recording, recording.activation * 2), replaced(model, (x,), {}, "b", recording.activation * 2))


def test_a_way_chosen_past_torch():
    class Chooses(ThroughNumPy):
        def forward(self, x):
            x = self.a(x)
            return self.c(self.b(x)) if np.abs(x.numpy()).sum() == 0 else self.c(self.b(torch.exp(x)))

    recording = Recording(Chooses(), (torch.randn(2, 4),), {}, "b")
    assert recording.note == "a replay went another way before the layer than the recording"


def test_sparse_values():
    class Sparse(Shared):
        def forward(self, x):
            return self.head(self.block(torch.sparse.mm(x.to_sparse(), self.head.weight.t()) @ self.head.weight))

    recording = Recording(Sparse(), (torch.randn(2, 4),), {}, "block")
    assert "not an ordinary one" in recording.note


def test_several_edits_and_their_order(same_tensors):
    model, x = Shared(), torch.randn(3, 4)
    edits = {
        "block.0#2": lambda value: value * 2,
        "block#2": lambda value: value + 1,
        "block#3": lambda value: value - value.mean(),
    }
    expected = forward_with(model, (x,), {}, edits)
    recording = Recording(model, (x,), {}, "block.0#2")
    same_tensors(recording.rerun(edits), expected)
    # Of three times two layers, one is skipped and one is replaced.
    linear = torch.ops.aten.addmm.default
    assert counted(lambda: recording.rerun(edits), linear) == 2
    assert recording.how == "replay"
    # Recorded at a layer that is not the first to return, all of it is run.
    late = Recording(model, (x,), {}, "block#2")
    assert late.how == "replay"
    same_tensors(late.rerun(edits), expected)
    assert (late.how, late.note) == ("full forward", "'block.0#2' returns before 'block#2', and is edited too")
    same_tensors(late.rerun(edits), expected)
    same_tensors(rerun(late, late.activation), model(x).detach())


def test_edits_that_fail_or_are_not_reached():
    model, x = Shared(), torch.randn(3, 4)
    recording = Recording(model, (x,), {}, "block")

    def broken(_):
        raise ZeroDivisionError("of an edit")

    with pytest.raises(ZeroDivisionError, match="of an edit"):
        recording.rerun({"block": lambda value: value, "head": broken})
    with pytest.raises(UnseenLayerError, match="block"):
        recording.rerun({"block": lambda value: value, "block#9": lambda value: value})
    with pytest.raises(UnknownLayerError, match="tail"):
        recording.rerun({"tail": broken})
    with pytest.raises(DataError, match="an edit must keep shape"):
        recording.rerun({"head": lambda value: value[:1]})
    assert recording.how == "replay"


def test_a_model_that_was_changed_after_the_recording(replaced, same_tensors):
    model, x = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "1")
    edited = recording.activation * 2
    with torch.no_grad():
        model[2].weight.mul_(2)
    # Weights after the layer are those of now.
    same_tensors(rerun(recording, edited), replaced(model, (x,), {}, "1", edited))
    model[0] = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    same_tensors(rerun(recording, edited), replaced(model, (x,), {}, "1", edited))
    assert recording.how == "full forward"
    assert "was it changed?" in recording.note


# --- errors -----------------------------------------------------------------------------------------------------------


def test_errors_name_what_is_wrong_and_leave_no_trace(untouched):
    model, x = Shared(), torch.randn(2, 4)
    model.dead = nn.Linear(1, 1)
    wide = torch.randn(2, 7)
    with untouched(model):
        with pytest.raises(UnknownLayerError, match="no layer 'blok'"):
            Recording(model, (x,), {}, "blok")
        with pytest.raises(UnseenLayerError, match="never called"):
            Recording(model, (x,), {}, "dead")
        with pytest.raises(UnseenLayerError, match="called 3 times"):
            Recording(model, (x,), {}, "block#4")
        with pytest.raises(ForwardError, match=r"in layer 'block\.0'"):
            Recording(model, (wide,), {}, "block")
        recording = Recording(model, (x,), {}, "block#2")
        with pytest.raises(DataError, match=r"Tensor\[2, 3\].*instead of Tensor\[2, 4\]"):
            rerun(recording, torch.zeros(2, 3))
        assert recording.how == "replay"


class StopError(BaseException):
    pass


@pytest.mark.parametrize("raised", [ValueError, StopError])
def test_an_error_after_the_layer_leaves_no_trace(raised, untouched, same_tensors):
    class Fussy(Shared):
        def forward(self, x):
            x = super().forward(x)
            if x.abs().max() > 1e5:
                raise raised
            return x

    model, x = Fussy(), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "block#3")
    huge = torch.full((2, 4), 1e9)
    with untouched(model), pytest.raises(ForwardError if raised is ValueError else StopError):
        rerun(recording, huge)
    assert recording.how == "replay"
    same_tensors(rerun(recording, recording.activation), forward(model, (x,), {}))


def test_on_a_snapshot_with_the_random_state_let_be(replaced, same_tensors):
    model, x = Shared(), torch.randn(2, 4)
    recording = Recording(snapshot(model), (x,), {}, "block#2", restore_rng=False)
    assert recording.how == "replay"
    edited = recording.activation * 2
    same_tensors(rerun(recording, edited), replaced(model, (x,), {}, "block#2", edited))


def test_a_mode_of_the_models_own_stays_in_its_place(replaced, same_tensors):
    seen = []

    class Lists(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    class Inside(Shared):
        def forward(self, x):
            with Lists():
                return super().forward(x)

    model, x = Inside(), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, "block#2")
    assert recording.how == "replay"
    edited = recording.activation * 2
    expected = replaced(model, (x,), {}, "block#2", edited)
    seen.clear()
    same_tensors(rerun(recording, edited), expected)
    assert seen.count(torch.ops.aten.addmm.default) == 4
    assert torch._C._len_torch_dispatch_stack() == 0


class Guarded(nn.Module):
    def __init__(self, guard):
        super().__init__()
        self.guard = guard
        self.inside, self.outside, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        with self.guard():
            h = self.inside(x).relu()
        return self.head(self.outside(h.clone()))


@pytest.mark.parametrize(
    "guard",
    [torch.inference_mode, lambda: torch.inference_mode(mode=False), torch.no_grad, lambda: torch.device("cpu")],
    ids=["inference mode", "inference mode off", "no gradients", "device"],
)
@pytest.mark.parametrize("layer", ["inside", "outside"])
def test_a_guard_inside_the_forward_breaks_nothing(guard, layer):
    model, x = Guarded(guard).eval(), torch.randn(2, 4)
    recording = Recording(model, (x,), {}, layer)
    with torch.no_grad():
        assert torch.equal(rerun(recording, recording.activation), model(x))
    # A dispatch mode left inside such a guard breaks every later operation of the thread.
    assert (torch.zeros(2) + 1).tolist() == [1, 1]
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_grad_enabled() or torch.ones(1, requires_grad=True).mul(2).requires_grad
