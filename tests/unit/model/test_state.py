"""Running a model leaves no trace, not even when it fails; a snapshot can run while the model is trained."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
import torch
from torch import nn

from innerview.errors import ForwardError, InnerviewError
from innerview.model.capture import forward, run
from innerview.model.layers import trace_layers
from innerview.model.state import fingerprint, quiet, snapshot


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels, momentum=None)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.norm(self.conv(x)) + x)


class Net(nn.Module):
    """Has every kind of thing that a forward could change."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Dropout2d())
        self.blocks = nn.ModuleList([Residual(8), Residual(8)])
        self.plain_norm = nn.BatchNorm2d(8, track_running_stats=False)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.rnn = nn.LSTM(8, 4, batch_first=True, num_layers=2, dropout=0.5)
        self.counter = Counter()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = self.encoder(self.plain_norm(x).flatten(2).transpose(1, 2))
        return self.head(self.counter(self.rnn(x)[0][:, -1]))


class Counter(nn.Module):
    """Ignores evaluation mode: changes one buffer in place, replaces another, and draws random numbers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        noise = random.random() * float(np.random.rand())  # noqa: S311, NPY002 - the global states
        return nn.functional.dropout(x, training=True) + noise


@pytest.fixture
def model():
    torch.manual_seed(0)
    net = Net()
    net(torch.randn(4, 3, 8, 8)).sum().backward()
    # Mixed modes, a frozen layer, a hook of the user's.
    net.blocks[0].eval()
    net.stem[1].eval()
    net.head.weight.requires_grad_(False)
    net.head.register_forward_hook(lambda *_: None)
    return net


X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))

WAYS = {
    "forward": lambda model: forward(model, (X,), {}),
    "run": lambda model: run(model, (X,), {}, ["stem.1", "blocks.1.relu"]),
    "run to the end": lambda model: run(model, (X,), {}, ["head"]),
    "table": lambda model: trace_layers(model, (X,), {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_trace(model, way, untouched):
    mark = fingerprint(model)
    with untouched(model):
        WAYS[way](model)
    assert fingerprint(model) == mark


@pytest.mark.parametrize("way", WAYS)
def test_no_trace_of_an_exception_at_any_layer(model, way, untouched):
    raised = 0
    for path, module in model.named_modules():
        if isinstance(module, nn.ModuleList) or path == "encoder.self_attn.out_proj":
            continue  # never called

        def fails(*_args, path=path, **_kwargs):
            raise ValueError(f"broken at {path}")

        module.forward = fails
        try:
            with untouched(model):
                if way == "run" and path.split(".")[0] in ("plain_norm", "encoder", "rnn", "counter", "head"):
                    WAYS[way](model)  # ends before
                else:
                    with pytest.raises(ForwardError, match=f"broken at {path}"):
                        WAYS[way](model)
                    raised += 1
        finally:
            del module.forward
    assert raised == (13 if way == "run" else 26)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_no_trace_of_an_interruption(model, error, untouched):
    def interrupted(_x):
        raise error

    model.rnn.forward = interrupted
    with untouched(model), pytest.raises(error):
        forward(model, (X,), {})


def test_evaluation_mode_inside(model):
    with quiet(model):
        assert not any(module.training for module in model.modules())
        assert not torch.is_grad_enabled()
        assert not torch.backends.mha.get_fastpath_enabled()
    assert torch.backends.mha.get_fastpath_enabled()


def test_train_and_eval_methods_are_not_called():
    class Merges(nn.Linear):
        def train(self, *_):
            pytest.fail("some models merge weights in train() and eval()")

    forward(Merges(2, 2), (torch.ones(1, 2),), {})


def test_the_random_state_goes_on_when_asked():
    model = Counter()
    x = torch.ones(2, 4)
    assert torch.equal(forward(model, (x,), {}), forward(model, (x,), {}))
    one, other = (forward(model, (x,), {}, restore_rng=False) for _ in range(2))
    assert not torch.equal(one, other)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_random_state_of_the_gpu_is_kept():
    model = Counter().cuda()
    before = torch.cuda.get_rng_state()
    forward(model, (torch.ones(2, 4, device="cuda"),), {})
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_two_threads_inside_at_once_leave_the_fast_path_as_it_was():
    first_in, first_out = threading.Event(), threading.Event()

    def first():
        with quiet(nn.Linear(1, 1)):
            first_in.set()
            first_out.wait()

    thread = threading.Thread(target=first)
    thread.start()
    first_in.wait()
    with quiet(nn.Linear(1, 1)):
        first_out.set()
        thread.join()
        assert not torch.backends.mha.get_fastpath_enabled()
    assert torch.backends.mha.get_fastpath_enabled()


# --- fingerprint -----------------------------------------------------------------------------------------------------

CHANGES = {
    "optimizer step": lambda m: torch.optim.SGD(m.parameters(), lr=0.1).step(),
    "foreach optimizer step": lambda m: torch.optim.AdamW(m.parameters(), lr=0.1, foreach=True).step(),
    "in place": lambda m: m.head.bias.data.copy_(torch.ones(2)),
    "data zeroed": lambda m: m.stem[0].weight.data.zero_(),
    "data scaled": lambda m: m.stem[0].weight.data.mul_(1.01),
    "data replaced": lambda m: setattr(m.head.bias, "data", torch.ones(2)),
    "parameter replaced": lambda m: setattr(m.head, "bias", nn.Parameter(m.head.bias.detach().clone())),
    "module replaced": lambda m: setattr(m.blocks[0], "relu", nn.GELU()),
    "buffer": lambda m: m.stem[1].running_mean.add_(1),
    "loaded": lambda m: m.load_state_dict(Net().state_dict()),
    "training forward": lambda m: m(X),
    "dtype": lambda m: m.double(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_fingerprint_changes(model, change):
    before = fingerprint(model)
    assert fingerprint(model) == before
    CHANGES[change](model)
    assert fingerprint(model) != before


def test_fingerprint_of_unusual_tensors():
    model = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2, device="meta"), nn.Linear(2, 2).bfloat16())
    model.register_buffer("sparse", torch.eye(3).to_sparse())
    model.register_buffer("empty", torch.zeros(0))
    model.register_buffer("expanded", torch.zeros(1).expand(5))
    model.register_buffer("bits", torch.ones(3, dtype=torch.bool))
    model.register_buffer("channels_last", torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last))
    with torch.inference_mode():
        model.register_buffer("inference", torch.ones(2))
    before = fingerprint(model)
    assert fingerprint(model) == before
    model.bits.data.zero_()
    assert fingerprint(model) != before


# --- snapshot --------------------------------------------------------------------------------------------------------


def test_snapshot_copies_all_but_hooks(model):
    copy = snapshot(model)
    held, kept = ([*each.named_parameters(), *each.named_buffers()] for each in (copy, model))
    for (name, mine), (_, theirs) in zip(held, kept, strict=True):
        assert mine is not theirs, name
        assert torch.equal(mine, theirs), name
        assert mine.requires_grad is theirs.requires_grad, name
    assert [m.training for m in copy.modules()] == [m.training for m in model.modules()]
    assert list(copy.head._forward_hooks.values()) == list(model.head._forward_hooks.values())
    torch.manual_seed(0)
    expected = run(model, (X,), {}, ["rnn"])["rnn"]
    assert torch.equal(run(copy, (X,), {}, ["rnn"])["rnn"], expected)


def test_snapshot_of_normalised_weights():
    # A tensor that is no leaf is kept as an attribute, which deepcopy refuses (pytorch/pytorch, `Tensor.__deepcopy__`).
    model = nn.Sequential(
        nn.utils.spectral_norm(nn.Linear(3, 3)), nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    )
    x = torch.randn(4, 3)
    model(x).sum().backward()
    copy = snapshot(model)
    assert torch.equal(forward(copy, (x,), {}), forward(model, (x,), {}))


def test_snapshot_of_what_cannot_be_copied():
    model = nn.Linear(1, 1)
    model.lock = threading.Lock()
    with pytest.raises(InnerviewError, match=r"Linear cannot be copied \(TypeError: cannot pickle '_thread.lock'"):
        snapshot(model)


def test_snapshot_keeps_hooks_that_belong_elsewhere():
    class Recorder:
        def __init__(self):
            self.lock = threading.Lock()  # would make a deep copy fail
            self.seen = []

        def hook(self, _module, _args, output):
            self.seen.append(output.shape)

    class Own(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.register_forward_hook(self.remember)

        def remember(self, _module, _args, output):
            self.last = output

    recorder, model = Recorder(), nn.Sequential(Own())
    model.register_forward_hook(recorder.hook)
    forward(snapshot(model), (torch.ones(1, 2),), {})
    assert len(recorder.seen) == 1
    # The module's own hook wrote to the copy.
    assert not hasattr(model[0], "last")


class Trained(nn.Module):
    """Draws no random numbers in evaluation mode, as nearly every model."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout(0.3))
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


def _train(model, steps, beat=lambda: None):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    data = torch.randn(steps, 8, 3, 12, 12, generator=torch.Generator().manual_seed(3))
    for x in data:
        optimizer.zero_grad()
        model.train()
        nn.functional.cross_entropy(model(x), torch.zeros(8, dtype=torch.long)).backward()
        optimizer.step()
        beat()


def _trained(look):
    """Weights after training in one thread while another one looks; also how often it looked."""
    torch.manual_seed(0)
    model = Trained()
    torch.manual_seed(1)
    running, errors, looks = threading.Event(), [], []

    def train():
        try:
            _train(model, 60, running.set)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    running.wait()
    while thread.is_alive() and look is not None:
        looks.append(look(model))
    thread.join()
    assert not errors
    return model.state_dict(), looks


def test_looking_at_a_snapshot_does_not_disturb_a_training():
    def look(model):
        x = torch.ones(2, 3, 12, 12)
        return run(snapshot(model), (x,), {}, ["body.0", "head"], restore_rng=False)

    expected, _ = _trained(None)
    weights, looks = _trained(look)
    assert len(looks) > 2
    assert all(values["head"].isfinite().all() for values in looks)
    for name, value in expected.items():
        assert torch.equal(weights[name], value), name
