"""torch.compile, TorchScript and DataParallel: seen through where that is possible, named where it is not."""

from __future__ import annotations

import shutil
import warnings

import pytest
import torch
from torch import nn

from innerview.errors import UnseenLayerError
from innerview.model import capture, state
from innerview.model.layers import trace_layers

# TorchScript is deprecated, and says so at each use.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*TorchScript.*:DeprecationWarning"),
]


class Net(nn.Module):
    def __init__(self, middle=None):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.middle = middle or nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.middle(self.stem(x)).mean((2, 3)))


def images():
    return torch.randn(2, 3, 8, 8)


@pytest.fixture(autouse=True)
def _forget_compiled_code():
    yield
    torch._dynamo.reset()


def test_compiled_root(check):
    table = check(torch.compile(Net(), backend="eager"), (images(),))
    assert str(table["_orig_mod.middle.0"].status) == "seen"
    assert table["_orig_mod.middle.0"].note == "compiled: the values are those of the uncompiled module"


def test_compiled_child_beside_others(check):
    table = check(Net(torch.compile(Net().middle, backend="eager")), (images(),))
    assert table["middle._orig_mod.1"].note.startswith("compiled")
    assert table["stem"].note == ""


def test_compiled_in_place(check):
    model = Net()
    model.compile(backend="eager")
    model.middle.compile(backend="eager")
    assert check(model, (images(),))["middle.0"].note.startswith("compiled")


def test_never_called_inside_compiled():
    middle = nn.ModuleDict({"used": nn.ReLU(), "unused": nn.Linear(1, 1)})

    class Partly(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = middle

        def forward(self, x):
            return self.parts["used"](x)

    in_place = Partly()
    in_place.compile(backend="eager")
    for model in (torch.compile(Partly(), backend="eager"), in_place):
        table = trace_layers(model, (images(),), {})
        (unused,) = (row for row in table.values() if row.path.endswith("unused"))
        assert str(unused.status) == "never called"
        with pytest.raises(UnseenLayerError, match="never called in this forward"):
            capture.run(model, (images(),), {}, [unused.name])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="the default backend of torch.compile needs g++")
def test_compiled_ahead_of_time_cannot_be_seen():
    aot = pytest.importorskip("torch._dynamo.aot_compile")
    with warnings.catch_warnings(), torch._dynamo.config.patch(enable_aot_compile=True):
        warnings.simplefilter("ignore")  # the compiler's own
        middle = torch.compile(Net().middle.eval(), fullgraph=True)
        middle._aot_compile([aot.ModelInput((torch.randn(2, 4, 6, 6),), {}, [torch.no_grad()])])
        table = trace_layers(Net(middle), (images(),), {})
    assert {name: str(row.status) for name, row in table.items() if row.path.startswith("middle")} == {
        "middle": "seen",
        "middle._orig_mod": "inside a compiled module",
        "middle._orig_mod.0": "inside a compiled module",
        "middle._orig_mod.1": "inside a compiled module",
    }
    assert table["middle._orig_mod.0"].note.startswith("'middle' was compiled ahead of time")
    assert table["middle"].note == ""


def test_looking_neither_spoils_nor_repeats_the_compilation():
    compiled = []

    def backend(graph, _inputs):
        compiled.append(graph)
        return graph.forward

    model = torch.compile(Net().eval(), backend=backend)
    x = images()
    before = model(x)
    count = len(compiled)
    values = capture.run(model, (x,), {}, ["_orig_mod.stem", "_orig_mod.head"])
    assert torch.equal(values["_orig_mod.head"], before)
    assert len(compiled) == count
    assert torch.equal(model(x), before)
    assert len(compiled) == count


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="the default backend of torch.compile needs g++")
def test_default_backend():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own
        model = torch.compile(Net().eval())
        x = images()
        before = model(x)
        value = capture.run(model, (x,), {}, ["_orig_mod.head"])["_orig_mod.head"]
        torch.testing.assert_close(value, before)
        assert torch.equal(model(x), before)


def test_snapshot_of_a_compiled_model_runs_uncompiled():
    model = Net(torch.compile(Net().middle, backend="eager")).eval()
    model.compile(backend="eager")
    x = images()
    with torch.no_grad():
        expected = model(x)
    copy = state.snapshot(model)
    # Without touching the process-wide setting: that is for the time when another thread is training.
    values = capture.run(copy, (x,), {}, ["middle._orig_mod.0", "head"], restore_rng=False)
    assert torch.equal(values["head"], expected)


@pytest.mark.parametrize(
    "make", [torch.jit.script, lambda net: torch.jit.trace(net, images())], ids=["script", "trace"]
)
def test_scripted_root_says_that_nothing_can_be_seen(make, untouched):
    model = make(Net().eval())
    x = images()
    with untouched(model):
        table = trace_layers(model, (x,), {})
    assert {str(row.status) for row in table.values()} == {"inside a scripted module"}
    assert table["stem"].kind == "Conv2d"
    assert table["stem"].note == "the model is a TorchScript module: what runs inside it cannot be seen"
    with pytest.raises(UnseenLayerError, match="'stem' cannot be seen: the model is a TorchScript module"):
        capture.run(model, (x,), {}, ["stem"])


@pytest.mark.parametrize("how", ["script", "trace"])
def test_scripted_child_is_seen_from_outside(how, untouched):
    plain = Net()
    inner = plain.middle.eval()
    scripted = torch.jit.script(inner) if how == "script" else torch.jit.trace(inner, torch.randn(2, 4, 6, 6))
    model = Net(scripted)
    model.stem.load_state_dict(plain.stem.state_dict())
    x = images()
    with untouched(model):
        table = trace_layers(model, (x,), {})
        value = capture.run(model, (x,), {}, ["middle"])["middle"]
    assert {name: str(row.status) for name, row in table.items()} == {
        "stem": "seen",
        "middle": "seen",
        "middle.0": "inside a scripted module",
        "middle.1": "inside a scripted module",
        "head": "seen",
    }
    assert torch.equal(value, capture.run(plain, (x,), {}, ["middle"])["middle"])


def test_snapshot_of_a_scripted_model():
    model = torch.jit.script(Net().eval())
    x = images()
    assert torch.equal(capture.forward(state.snapshot(model), (x,), {}), model(x))


def test_data_parallel(check):
    check(nn.DataParallel(Net()), (images(),))


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="replicas on threads need two GPUs")
def test_data_parallel_on_several_devices(untouched):
    model = nn.DataParallel(Net().cuda())
    x = images().cuda()
    with untouched(model):
        value = capture.run(model, (x,), {}, ["module.head"])["module.head"]
    torch.testing.assert_close(value, capture.forward(model.module, (x,), {}))
    assert len(model.device_ids) == torch.cuda.device_count()
