"""The monitor records what the layers did, and takes everything off the model again, whatever happens."""

import gc
import logging
import threading
import warnings
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import DataError, InnerviewError, UnknownLayerError
from innerview.model.layers import trace_layers
from innerview.training import recorder


def kinds(history):
    return [event.kind for event in history.events]


def hooks(model):
    found = []
    for module in model.modules():
        found += [hook for name, held in vars(module).items() if name.endswith("_hooks") for hook in held]
    return found


def test_a_plain_loop(loop):
    run = loop(budget=None).run(5)
    history = run.history
    assert history.layers == tuple(trace_layers(run.model, (run.batch()[0],), {}))
    assert history.layers == (
        "conv",
        "norm",
        "relu",
        "block",
        "block.0",
        "block.1",
        "block.2",
        "relu#2",
        "drop",
        "head",
    )
    assert history.step == 5
    relu = history.series("relu")
    assert relu.kind == "ReLU"
    np.testing.assert_array_equal(relu.steps, range(5))
    np.testing.assert_array_equal(relu.spans, 1)
    np.testing.assert_array_equal(relu.count, 8 * 4 * 36)
    assert relu.channel_high.shape == (5, 4)
    assert (history.series("conv").gradient_std > 0).all()
    steps, values = history.metric("loss")
    np.testing.assert_array_equal(steps, range(5))
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(history.metric("lr")[1], 0.1)
    assert history.parameters == tuple(name for name, _ in run.model.named_parameters())
    assert not hooks(run.model)
    assert not run.optimizer._optimizer_step_pre_hooks
    assert not run.optimizer._optimizer_step_post_hooks


def test_values_are_those_before_a_later_operation_in_place(loop):
    run = loop(budget=None)
    inside = {}
    forward = run.model.norm.forward

    def kept(x):
        result = forward(x)
        inside["norm"] = result.detach().clone()
        return result

    run.model.norm.forward = kept
    run.run(1)
    norm, relu = run.history.series("norm"), run.history.series("relu")
    np.testing.assert_allclose(norm.mean[0], inside["norm"].mean(), atol=1e-6)
    np.testing.assert_allclose(norm.low[0], inside["norm"].min())
    assert norm.low[0] < 0 <= relu.low[0]


def test_gradients_of_activations(loop):
    run = loop(budget=None)
    run.model.drop.p = 0.0
    twin = loop(monitored=False)
    twin.model.drop.p = 0.0
    found = {}

    def hook(_module, _args, output):
        output.register_hook(lambda gradient: found.update(block=gradient.clone()))

    twin.model.block.register_forward_hook(hook)
    run.run(1)
    twin.run(1)
    series = run.history.series("block")
    np.testing.assert_allclose(series.gradient_mean[0], found["block"].mean(), rtol=1e-4)
    np.testing.assert_allclose(series.gradient_std[0], found["block"].std(correction=0), rtol=1e-4)


def test_a_block_has_the_numbers_of_its_last_layer_and_is_not_looked_at_twice(loop, monkeypatch):
    looked = []
    summarise = recorder.summarise
    monkeypatch.setattr(recorder, "summarise", lambda *args: looked.append(args) or summarise(*args))
    inner = nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True))
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.Sequential(inner), nn.Linear(5, 3))
    history = loop(model, budget=None).run(1).history
    last = history.series("2.0.1")
    for block in ("2", "2.0"):
        for field in ("mean", "std", "histogram", "channel_high", "gradient_mean", "gradient_std"):
            np.testing.assert_array_equal(getattr(history.series(block), field), getattr(last, field))
    assert last.low == 0 > history.series("2.0.0").low
    assert np.isfinite(last.gradient_std).all()
    assert len(looked) == len({"0", "1", "2.0.0", "2.0.1", "3"})


def test_updates_of_weights(loop):
    run = loop(budget=None)
    before = run.model.head.weight.detach().clone()
    run.run(1)
    after, gradient = run.model.head.weight.detach(), run.model.head.weight.grad
    weights = run.history.weights("head.weight")

    def rms(values):
        return values.square().mean().sqrt().item()

    # It is small: all of it is in the sample.
    assert weights.rms[0] == pytest.approx(rms(before), rel=1e-5)
    assert weights.gradient_rms[0] == pytest.approx(rms(gradient), rel=1e-5)
    assert weights.update_ratio[0] == pytest.approx(rms(after - before) / rms(before), rel=1e-4)


def test_updates_of_weights_without_an_optimizer(loop):
    run = loop(budget=None)
    known = run.run(2).history.weights("head.weight")
    other = loop(monitored=False)
    other.monitor = iv.Monitor(other.model, budget=None)
    found = other.run(2).history.weights("head.weight")
    for name in ("rms", "gradient_rms", "update_ratio", "near_zeros"):
        np.testing.assert_allclose(getattr(found, name), getattr(known, name))
    assert other.history.metrics == ("loss",)


def test_evaluation_is_kept_apart(loop):
    run = loop(budget=None)
    with run.monitor:
        run.step()
        run.evaluate(3)
        run.step()
        run.evaluate(1)
    training, evaluation = run.history.series("head"), run.history.series("head", "eval")
    np.testing.assert_array_equal(training.steps, [0, 1])
    np.testing.assert_array_equal(training.count, 8 * 3)
    np.testing.assert_array_equal(evaluation.steps, [1, 2])
    np.testing.assert_array_equal(evaluation.count, [3 * 8 * 3, 8 * 3])
    with pytest.raises(ValueError, match=r"phase='test'.*'train' and 'eval'"):
        run.history.series("head", "test")


def test_an_evaluation_in_inference_mode(loop):
    """Tensors made there do not count their changes."""
    run = loop(budget=None)
    with run.monitor, torch.inference_mode():
        run.evaluate(batches=1)
    assert kinds(run.history) == []
    series = run.history.series("relu", "eval")
    assert series.count.tolist() == [8 * 4 * 36]
    assert series.low.tolist() == [0]
    assert run.history.series("conv", "eval").low < 0


def test_a_long_evaluation_is_brought_together_on_the_way(loop):
    run = loop(budget=None)
    with run.monitor:
        run.evaluate(100)
        assert len(run.monitor._watcher._evaluation.recorder._seen["head"]) < 40
    assert run.history.series("head", "eval").count[0] == 100 * 8 * 3


def test_accumulated_forwards_are_one_record(loop):
    parts, whole = loop(budget=None).run(1, parts=4), loop(budget=None)
    assert parts.history.series("conv").count[0] == 4 * 8 * 4 * 36
    with whole.monitor:
        whole.optimizer.zero_grad()
        x = torch.cat([whole.batch()[0] for _ in range(4)])
        whole.model(x)
        whole.monitor.step()
    for name in ("mean", "std", "low", "high"):
        np.testing.assert_allclose(
            getattr(parts.history.series("conv"), name), getattr(whole.history.series("conv"), name), rtol=1e-5
        )


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_checkpointing_computes_again_is_not_counted(loop, net, reentrant):
    torch.manual_seed(0)
    plain = loop(budget=None).run(2)
    torch.manual_seed(0)
    again = loop(net(checkpointed=True, reentrant=reentrant), budget=None).run(2)
    for layer in plain.history.layers:
        one, other = plain.history.series(layer), again.history.series(layer)
        np.testing.assert_array_equal(one.count, other.count)
    # Reentrant checkpointing makes the forward without a graph, so there is no gradient to see inside.
    assert np.isfinite(again.history.series("block").gradient_std).all() == (not reentrant)
    assert np.isfinite(again.history.series("head").gradient_std).all()


def test_mixed_precision(loop):
    run = loop(budget=None).run(2, amp=True)
    exact = loop(budget=None).run(2)
    np.testing.assert_allclose(run.history.series("conv").std, exact.history.series("conv").std, rtol=0.02)
    assert np.isfinite(run.history.series("head").gradient_std).all()


class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2, dtype=torch.float16)

    def forward(self, x):
        return self.layer(x)


def test_scaled_gradients_are_divided_or_said_to_be_scaled():
    found = []
    for scaler in (torch.amp.GradScaler("cpu", init_scale=2.0**10), None):
        torch.manual_seed(0)
        model = nn.Sequential(Half(), nn.Flatten())
        monitor = iv.Monitor(model, budget=None, scaler=scaler)
        with monitor:
            loss = model(torch.ones(3, 4, dtype=torch.float16)).float().mean()
            (loss * 2.0**10).backward()
            monitor.step(loss=loss)
        found.append(monitor.history.series("0").gradient_mean[0])
        assert ("amp" in kinds(monitor.history)) == (scaler is None)
    np.testing.assert_allclose(found, [1 / 6, 2.0**10 / 6], rtol=1e-3)


def test_a_single_layer_is_its_own_only_layer():
    model = nn.Linear(3, 2)
    with iv.Monitor(model, budget=None) as monitor:
        model(torch.ones(4, 3)).sum().backward()
        monitor.step()
    series = monitor.history.series("Linear")
    assert (series.count[0], series.gradient_mean[0]) == (8, 1)


def test_outputs_of_any_nesting(loop):
    class Tuple(nn.Module):
        def forward(self, x):
            return {"index": x.argmax(1), "deep": [(x * 2,)]}, None

    class Nothing(nn.Module):
        def forward(self, _x):
            return None

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.nothing, self.lstm = Tuple(), Nothing(), nn.LSTM(3, 5)

        def forward(self, x):
            self.nothing(x)
            return self.lstm(self.inner(x)[0]["deep"][0][0])[0]

    model = Outer()
    with iv.Monitor(model, budget=None) as monitor:
        model(torch.ones(4, 3))
        monitor.step()
    assert monitor.history.layers == ("inner", "lstm")
    assert monitor.history.series("inner").mean[0] == 2
    assert monitor.history.series("lstm").channel_mean.shape == (1, 5)


def test_chosen_layers(loop):
    run = loop(budget=None, layers=["head", "relu#2"])
    with run.monitor:
        run.step()
        assert run.history.layers == ("relu", "relu#2", "head")
        run.monitor.layers = ["conv"]
        run.step()
        run.monitor.layers = None
        run.step()
    np.testing.assert_array_equal(run.history.series("conv").steps, [1, 2])
    np.testing.assert_array_equal(run.history.series("head").steps, [0, 2])
    assert kinds(run.history) == []
    with pytest.raises(UnknownLayerError, match="haed"):
        run.monitor.layers = ["haed"]
    with pytest.raises(UnknownLayerError, match="'conv'"):
        loop(layers=["convv"])


def test_probe_samples(loop):
    probes = torch.randn(2, 1, 8, 8)
    run = loop(budget=None, probes=probes, probe_every=2)
    with run.monitor:
        for _ in range(5):
            run.step()
        run.monitor.epoch()
    assert run.history.probes == 2
    np.testing.assert_array_equal(run.history.probe(1, "norm").steps, [2, 4, 5])
    run.model.eval()
    with torch.no_grad():
        norm = run.model.norm(run.model.conv(probes[1:]))[0].flatten(1)
    last = run.history.probe(1, "norm")
    np.testing.assert_allclose(last.channel_mean[-1], norm.mean(1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(last.channel_std[-1], norm.std(1, correction=0), rtol=1e-4)
    np.testing.assert_allclose(last.channel_high[-1], norm.amax(1))
    assert [event.text for event in run.history.events] == ["epoch 1 ended"]
    # The probes are no evaluation.
    assert not len(run.history.series("norm", "eval").steps)
    with pytest.raises(IndexError, match="2 probe samples"):
        run.history.probe(2, "norm")
    with pytest.raises(DataError, match="17 samples"):
        loop(probes=torch.zeros(17, 1, 8, 8))
    with pytest.raises(InnerviewError, match="probe_every=3"):
        loop(probe_every=3)


def test_pause(loop):
    run = loop(budget=None)
    with run.monitor:
        run.step()
        run.monitor.pause()
        run.step()
        run.evaluate()
        assert run.monitor.paused
        run.monitor.resume()
        run.step()
    np.testing.assert_array_equal(run.history.series("conv").steps, [0, 2])
    assert len(run.history.metric("loss")[0]) == 3
    assert kinds(run.history) == ["pause", "resume"]


def test_listeners(loop, caplog, monkeypatch):
    run, called = loop(budget=None), []

    def fails():
        raise ValueError("no chart")

    def callback():
        called.append((run.history.step, threading.get_ident()))

    with run.monitor:
        run.monitor.listen(fails)
        run.monitor.listen(callback)
        with caplog.at_level(logging.ERROR):
            run.step()
            monkeypatch.setattr("innerview.training.guard._INTERVAL", 1e9)
            run.step()  # too soon after the first
    assert called == [(1, threading.get_ident()), (2, threading.get_ident())]
    assert "no chart" in caplog.text
    run.monitor.unlisten(fails)
    run.monitor.unlisten(fails)


@pytest.mark.parametrize("budget", [None, 0.0])
def test_who_listens_at_every_step_hears_of_those_not_recorded(loop, monkeypatch, budget):
    run, called = loop(budget=budget), []

    def callback():
        called.append(run.history.step)
        (run.monitor.pause, run.monitor.resume)[run.monitor.paused]()

    monkeypatch.setattr("innerview.training.guard._INTERVAL", 0.0)
    with run.monitor:
        run.monitor.listen(callback, every_step=True)
        for _ in range(4):
            run.step()
        monkeypatch.setattr("innerview.training.guard._INTERVAL", 1e9)
        run.step()  # too soon after the one before
    assert called == [1, 2, 3, 4]
    assert kinds(run.history) == ["pause", "resume"] * 2
    run.monitor.unlisten(callback)
    assert not run.monitor._step_listeners._callbacks


def test_an_exception_in_the_loop_keeps_what_was_seen(loop):
    run = loop(budget=None)

    def train():
        with run.monitor:
            run.step()
            run.loss()
            raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError):
        train()
    assert not hooks(run.model)
    assert not run.optimizer._optimizer_step_pre_hooks
    np.testing.assert_array_equal(run.history.series("head").steps, [0, 1])
    assert run.history.events[-1].kind == "error"
    assert "ZeroDivisionError: division by zero" in run.history.events[-1].text


def test_an_exception_in_a_forward(loop):
    run = loop(budget=None)
    with run.monitor:
        run.step()
        with pytest.raises(RuntimeError):
            run.model(torch.zeros(2, 3, 8, 8))
        run.step()
        run.step()
    np.testing.assert_array_equal(run.history.series("head").steps, [0, 1, 2])
    assert not hooks(run.model)


def test_an_error_of_a_statistic_does_not_reach_the_training(loop, monkeypatch):
    run = loop(budget=None)

    def fails(*_):
        raise ValueError("odd tensor")

    with run.monitor:
        run.step()
        with monkeypatch.context() as patch:
            patch.setattr("innerview.training.recorder.summarise", fails)
            run.step()
        run.step()
    np.testing.assert_array_equal(run.history.series("head").steps, [0, 2])
    assert [event.text for event in run.history.events] == [
        "a part of this step was not recorded: ValueError: odd tensor"
    ]


def test_a_model_changed_during_the_run(loop):
    run = loop(budget=None)
    with run.monitor:
        run.step()
        run.model.block[1] = nn.ReLU()
        run.model.extra = nn.Identity()
        run.model.drop = nn.Sequential(nn.Dropout(0.1))
        run.step()
        del run.model.extra
        run.step()
    assert [event.text for event in run.history.events if event.kind == "model"] == [
        "added: 'drop.0', 'extra'",
        "replaced: 'block.1', 'drop'",
        "removed: 'extra'",
    ]
    np.testing.assert_array_equal(run.history.series("block.1").low < 0, [True, False, False])
    assert run.history.kind("block.1") == "ReLU"
    np.testing.assert_array_equal(run.history.series("drop.0").steps, [1, 2])
    assert run.history.layers[-2:] == ("drop.0", "head")


def test_a_wider_layer(loop):
    run = loop(budget=None)
    with run.monitor:
        run.step()
        run.model.block = nn.Sequential(nn.Conv2d(4, 9, 3), nn.Tanh(), nn.Conv2d(9, 6, 1))
        run.step()
    wide = run.history.series("block.0").channel_mean
    np.testing.assert_array_equal(np.isnan(wide).sum(1), [3, 0])


def test_a_layer_that_is_called_no_more(loop):
    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.skip = nn.Linear(4, 4), nn.Linear(4, 2), False

        def forward(self, x):
            return self.two(x if self.skip else self.one(x))

    model = Skipping()
    with iv.Monitor(model, budget=None) as monitor:
        for step in range(8):
            model.skip = 2 <= step < 6
            model(torch.ones(2, 4))
            monitor.step()
    assert [(e.step, e.layer, e.text) for e in monitor.history.events] == [
        (4, "one", "'one' was not called in the last 3 recorded steps"),
        (6, "one", "'one' is called again"),
    ]
    np.testing.assert_array_equal(monitor.history.series("one").steps, [0, 1, 6, 7])


def test_a_loss_that_is_no_number(loop):
    run = loop(budget=None)
    with run.monitor:
        for loss in (1.0, float("nan"), torch.tensor(torch.inf), 2, np.float32(3)):
            run.model(run.batch()[0])
            run.monitor.step(loss=loss, accuracy=0.5)
        run.model(run.batch()[0])
        with pytest.raises(InnerviewError, match=r"accuracy='high'.*one number"):
            run.monitor.step(accuracy="high")
        with pytest.raises(InnerviewError, match=r"tensor of shape \[2\]"):
            run.monitor.step(loss=torch.ones(2))
    np.testing.assert_array_equal(run.history.metric("loss")[1], [1, np.nan, np.inf, 2, 3])
    assert [(event.step, event.text) for event in run.history.events] == [
        (1, "the loss is not a finite number: nan"),
        (3, "the loss is a number again"),
    ]


def test_the_optimizer_of_another_model(loop):
    other = torch.optim.Adam(nn.Linear(2, 2).parameters())
    with pytest.raises(InnerviewError, match="Adam trains 2 parameters, none of which belongs to the monitored Net"):
        iv.Monitor(loop(monitored=False).model, optimizer=other)


def test_a_step_without_a_forward(loop):
    run = loop()
    with run.monitor:
        run.model.conv(run.batch()[0])
        with pytest.warns(UserWarning, match="without a forward of the monitored Net"):
            run.monitor.step(loss=1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run.monitor.step(loss=1.0)
    assert run.history.step == 2


def test_before_and_after_the_with(loop):
    run = loop(budget=None)
    for _ in range(2):
        with pytest.raises(InnerviewError, match="inside `with monitor:`"):
            run.monitor.step()
        with run.monitor:
            with pytest.raises(InnerviewError, match="recording already"):
                run.monitor.__enter__()
            run.step()
        run.monitor.close()
    assert run.history.step == 2
    assert not hooks(run.model)


def test_two_monitors_of_one_model(loop):
    run = loop(budget=None)
    with iv.Monitor(run.model, budget=None) as second, run.monitor:
        run.step()
        second.step()
        run.step()
        second.step()
    one, other = second.history.series("conv"), run.history.series("conv")
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.gradient_std, other.gradient_std)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_scripted_model():
    with pytest.raises(InnerviewError, match="TorchScript"):
        iv.Monitor(torch.jit.script(nn.Sequential(nn.Linear(2, 2)))).__enter__()


def test_a_compiled_model_shows_its_weights(loop):
    run = loop(budget=None)
    run.model.compile(backend="eager")
    second = iv.Monitor(run.model, budget=None)
    with second, run.monitor:
        for _ in range(2):
            run.step()
            second.step()
    for history in (run.history, second.history):
        assert history.layers == ()
        np.testing.assert_array_equal(history.weights("conv.weight").steps, [0, 1])
        assert "compiled" in history.events[0].text
    np.testing.assert_allclose(*(h.weights("conv.weight").update_ratio for h in (run.history, second.history)))


def test_a_closed_monitor_lets_go_of_the_model(loop):
    run = loop(budget=None).run(2)
    model, history = weakref.ref(run.model), run.history
    del run
    gc.collect()
    assert model() is None
    assert history.series("conv").count[0]


def test_a_budget_that_is_no_fraction(loop):
    with pytest.raises(ValueError, match=r"budget=2: a fraction"):
        loop(budget=2)


@pytest.mark.parametrize("bound", ["_SMALL", "_MOST_COPIED"])
def test_what_is_looked_at_after_the_step_is_what_was_there(loop, monkeypatch, bound):
    """Copies looked at in the end, or each output at once, where there would be too many copies: the same numbers."""
    later = loop(budget=None).run(5).history
    monkeypatch.setattr(recorder, bound, -1)
    at_once = loop(budget=None).run(5).history
    assert later.layers == at_once.layers
    for layer in later.layers:
        one, other = later.series(layer), at_once.series(layer)
        for name in ("mean", "std", "low", "high", "histogram", "channel_mean", "channel_high", "gradient_std"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
