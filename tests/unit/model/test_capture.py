"""Capturing chosen layers: what is kept, when the forward ends, and what errors say."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
import torch
from torch import nn

from innerview.errors import ForwardError, UnknownLayerError, UnseenLayerError
from innerview.model.capture import Capture, forward, run

REACHED = []  # outside of the model: what a forward writes in it is put back


class Chain(nn.Module):
    """Counts how far each forward came."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(4)])
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        REACHED.clear()
        for layer in self.layers:
            x = self.relu(layer(x))
            REACHED.append(layer)
        return x


def batch():
    return torch.randn(3, 4)


def test_the_forward_stops_after_the_last_layer_needed():
    model = Chain()
    run(model, (batch(),), {}, ["layers.2", "layers.0"])
    assert len(REACHED) == 2
    run(model, (batch(),), {}, ["relu#2"])
    assert len(REACHED) == 1
    run(model, (batch(),), {}, ["layers.2"], stop=False)
    assert len(REACHED) == 4


def test_order_and_repetition_of_names():
    assert list(run(Chain(), (batch(),), {}, ["layers.2", "layers.0", "layers.2"])) == ["layers.2", "layers.0"]
    assert run(Chain(), (batch(),), {}, []) == {}


def test_values_alias_nothing():
    model, x = Chain(), batch()
    values = run(model, (x,), {}, ["layers.0", "relu"])
    before = values["relu"].clone()
    values["layers.0"].zero_()
    assert torch.equal(values["relu"], before)
    assert not values["relu"].requires_grad

    class Passes(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x):
            return self.inner(x)

    value = run(Passes(), (x,), {}, ["inner"])["inner"]
    value.zero_()
    assert x.abs().sum() > 0


def test_the_users_hooks_run_first_and_stay():
    model = Chain()
    handle = model.layers[1].register_forward_hook(lambda _m, _args, output: output + 100)
    hooks = list(model.layers[1]._forward_hooks.items())
    assert (run(model, (batch(),), {}, ["layers.1"])["layers.1"] > 50).all()
    assert list(model.layers[1]._forward_hooks.items()) == hooks
    handle.remove()


@pytest.mark.parametrize("how", ["except Exception", "bare except", "finally", "bare except, then fails"])
def test_a_model_that_catches_everything(how):
    class Greedy(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            if how == "except Exception":
                try:
                    y = self.a(x)
                except Exception:  # noqa: BLE001 - as some models do
                    pytest.fail("the stop must not look like an error of the layer")
            elif how == "finally":
                try:
                    y = self.a(x)
                finally:
                    return self.b(x)  # noqa: B012 - likewise
            else:
                try:
                    y = self.a(x)
                except:  # noqa: E722 - likewise
                    y = x if how == "bare except" else None
            return self.b(y)

    model, x = Greedy(), batch()
    assert torch.equal(run(model, (x,), {}, ["a"])["a"], model.a(x))


def test_capture_as_a_context_over_several_forwards():
    model, x = Chain().eval(), batch()
    with torch.no_grad(), Capture(model, ["layers.0", "layers.0#2", "layers.3"]) as seen:
        model(x)
        assert seen.missing == ["layers.0#2"]
        model(x + 1)
    assert set(seen.values) == {"layers.0", "layers.0#2", "layers.3"}
    assert torch.equal(seen.values["layers.0#2"], model.layers[0](x + 1))
    assert not model.layers[0]._forward_hooks
    model(x)
    assert torch.equal(seen.values["layers.0"], model.layers[0](x))


def test_calls_on_other_threads_are_not_seen():
    model, x, other = Chain(), batch(), torch.full((3, 4), 7.0)
    started, finish = threading.Event(), threading.Event()
    outputs = []

    def train():
        while not finish.wait(0.0001):  # rests, or it would starve the other thread
            outputs.append(model(other))
            started.set()

    thread = threading.Thread(target=train)
    thread.start()
    started.wait()
    try:
        for _ in range(50):
            values = run(model, (x,), {}, ["layers.0"])
            assert torch.equal(values["layers.0"], model.layers[0](x))
    finally:
        finish.set()
        thread.join()
    # Neither was any of the other thread's forwards ended early.
    assert len(outputs) > 1
    assert all(torch.equal(output, outputs[0]) for output in outputs)


def test_only_chosen_layers_are_kept():
    kept = []

    class Watched(nn.Module):
        def forward(self, x):
            result = x * 1
            kept.append(weakref.ref(result))
            return result

    model = nn.Sequential(*[Watched() for _ in range(6)])
    gc.collect()
    before = _count_tensors()
    values = run(model, (torch.ones(1000),), {}, ["2", "4"])
    gc.collect()
    assert all(ref() is None for ref in kept)
    assert _count_tensors() == before + 2
    assert len(values) == 2


def test_an_unseen_layer_says_why():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.dead, self.list = nn.Linear(4, 4), nn.Linear(4, 4), nn.ModuleList([nn.Linear(4, 4)])
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.prints = Prints()

        def forward(self, x):
            self.prints(x)
            return self.attention(*[self.list[0](self.linear(x))[:, None]] * 3)[0]

    class Prints(nn.Module):
        def forward(self, x):
            return f"{x.mean():.1f}"

    for name, reason in {
        "dead": "never called in this forward",
        "linear#3": "'linear' was called 1 time in this forward",
        "list": "a ModuleList only holds others",
        "attention.out_proj": "uses its weights without calling it",
        "prints": r"returns no tensor \(str\)",
    }.items():
        with pytest.raises(UnseenLayerError, match=f"the output of layer '{name}' cannot be seen: .*{reason}"):
            run(Odd(), (batch(),), {}, ["linear", name])
    with pytest.raises(UnknownLayerError, match=r"there is no layer 'line'.*'linear'"):
        run(Odd(), (batch(),), {}, ["line"])


@pytest.mark.parametrize("call", [lambda m, a: forward(m, a, {}), lambda m, a: run(m, a, {}, ["layers.3"])])
def test_a_rejected_input_says_what_was_fed_and_where(call):
    with pytest.raises(ForwardError) as caught:
        call(Chain(), (torch.randn(2, 5),))
    text = str(caught.value)
    assert text.startswith("Chain rejected its input in layer 'layers.0' (Linear): RuntimeError: mat1 and mat2")
    assert "fed: Tensor[2, 5] float32 on cpu" in text
    assert "devices differ" not in text
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_another_device_is_named():
    model = Chain()
    model.layers[3].to("meta")
    with pytest.raises(
        ForwardError, match=r"the model is on cpu .*layers.0.weight.*meta \(such as 'layers.3.weight'\)"
    ):
        forward(model, (batch(),), {})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_input_on_another_device_than_the_model():
    with pytest.raises(ForwardError, match=r"devices differ: the model is on cuda:0 .* its input on cpu"):
        forward(Chain().cuda(), (batch(),), {})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_values_stay_on_the_gpu_in_half_precision():
    model = Chain().cuda().half()
    value = run(model, (batch().cuda().half(),), {}, ["relu#2"])["relu#2"]
    assert (value.device.type, value.dtype) == ("cuda", torch.float16)


def test_another_dtype_is_named():
    with pytest.raises(ForwardError, match="dtypes differ: the model has float32, its input float64"):
        forward(Chain(), (batch().double(),), {})


def test_the_first_call_may_make_lazy_layers():
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU())
    assert run(model, (batch(),), {}, ["1"])["1"].shape == (3, 3)


def _count_tensors():
    # The type, not isinstance: that asks each object for its __class__, and some deprecated ones warn.
    return sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects())
