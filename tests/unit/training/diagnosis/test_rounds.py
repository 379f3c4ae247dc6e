"""Findings hold, and those of a whole run are found, where each step has recorded some of the layers only."""

import numpy as np
import torch

from innerview.analysis.statistics.accumulators import summarise, unpack
from innerview.training.diagnosis import diagnose, too_few
from innerview.training.history import History
from innerview.training.record import Record, WeightSample

LAYERS = [f"{number}" for number in range(8)]


def run(of, *, steps=120, every=1, ratio=1e-3):
    """Layers of 8 values whose size ``of(layer, step)`` says; each step records every ``every``-th one, in turn."""
    history = History()
    noise = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    for step in range(steps):
        turn = LAYERS[step % every :: every]
        layers = {name: unpack(summarise(noise * of(int(name), step)).numpy()) for name in turn}
        weights = {f"{name}.weight": WeightSample(1.0, 1.0, ratio, 0.0) for name in turn}
        history.add(Record(step, layers, dict.fromkeys(LAYERS, "Linear"), weights=weights, order=LAYERS))
        history.step = step + 1
    return history


def kinds(history):
    return {finding.kind: finding.layer for finding in diagnose(history)}


def test_a_healthy_run():
    assert kinds(run(lambda *_: 1.0, every=4)) == {}


def test_what_fades_with_depth_is_found_at_the_same_layer():
    def fades(layer, _step):
        return 0.2**layer

    whole, parts = kinds(run(fades)), kinds(run(fades, every=4))
    assert whole == parts
    assert "vanishing" in whole


def test_what_explodes_over_time_is_found():
    found = kinds(run(lambda layer, step: 10.0 ** (step / 20) if layer >= 3 else 1.0, every=4))
    assert found["exploding"] == "3"


def test_steps_that_are_too_large_are_found():
    assert "learning_rate" in kinds(run(lambda *_: 1.0, every=8, ratio=0.5))


def test_the_first_layer_that_is_not_finite_is_not_the_one_whose_turn_it_was():
    def breaks(layer, step):
        return np.nan if layer >= 2 and step >= 63 else 1.0

    # At step 63 it is the turn of layers 3 and 7; layer 2 was last seen before.
    found = kinds(run(breaks, steps=80, every=4))
    assert found["nonfinite"] == "2"


def test_a_layer_that_is_not_recorded_any_more_is_no_part_of_the_run():
    history = run(lambda *_: np.nan, steps=4)
    for step in range(4, 60):
        history.add(Record(step, {"7": unpack(summarise(torch.randn(8, 8)).numpy())}, {"7": "Linear"}))
    assert {finding.layer for finding in diagnose(history) if finding.kind == "nonfinite"} == {"7"}


def test_too_few_records():
    assert too_few(History()) == 0
    assert too_few(run(lambda *_: 1.0, steps=24, every=4)) == 6
    assert too_few(run(lambda *_: 1.0, steps=44, every=4)) is None
