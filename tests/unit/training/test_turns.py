"""Records lie evenly over a run and within the budget, whatever they cost: on a clock of its own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import innerview as iv
from innerview.training.allowance import Allowance
from innerview.training.budget import Budget
from innerview.training.survey import Survey
from innerview.training.turns import Turns

STEPS, STEP = 314, 0.1
LAYERS = {f"layer{number}": 1 for number in range(60)}


class Run:
    """Training on a clock: what each layer is recorded at, and what each step cost."""

    def __init__(self, fraction=0.02):
        self.now = 0.0
        self.budget = Budget(fraction, lambda: self.now)
        self.turns = Turns(Allowance(self.budget))
        self.records = {name: [] for name in LAYERS}
        self.costs = []

    def spend(self, seconds, account=None):
        with self.budget.spending(account):
            self.now += seconds

    def train(self, second, *, steps=STEPS, others=None):
        """Record whenever it is allowed; a look costs ``second(step)`` seconds, whatever it is of."""
        self.budget.start()
        self.turns.rotate(LAYERS)
        for step in range(steps):
            before = self.budget.cost
            if self.turns.ready():
                self.budget.setting_up = self.turns.first
                chosen = self.turns.choose()
                if not self.turns.surveyed:
                    survey = Survey()
                    survey.begin(self.turns.affordable())
                    for name in LAYERS:
                        survey.note(name, 1, torch.zeros(1000))
                        survey.takes(name, 1000)
                    self.turns.learn(survey)
                    chosen = survey.looked
                self.spend(second(step) * (len(chosen) + 1), self.turns)
                self.turns.done(chosen)
                self.budget.setting_up = False
                for name in chosen:
                    self.records[name].append(step)
            if others is not None:
                self.spend(others(step))
            self.costs.append(self.budget.cost - before)
            self.now += STEP
        return self


def test_the_budget_is_used_evenly():
    run = Run().train(lambda _: 0.0004)
    assert 0.75 * 0.02 < run.budget.overhead <= 0.02
    for steps in run.records.values():
        gaps = np.diff([-1, *steps, STEPS])
        assert len(steps) >= 20
        assert gaps.max() <= 3 * gaps.mean()
    assert np.convolve(run.costs, np.ones(50), "valid").max() <= 0.04 * 50 * STEP


def test_set_up_does_not_silence_it():
    run = Run().train(lambda step: 0.0004 if step else 0.02)
    assert run.budget.setup > 0.2
    for steps in run.records.values():
        assert len(steps) >= 20
        assert np.diff([-1, *steps, STEPS]).max() <= 45


def test_what_others_spend_makes_records_fewer_and_does_not_stop_them():
    run = Run().train(lambda _: 0.0004, others=lambda step: 0.05 if step % 50 == 20 else 0.0)
    assert run.budget.overhead <= 0.0202
    for steps in run.records.values():
        assert np.diff([-1, *steps, STEPS]).max() <= 60


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(5e-5, 2e-3)), min_size=3, max_size=12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_costs_that_jump(phases, noisy):
    noise = np.random.default_rng(0).lognormal(0, 0.3 if noisy else 0, STEPS)
    costs = np.resize(np.concatenate([np.full(length, cost) for length, cost in phases]), STEPS)
    run = Run().train(lambda step: costs[step] * noise[step])
    # In debt by no more than it pays back in some steps, and one record that was dearer than it was thought to be.
    bound = 0.02 * STEPS * STEP + 25 * 0.02 * STEP + max(run.costs)
    assert run.budget.cost <= bound
    numbers = [len(steps) for steps in run.records.values()]
    assert max(numbers) - min(numbers) <= 1
    recorded = sorted({step for steps in run.records.values() for step in steps})
    # A record that was far too dear is paid for by a rest; else none is longer than it takes to earn one.
    rest = 20 + 8 * max(run.costs) / (0.02 * STEP)
    assert np.diff([*recorded, STEPS]).max() <= rest


@pytest.mark.parametrize("fraction", [None, 1])
def test_without_a_limit_every_step_has_all(fraction):
    run = Run(fraction)
    run.budget.start()
    run.turns.rotate(LAYERS)
    for _ in range(3):
        assert run.turns.ready()
        assert run.turns.choose() == LAYERS.keys()
        run.turns.done()


def test_nothing_is_recorded_for_nothing():
    run = Run(0).train(lambda _: 0.001, steps=20)
    assert not any(run.records.values())


def test_layers_have_their_turn_and_their_order(monkeypatch):
    """A network of many layers with a clock that goes on by itself: a record has some of them."""
    clock = [0.0]
    monkeypatch.setattr("innerview.training.turns._FIRST", 2**19)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), *(nn.Sequential(nn.Linear(16, 16), nn.ReLU()) for _ in range(24)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    monitor = iv.Monitor(model, optimizer=optimizer)

    def tick():
        clock[0] += 1e-4
        return clock[0]

    monitor._budget._clock = tick
    with monitor:
        for _ in range(60):
            loss = model(torch.randn(8, 1, 4, 4)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            clock[0] += 0.2
            monitor.step(loss=loss)
    history = monitor.history
    assert history.layers == ("0", *(name for n in range(1, 25) for name in (f"{n}", f"{n}.0", f"{n}.1")))
    numbers = [len(history.series(layer).steps) for layer in history.layers]
    assert min(numbers) >= 3
    assert max(numbers) - min(numbers) <= 1
    assert max(numbers) < history.recorded <= 60
    # A block has its turn with the layer whose output it returns, and so have the weights.
    assert (history.series("3").steps == history.series("3.1").steps).all()
    assert (history.series("3").std == history.series("3.1").std).all()
    assert np.isfinite(history.series("3.0").gradient_std).all()
    np.testing.assert_array_equal(history.weights("3.0.weight").steps, history.series("3.0").steps)
    assert [event.kind for event in history.events] == []
