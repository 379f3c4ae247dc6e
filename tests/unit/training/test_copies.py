"""What is made of a model in the middle of a run is the plain model, and the run goes on being monitored."""

import copy
import io
import pickle
from threading import Thread

import numpy as np
import pytest
import torch
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.optim.swa_utils import AveragedModel

from innerview.model.state import snapshot
from innerview.model.status import is_compiled

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning", "ignore::torch.jit.TracerWarning", "ignore:.*is_fx_tracing"
)
X = torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(4))


class Small(nn.Module):
    """A model that every way of tracing and scripting takes."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(144, 3)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).flatten(1))


class Own(Small):
    """One that says itself what is copied and saved, and forgets what torch leaves out."""

    def __getstate__(self):
        return dict(self.__dict__)


def saved(model):
    file = io.BytesIO()
    torch.save(model, file)
    assert b"innerview" not in file.getvalue()
    file.seek(0)
    return torch.load(file, weights_only=False)


def with_mode(make):
    """A way that wants evaluation mode."""

    def way(model):
        try:
            return make(model.eval())
        finally:
            model.train()

    return way


WAYS = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "save": saved,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301 - its own
    "average": AveragedModel,
    "in a list": lambda model: copy.deepcopy(nn.ModuleList([model]))[0],
    "snapshot": snapshot,
    "trace": with_mode(lambda model: torch.jit.trace(model, X)),
    "trace in training mode": lambda model: torch.jit.trace(model, X, check_trace=False),
    "trace of a larger one": with_mode(lambda model: torch.jit.trace(nn.Sequential(model), X)),
    "script": torch.jit.script,
    "script of a larger one": lambda model: torch.jit.script(nn.Sequential(model)),
    "export": with_mode(lambda model: torch.export.export(model, (X,), strict=False).module()),
    "strict export": with_mode(lambda model: torch.export.export(model, (X,), strict=True).module()),
    "fx": torch.fx.symbolic_trace,
    "fx of a larger one": lambda model: torch.fx.symbolic_trace(nn.Sequential(model)),
    "make_fx": with_mode(lambda model: make_fx(model)(X)),
}


def text(made):
    """The code of what was made, where it is code."""
    code = getattr(made, "inlined_graph", getattr(made, "graph", ""))
    return str(code).count("\n")


def held(made):
    """The hooks and replaced calls in a module."""
    return [
        (path, name)
        for path, module in made.named_modules()
        for name, value in vars(module).items()
        if (name.endswith("_hooks") or name == "_compiled_call_impl") and value
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [Small, Own])
def test_in_the_middle_of_a_run(loop, kind, way):
    if kind is Own and ("export" in way or "fx" in way):
        pytest.skip("the same as for the other model")
    torch.manual_seed(5)
    model = kind()
    run = loop(model, budget=None)
    plain = WAYS[way](copy.deepcopy(model))
    with run.monitor:
        run.step()
        made = WAYS[way](model)
        assert text(made) == text(plain)
        if (kind, way) != (Own, "copy"):  # that one shares all attributes
            assert held(made) == held(plain)
        assert not is_compiled(model)
        made(X)
        if "export" not in way:
            made.train()
            made(X)
        run.step()
    assert not held(model)
    assert "_compiled_call_impl" not in vars(model)
    assert run.monitor.error == ""
    assert run.history.step == 2
    assert set(run.history.to_frame().phase) == {"train"}
    np.testing.assert_array_equal(run.history.series("head").steps, [0, 1])
    np.testing.assert_array_equal(run.history.series("head").count, 8 * 3)
    np.testing.assert_array_equal(run.history.weights("head.weight").steps, [0, 1])
    assert made(X).shape == (8, 3)


def test_what_is_copied_in_the_middle_of_a_forward(loop):
    """A thread of a view may copy the model while its layers are listened to."""
    copies = []

    class Copied(Small):
        def forward(self, x):
            copies.append(snapshot(self))
            return super().forward(x)

    run = loop(Copied(), budget=None)
    with run.monitor:
        run.step()
    assert not held(copies[0])


def test_a_replica_that_shares_the_attributes_of_its_module_runs_itself(loop):
    """As those of nn.DataParallel do, which it runs on threads of their own."""
    run = loop(Small(), budget=None)
    seen = []

    def replica_runs():
        replica = run.model._replicate_for_data_parallel()
        replica.forward = lambda x: seen.append(x) or x
        replica(X)

    with run.monitor:
        run.step()
        thread = Thread(target=replica_runs)
        thread.start()
        thread.join()
        run.step()
    assert len(seen) == 1
    assert len(run.history.series("head").steps) == 2
