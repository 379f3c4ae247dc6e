"""Each diagnosis is triggered by a network that was built to have it, and names the right layer."""

from collections import OrderedDict
from math import log

import numpy as np
import pytest
import torch
from torch import nn

from innerview.training.diagnosis import KINDS, diagnose
from innerview.training.diagnosis.curves import held
from innerview.training.diagnosis.finding import Sign, finding
from innerview.training.history import History


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


def mlp(depth=3, activation=nn.ReLU, width=64):
    torch.manual_seed(0)
    hidden = [part for _ in range(depth - 1) for part in (nn.Linear(width, width), activation())]
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), activation(), *hidden, nn.Linear(width, 10))


def linears(model):
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


def test_dead(watch):
    model = mlp(2)
    with torch.no_grad():
        model[1].bias[:40] = -100.0
        model[1].bias[40:] = 10.0
    found = watch(model, sgd(model)).now["dead"]
    assert found.layer == "2"
    assert "40 of 64 channels" in found.evidence
    assert (found.since, found.step) == (0, 29)


def test_vanishing_with_depth(watch):
    model = mlp(8)
    for module in linears(model):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    found = watch(model, sgd(model)).now["vanishing"]
    # Each layer multiplies the spread by about 0.02 sqrt(64 / 2) = 0.11: under a hundredth after two.
    assert found.layer in {"5", "7"}
    assert "hardly depend on the input" in found.evidence
    assert found.severity == 3


class Leak(nn.Module):
    """Lets the values through and a part of the gradient."""

    def forward(self, x):
        part = 1e-4 * x
        return part + (x - part).detach()


def test_vanishing_gradient(watch):
    model = mlp(4)
    model[5] = nn.Sequential(Leak(), model[5])
    found = watch(model, sgd(model, 0.01)).now["vanishing"]
    assert (found.layer, found.others) == ("1", ("3",))
    assert "the gradient that arrives here" in found.evidence


def test_vanishing_over_time(watch):
    model = mlp(3)

    def shrink(step):
        if step > 20:
            with torch.no_grad():
                for module in linears(model)[1:]:
                    module.weight *= 0.8
                    module.bias *= 0.8

    found = watch(model, sgd(model, 0.01), steps=40, change=shrink).now["vanishing"]
    assert found.layer == "3"
    assert 20 < found.since < 35
    assert "less and less" in found.evidence


def test_exploding_with_depth(watch):
    model = mlp(8)
    for module in linears(model):
        nn.init.normal_(module.weight, std=0.7)  # four times He's
    found = watch(model, sgd(model, 1e-9), steps=10).now["exploding"]
    assert "grow with depth" in found.evidence


def test_exploding_over_time(watch):
    model = mlp(3)

    def grow(_step):
        with torch.no_grad():
            model[3].weight *= 1.5

    found = watch(model, sgd(model, 1e-6), change=grow).now["exploding"]
    assert found.layer == "3"
    assert found.severity == 3


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid])
def test_saturated(watch, activation):
    model = mlp(2, activation)
    with torch.no_grad():
        model[1].weight *= 100
    found = watch(model, sgd(model, 0.01)).now["saturated"]
    assert (found.layer, found.others) == ("2", ())
    assert "at its ends" in found.evidence


def test_an_output_may_be_one_sided(watch):
    model = mlp(2).append(nn.Softmax(dim=1))
    with torch.no_grad():
        model[5].weight *= 100
    assert "saturated" not in watch(model, sgd(model, 1e-6)).first


def convolutions(after=None):
    torch.manual_seed(0)
    parts = OrderedDict(conv1=nn.Conv2d(1, 16, 3), bn1=nn.BatchNorm2d(16), relu1=nn.ReLU())
    parts.update(after or {})
    parts.update(conv2=nn.Conv2d(16, 16, 3), pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), dense=nn.Linear(16, 10))
    return nn.Sequential(parts)


def test_batch_norm(watch):
    model = convolutions()
    scales = [model.bn1.weight]
    others = [p for p in model.parameters() if p is not model.bn1.weight]
    optimizer = torch.optim.SGD([{"params": others}, {"params": scales, "weight_decay": 3}], lr=0.1)
    found = watch(model, optimizer).now["batch_norm"]
    assert found.layer == "bn1"
    assert "of 16 channels" in found.evidence


def test_flat_channels_before_a_batch_norm_are_not_its_scales(watch):
    model = convolutions()

    def flatten(step):
        if step == 10:
            with torch.no_grad():
                model.conv1.weight.zero_()

    assert "batch_norm" not in watch(model, sgd(model, 0.0), change=flatten).first


class SE(nn.Module):
    def __init__(self, scale, bias):
        super().__init__()
        self.pool, self.fc1, self.relu = nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 8, 1), nn.ReLU()
        self.fc2, self.sigmoid = nn.Conv2d(8, 16, 1), nn.Sigmoid()
        with torch.no_grad():
            self.fc2.weight *= scale
            self.fc2.bias += bias

    def forward(self, x):
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(self.pool(x)))))


def test_gate(watch):
    shut = convolutions({"se": SE(1, -4)})
    found = watch(shut, sgd(shut, 0.01)).now["gate"]
    assert found.layer == "se.sigmoid"
    assert "average 0.01" in found.evidence  # 1 / (1 + e^4) = 0.018
    driven = convolutions({"se": SE(500, 0)})
    found = watch(driven, sgd(driven, 1e-5)).now["gate"]
    assert (found.layer, "se.fc2" in found.evidence) == ("se.sigmoid", True)
    usual = convolutions({"se": SE(1, 0)})
    assert "gate" not in watch(usual, sgd(usual)).first


class Root(nn.Module):
    def forward(self, x):
        return x.sqrt()


class LeavingOut(nn.Sequential):
    """Passes over one of its parts in every third call, or in each: in the last one too when there are 42."""

    def __init__(self, model, out):
        super().__init__(OrderedDict(model.named_children()))
        self.out, self.every, self.calls = out, 3, 0

    def forward(self, x):
        self.calls += 1
        for name, part in self.named_children():
            if name != self.out or self.calls % self.every:
                x = part(x)
        return x


def dead_units():
    model = mlp(3)
    nn.init.constant_(model[3].bias, -100.0)
    return model


def too_small():
    model = mlp(8)
    for module in linears(model):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    return model


def leaking():
    model = mlp(5)
    model[7] = nn.Sequential(Leak(), model[7])
    return model


def saturating():
    model = mlp(3, nn.Tanh)
    with torch.no_grad():
        model[3].weight *= 100
    return model


def shrink_scales(model, step):
    model.bn1.weight *= 0.8


def shrink_all(model, step):
    for module in linears(model)[1:]:
        module.weight *= 0.8 if step > 20 else 1
        module.bias *= 0.8 if step > 20 else 1


def grow(model, step):
    model.get_submodule("3").weight *= 1.5


@pytest.mark.parametrize(
    ("kind", "make", "change", "out"),
    [
        ("dead", dead_units, None, "4"),
        ("vanishing", too_small, None, "5"),
        ("vanishing", leaking, None, "3"),
        ("vanishing", lambda: mlp(3), shrink_all, "3"),
        ("exploding", lambda: mlp(3), grow, "3"),
        ("saturated", saturating, None, "4"),
        ("batch_norm", convolutions, shrink_scales, "bn1"),
        ("gate", lambda: convolutions({"se": SE(1, -4)}), None, "se"),
        ("gate", lambda: convolutions({"se": SE(500, 0)}), None, "se"),
    ],
)
def test_a_layer_that_some_steps_leave_out_is_judged_by_the_others(watch, kind, make, change, out):
    def found(model):
        @torch.no_grad()
        def changed(step):
            change(model, step)

        watched = watch(model, sgd(model, 1e-5), steps=42, change=change and changed)
        return watched.now[kind]

    never, sometimes = found(make()), found(LeavingOut(make(), out))
    assert (sometimes.layer, sometimes.severity) == (never.layer, never.severity)
    assert "nan" not in sometimes.evidence


def test_slow_though_some_steps_leave_the_layer_out(watch):
    model = LeavingOut(mlp(4), "3")
    second, rest = linears(model)[1], [module for at, module in enumerate(linears(model)) if at != 1]
    groups = [{"params": [p for m in rest for p in m.parameters()]}, {"params": second.parameters(), "lr": 0.001}]
    found = watch(model, torch.optim.SGD(groups, lr=0.1)).now["slow"]
    assert (found.layer, found.others) == ("3", ())


def test_what_is_left_out_for_good_is_not_judged(watch):
    model = LeavingOut(dead_units(), "")

    def leave_out(step):
        if step == 20:
            model.out, model.every = "4", 1

    def dead(found):
        return [name for finding in found.values() for name in (finding.layer, *finding.others) if name == "4"]

    assert dead(watch(model, sgd(model, 1e-5), steps=20).now)
    assert not dead(watch(model, sgd(model, 1e-5), steps=45, change=leave_out).now)


def test_nonfinite(watch):
    model = mlp(3)
    model[3] = nn.Sequential(model[3], nn.ReLU(), Root())

    def spoil(step):
        if step == 7:
            model[3][1] = nn.Identity()

    watched = watch(model, sgd(model, 1e-3), steps=12, change=spoil)
    found = watched.now["nonfinite"]
    assert found.layer in {"3", "3.2"}  # the block holds the root: the same values
    assert "3.2" in (found.layer, *found.others)
    assert "3.0" in (found.layer, *found.others)  # by its weights, one step later
    assert found.since == 7
    assert found.severity == 3
    assert watched.first["nonfinite"].since == 7


def test_learning_rate_too_high(watch):
    model = mlp(3)
    found = watch(model, torch.optim.Adam(model.parameters(), lr=0.1), steps=10).first["learning_rate"]
    assert "too high" in found.suggestion
    assert found.layer == ""


def test_learning_rate_too_low(watch):
    model = mlp(3)
    found = watch(model, sgd(model, 1e-8)).now["learning_rate"]
    assert "too low" in found.suggestion
    rising = sgd(model, 1e-6)
    warm = torch.optim.lr_scheduler.LinearLR(rising, 1e-3, 1.0, total_iters=1000)
    assert "learning_rate" not in watch(model, rising, scheduler=warm).first


def test_slow(watch):
    model = mlp(4)
    first, *rest = linears(model)
    groups = [{"params": [p for m in rest for p in m.parameters()]}, {"params": first.parameters(), "lr": 0.001}]
    watched = watch(model, torch.optim.SGD(groups, lr=0.1))
    found = watched.now["slow"]
    assert (found.layer, found.others) == ("1", ())
    assert "0.001 to 0.1" in found.evidence
    ratio = watched.monitor.history.weights("1.weight").update_ratio[-5:]
    assert f"by {np.median(ratio):.1g} of their size" in found.evidence


def test_what_is_frozen_is_not_slow(watch):
    model = mlp(4)
    first, second, *_ = linears(model)
    first.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad and p is not second.weight], lr=0.1)
    found = watch(model, optimizer).now["slow"]
    assert (found.layer, found.others) == ("3", ())  # it has gradients, but the optimizer does not have it


def history(losses):
    made = History()
    for step, loss in enumerate(losses):
        made.add_metrics(step, {"loss": loss})
        made.step = step + 1
    return made


def test_chance():
    noise = np.random.default_rng(0).normal(0, 0.03, 300)
    stuck = np.append(np.linspace(1.0, 2.3, 100), log(10) + noise[:150])
    (found,) = diagnose(history(stuck), classes=10)
    assert found.kind == "chance"
    assert "ln(10) = 2.303" in found.evidence
    assert 80 <= found.since <= 110
    for fine in (
        log(10) + noise[:90],  # the beginning
        log(10) + noise - np.linspace(0, 0.3, 300),  # it falls, if slowly
        log(9) + noise,
        np.full(300, np.nan),
    ):
        assert "chance" not in [found.kind for found in diagnose(history(fine), classes=10)]
    assert diagnose(history(stuck)) == []  # how many classes there are is not known


def test_held():
    assert held(np.array([True] * 5)) == 0
    assert held(np.array([False, True, True, True, True, True])) == 1
    assert held(np.array([True] * 9 + [False])) is None
    assert held(np.array([True, False] + [True] * 4)) is None
    assert held(np.zeros(0, bool)) is None


def test_one_finding_for_all_layers():
    signs = [Sign(str(n), "evidence.", step=9 + n, since=n, severity=1 + n % 3) for n in range(5)]
    found = finding("dead", signs, "suggestion.", "source")
    assert str(found) == "layer 0: evidence. The same in 4 more layers: 1, 2, 3, ... suggestion. [source]"
    two = finding("dead", signs[:2], "", "")
    assert two is not None
    assert two.evidence == "evidence. The same in 1 more layer: 1."
    assert (found.step, found.since, found.severity, len(found.others)) == (13, 0, 3, 4)
    assert finding("dead", [], "", "") is None
    assert len(KINDS) == 10
