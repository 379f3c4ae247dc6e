"""Looks of an Inspector between the steps leave the record of a run as it is without them."""

import contextlib
import random

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import ForwardError
from innerview.model import capture
from innerview.model.state import snapshot

DATA = torch.randn(12, 1, 8, 8, generator=torch.Generator().manual_seed(7)), torch.arange(12) % 3


class Ended(BaseException):
    """Ends a forward as a KeyboardInterrupt does."""


def complete(run, inspector):
    list(inspector.predict())


def stopped_early(run, inspector):
    inspector.activations("conv", [0, 1])


def embedding(run, inspector):
    inspector.embed("block.0", method="pca")


def compression(run, inspector):
    inspector.compress("block.0", 2)


def of_a_copy(run, inspector):
    capture.run(snapshot(run.model), (DATA[0],), {}, ["conv"])


def rejected(run, inspector):
    with pytest.raises(ForwardError):
        capture.forward(run.model, (torch.zeros(1, 5, 8, 8),), {})


def ended(run, inspector):
    def hook(*_):
        raise Ended

    handle = run.model.norm.register_forward_hook(hook)
    try:
        with pytest.raises(Ended):
            capture.forward(run.model, (DATA[0],), {})
    finally:
        handle.remove()


LOOKS = [complete, stopped_early, embedding, compression, of_a_copy, rejected, ended]


def recorded(loop, looks):
    """The table of six steps and two evaluations, with looks between any two things that the loop does."""
    run = loop(budget=None, probes=DATA[0][:1], probe_every=3)
    inspector = iv.Inspector(run.model, DATA)
    order = random.Random(0)  # noqa: S311

    def look():
        if looks:
            order.choice(looks)(run, inspector)

    torch.manual_seed(2)
    with run.monitor:
        for number in range(6):
            look()
            run.optimizer.zero_grad()
            loss = run.loss()
            look()
            loss.backward()
            look()
            run.optimizer.step()
            look()
            run.monitor.step(loss=loss)
            if number % 3 == 2:
                look()
                run.evaluate(batches=1)
                look()
                run.monitor.epoch()
    return run


@pytest.fixture(scope="module")
def without():
    return {}


@pytest.mark.parametrize("looks", [[look] for look in LOOKS] + [LOOKS], ids=lambda looks: looks[0].__name__)
@pytest.mark.filterwarnings("error:.*without a forward")
def test_the_record_is_that_of_a_run_without_looks(loop, without, looks):
    if "run" not in without:
        without["run"] = recorded(loop, [])
    plain, run = without["run"], recorded(loop, looks)
    pd.testing.assert_frame_equal(plain.history.to_frame(), run.history.to_frame())
    for name in plain.history.parameters:
        one, other = plain.history.weights(name), run.history.weights(name)
        np.testing.assert_array_equal(one.update_ratio, other.update_ratio)
        np.testing.assert_array_equal(one.gradient_rms, other.gradient_rms)
    assert [event.text for event in plain.history.events] == [event.text for event in run.history.events]
    assert run.monitor.error == ""


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Ended])
def test_a_forward_of_the_user_that_ends_early_does_not_unbalance_the_count(loop, error):
    class Breaks(nn.Module):
        breaks = False

        def forward(self, x):
            if self.breaks:
                raise error
            return x

    run = loop(nn.Sequential(nn.Flatten(), nn.Linear(64, 4), Breaks(), nn.Linear(4, 3)), budget=None)
    with run.monitor:
        for number in range(4):
            run.model[2].breaks = number % 2 == 0
            if run.model[2].breaks:
                with contextlib.suppress(error):
                    run.loss()
                list(iv.Inspector(run.model[:2], DATA).predict())  # the user's layers, by another way
                run.model[2].breaks = False
                run.evaluate(batches=1)
            run.step()
    table = run.history.to_frame()
    assert set(table.layer) == {"0", "1", "2", "3"}
    assert table[(table.layer == "3") & (table.phase == "train")].steps.tolist() == [0, 1, 2, 3]
    assert (table[(table.layer == "3") & (table.phase == "train")]["count"] == 8 * 3).all()
    assert (table[(table.layer == "3") & (table.phase == "eval")]["count"] == 8 * 3).all()


def test_a_look_inside_a_forward_of_the_user(loop):
    class Looks(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(64, 3)

        def forward(self, x):
            if self.training:
                capture.run(self, (x,), {}, ["head"])
            return self.head(x.flatten(1))

    run = loop(Looks(), budget=None)
    with run.monitor:
        run.step()
        run.step()
    assert run.history.series("head").steps.tolist() == [0, 1]
    assert set(run.history.to_frame().phase) == {"train"}
