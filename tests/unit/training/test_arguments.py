"""What makes no sense is rejected where it is given, by name, with what would have worked."""

import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import InnerviewError

MODEL = nn.Sequential(nn.Linear(2, 2))


def monitor(**options):
    return iv.Monitor(MODEL, **options)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: monitor(optimiser=None), r"Monitor takes no argument 'optimiser'; did you mean 'optimizer'"),
        (lambda: monitor(layer=["0"]), "'layer'; did you mean 'layers'"),
        (lambda: monitor(probe_evry=1), "'probe_evry'; did you mean 'probe_every'"),
        (lambda: monitor().on("dead", print, evry=2), r"Monitor\.on takes no argument 'evry'; did you mean 'every'"),
        (lambda: monitor().scale_lr(facto=2), "'facto'; did you mean 'factor'"),
        (lambda: monitor().listen(print, every=True), "'every'; did you mean 'every_step'"),
        (lambda: iv.MonitorView(monitor(), compared=None), "'compared'; did you mean 'compare'"),
        (lambda: iv.History(memry=2), "'memry'; did you mean 'memory'"),
        (lambda: monitor(zzz=2), r"takes no argument 'zzz'; it takes model"),
    ],
)
def test_misspelt(call, text):
    with pytest.raises(TypeError, match=text):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: monitor(classes=["cat"]), r"classes=\['cat'\]: the number of classes from 2, or their names"),
        (lambda: monitor(classes=[1, 2]), r"classes=\[1, 2\]: the number of classes from 2, or their names"),
        (lambda: monitor(classes="ten"), "classes='ten': the number of classes from 2, or their names"),
        (lambda: monitor(classes=2.5), r"classes=2\.5: the number of classes from 2, or their names"),
        (lambda: monitor(memory=None), "memory=None: a number of bytes"),
        (lambda: monitor(memory=0.5), r"memory=0\.5: a number of bytes from 1"),
        (lambda: monitor(probes=torch.zeros(1, 2), probe_every="often"), "probe_every='often': a number of steps"),
        (lambda: monitor(layers="0"), r"layers='0'.*\['0'\]"),
        (lambda: monitor(layers=3), "layers=3"),
        (lambda: monitor(optimizer=[torch.optim.SGD(MODEL.parameters()), 0.1]), r"optimizer=0\.1: .*not a float"),
        (lambda: monitor(optimizer=0.1), r"optimizer=0\.1: an optimizer is watched, or several.*not a float"),
        (lambda: monitor(optimizer="sgd"), "optimizer='sgd': .*not a str"),
        (lambda: monitor(optimizer=[]), r"optimizer=\[\]: there is none"),
        (lambda: iv.Monitor(torch.zeros(2)), "model=tensor.*a torch.nn.Module"),
        (lambda: iv.History("100 MB"), "memory='100 MB': a number of bytes"),
        (lambda: monitor().scale_lr("half"), "factor='half'"),
        (lambda: monitor().on("dead", print, every="often"), "every='often': a number of steps from 1"),
        (lambda: monitor().listen(3), "callback=3 cannot be called"),
    ],
)
def test_unfit(call, text):
    with pytest.raises(InnerviewError, match=text):
        call()


@pytest.mark.parametrize("budget", ["2 %", -1, 2, float("nan"), [0.1]])
def test_a_budget_that_is_not_a_fraction(budget):
    with pytest.raises(ValueError, match="a fraction of the training time"):
        monitor(budget=budget)


def test_classes_by_their_names():
    assert monitor(classes=["cat", "dog", "cow"]).classes == 3
    assert monitor(classes=10).classes == 10
