"""Nothing that the monitor does ends a training, changes it, or stays behind on it."""

import logging

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributed import destroy_process_group, init_process_group
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, distribute_tensor, init_device_mesh
from torch.utils._pytree import tree_map_only

import innerview as iv
from innerview.training.weights import WeightWatch


@pytest.fixture
def mesh(tmp_path):
    init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    destroy_process_group()


def fails(*_, **__):
    raise RuntimeError("odd tensor")


@pytest.mark.parametrize(
    "part",
    [
        "recorder.summarise",
        "recorder.summarise_gradient",
        "recorder.unpack",
        "recorder.Recorder.start",
        "recorder.Recorder.take",
        "weights.WeightWatch.before",
        "weights.WeightWatch.gradients",
        "weights.WeightWatch.after",
        "weights.WeightWatch.take",
        "metrics.Metrics.add",
        "metrics.Metrics.flush",
        "monitor.learning_rates",
        "monitor.diagnose",
        "history.History.add",
        "history.History.add_metrics",
        "probes.Probes.run",
        "watcher.modules_of",
    ],
)
@pytest.mark.parametrize("blind", [False, True])
def test_an_error_in_any_part_does_not_reach_the_training(loop, monkeypatch, caplog, part, blind):
    plain = loop(monitored=False).run(6)
    run = loop(budget=None, probes=torch.zeros(1, 1, 8, 8), probe_every=2)
    if blind:  # the steps of the optimizer are not seen either
        run.monitor.optimizer = None
    run.monitor.on("dead", print)
    torch.manual_seed(2)
    with run.monitor:
        run.step()
        with caplog.at_level(logging.ERROR), monkeypatch.context() as patch:
            patch.setattr(f"innerview.training.{part}", fails)
            for _ in range(4):
                run.step()
            run.evaluate()
            run.monitor.epoch()
        run.generator = torch.Generator().manual_seed(1)
        for _ in range(5):
            run.batch()
        run.step()
    for name, value in plain.state().items():
        assert torch.equal(run.state()[name], value), name
    assert run.history.step == 6
    # The last step was recorded again.
    assert run.history.series("head").steps[-1] == 5
    optional = part in {"metrics.Metrics.flush", "monitor.learning_rates"}
    assert ("RuntimeError: odd tensor" in run.monitor.error) or optional
    told = [event.text for event in run.history.events if event.kind == "error"]
    assert len(set(told)) == len(told)
    if told:
        assert run.monitor.error in told
        assert "odd tensor" in caplog.text


class Token(nn.Module):
    """As the class token of a transformer, learned queries or prompts: what it returns is a parameter."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 3))

    def forward(self):
        return self.token


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.same, self.head = Token(), nn.Identity(), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(x + self.same(self.one()))


def test_no_hook_stays_on_a_parameter_that_a_module_returns():
    torch.manual_seed(0)
    model = Model()
    monitor, found = iv.Monitor(model, budget=None), []
    with monitor:
        for _ in range(3):
            model.zero_grad()
            for _ in range(2):  # accumulated
                model(torch.randn(4, 3)).square().sum().backward()
            found.append(model.one.token.grad.numpy().copy())
            monitor.step()
            assert not model.one.token._backward_hooks
    for layer in ("one", "same"):
        series = monitor.history.series(layer)
        assert (series._column("gradient_count") == 2 * 3).all()
        np.testing.assert_allclose(series.gradient_mean, [grad.mean() / 2 for grad in found], rtol=1e-5)


def test_no_hook_stays_on_a_tensor_that_the_model_keeps():
    class Keeps(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()
            self.kept = torch.ones(2, requires_grad=True) * 2

        def forward(self, x):
            return self.inner(self.kept) * x

    model = Keeps()
    with iv.Monitor(model, budget=None) as monitor:
        for _ in range(3):
            model(torch.ones(2)).sum().backward(retain_graph=True)
            monitor.step()
            assert not model.kept._backward_hooks
    np.testing.assert_array_equal(monitor.history.series("inner").gradient_mean, 1)


def test_a_gradient_on_the_way_to_the_loss_is_not_counted(loop):
    """A gradient penalty differentiates the loss, and then the sum of both."""
    run, found = loop(budget=None), {}
    twin = loop(monitored=False)

    def loss_of(model, penalised):
        x, y = run.batch()[0].requires_grad_(), torch.tensor([0] * 8)
        loss = nn.functional.cross_entropy(model(x), y)
        if penalised:
            (slope,) = torch.autograd.grad(loss, x, create_graph=True)
            loss = loss + 10 * slope.square().sum()
        return loss

    for each in (run, twin):
        each.model.drop.p = 0.0
        each.model.relu.inplace = False
    with run.monitor:
        for penalised in (False, True):
            run.generator.manual_seed(1)
            loss = loss_of(run.model, penalised)
            loss.backward()
            run.monitor.step(loss=loss)
            run.model.zero_grad()

    def hook(_module, _args, output):
        output.register_hook(lambda gradient: found.update(last=gradient.clone()))

    twin.model.block.register_forward_hook(hook)
    for penalised in (False, True):
        run.generator.manual_seed(1)
        loss_of(twin.model, penalised).backward()
        series, at = run.history.series("block"), int(penalised)
        assert series._column("gradient_count")[at] == series.count[at]
        np.testing.assert_allclose(series.gradient_std[at], found["last"].std(correction=0), rtol=1e-4)


@pytest.mark.parametrize("optimizer", [True, False])
def test_weights_in_shards(loop, mesh, optimizer):
    def run(shard):
        training = loop(monitored=False)
        if shard:
            training.model.head = fully_shard(training.model.head, mesh=mesh)
            fully_shard(training.model, mesh=mesh)
            assert isinstance(training.model.head.weight, DTensor)
        training.optimizer = torch.optim.SGD(training.model.parameters(), lr=0.1)
        given = training.optimizer if optimizer else None
        training.monitor = iv.Monitor(training.model, optimizer=given, budget=None)
        return training.run(3)

    plain, sharded = run(False), run(True)
    assert sharded.monitor.error == ""
    assert sharded.history.layers == plain.history.layers
    assert set(sharded.history.parameters) == set(plain.history.parameters)
    for parameter in plain.history.parameters:
        one, other = plain.history.weights(parameter), sharded.history.weights(parameter)
        for name in ("rms", "gradient_rms", "update_ratio", "near_zeros"):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-4, err_msg=parameter)


def test_activations_in_shards(mesh):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    x, histories = torch.randn(5, 4), []
    for shard in (False, True):
        if shard:
            for name, weight in list(model[0].named_parameters()):
                setattr(model[0], name, nn.Parameter(distribute_tensor(weight.detach(), mesh, [Replicate()])))
            x = distribute_tensor(x, mesh, [Replicate()])
        with iv.Monitor(model, budget=None) as monitor:
            model(x).sum().backward()
            monitor.step()
        assert monitor.error == ""
        histories.append(monitor.history)
    for layer in ("0", "1"):
        for name in ("mean", "std", "gradient_std", "channel_high"):
            one, other = (getattr(history.series(layer), name) for history in histories)
            np.testing.assert_allclose(other, one, rtol=1e-5)


class Labelled(torch.Tensor):
    """A subclass with nothing but a name."""


class Hostile(torch.Tensor):
    """A subclass that holds its values in another tensor, and does not know how to be sampled."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        if "view" in str(function) or "permute" in str(function):
            raise TypeError("a view of a Hostile tensor")
        inner = tree_map_only(Hostile, lambda one: one.inner, (args, kwargs or {}))
        result = function(*inner[0], **inner[1])
        if "detach" in str(function):
            return Hostile(result)
        return args[0] if args and isinstance(args[0], Hostile) and result is args[0].inner else result


@pytest.mark.parametrize("kind", [Labelled, Hostile])
def test_weights_of_another_class(kind):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    model[0].weight = nn.Parameter(kind(model[0].weight.detach().clone()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(2, 3)).square().sum().backward()
            optimizer.step()
            monitor.step()
    seen = {"0.weight"} if kind is Labelled else set()
    assert set(monitor.history.parameters) == {"0.bias", "1.weight", "1.bias"} | seen
    assert monitor.history.step == 3


def test_what_a_device_without_float64_is_asked():
    """Apple's devices know no float64: the values are moved to the CPU first."""

    class Apple(torch.Tensor):
        def double(self):
            raise TypeError("MPS does not support float64")

        def cpu(self):
            return self.as_subclass(torch.Tensor)

    model = nn.Linear(3, 2)
    watch = WeightWatch(model)
    watch.before()
    watch.after()
    watch._before = {name: values.as_subclass(Apple) for name, values in watch._before.items()}
    assert watch.take()["weight"].update_ratio == 0
