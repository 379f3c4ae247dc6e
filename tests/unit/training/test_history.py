"""A history keeps a whole run within a bounded size; copies are safe, merging is associative."""

import json
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from innerview.analysis.statistics.accumulators import Statistics, empty, summarise, unpack
from innerview.errors import HistoryError, UnknownLayerError
from innerview.training.history import History
from innerview.training.record import Event, Record, WeightSample

KINDS = {"conv": "Conv2d", "relu": "ReLU", "gate": "Sigmoid"}


def record(step, seed=None, *, phase="train", layers=("conv", "relu"), channels=3):
    generator = torch.Generator().manual_seed(step if seed is None else seed)
    values = torch.randn(4, channels, generator=generator)
    looked = {name: unpack(summarise(values, saturates="sigmoid" if name == "gate" else "").numpy()) for name in layers}
    weights = {"conv.weight": WeightSample(1.0 + step % 7, 0.1, 0.001 * (1 + step % 3), 0.0)}
    return Record(step, looked, KINDS, phase, weights if phase == "train" else {})


def filled(steps, **options):
    history = History(**options)
    for step in steps:
        history.add(record(step))
        history.add_metrics(step, {"loss": 1 / (1 + step)})
        history.step = step + 1
    return history


def same(one, other):
    """Whether two histories answer alike, up to rounding."""
    assert set(one.layers) == set(other.layers)
    assert set(one.metrics) == set(other.metrics)
    for phase in ("train", "eval"):
        for layer in one.layers:
            mine, theirs = one.series(layer, phase), other.series(layer, phase)
            channels = ("channel_low", "channel_high", "channel_mean", "channel_std")
            for name in (*mine.NUMBERS, *channels, "histogram"):
                np.testing.assert_allclose(
                    getattr(mine, name), getattr(theirs, name), rtol=1e-4, atol=1e-6, err_msg=name
                )
    for parameter in one.parameters:
        for name in ("steps", "spans", "rms", "gradient_rms", "update_ratio", "near_zeros"):
            np.testing.assert_allclose(getattr(one.weights(parameter), name), getattr(other.weights(parameter), name))
    for name in one.metrics:
        np.testing.assert_allclose(one.metric(name), other.metric(name))
        np.testing.assert_allclose(one.metric_range(name), other.metric_range(name))


def test_a_million_steps_stay_within_memory():
    """One record in 1,000 steps, with as many layers and channels as a ResNet-18 has; every loss."""
    memory = 20_000_000
    history = History(memory)
    channels = 64
    looked = empty(channels=channels)
    scalars = looked.scalars.copy()
    names = [f"layer{number}" for number in range(60)]
    kinds = dict.fromkeys(names, "ReLU")
    total, steps = 0, 1_000_000
    start = time.process_time()
    for step in range(0, steps, 1000):
        scalars = np.zeros_like(looked.scalars)
        scalars[0], scalars[2], scalars[6] = 10, step, 10
        layer = Statistics(scalars, np.full_like(looked.histogram, 1), looked.channels)
        history.add(Record(step, dict.fromkeys(names, layer), kinds))
        total += 10
        history.add_metrics(step, {"loss": float(step)})
        assert history.bytes <= memory
    series = history.series("layer7")
    # The whole run is there, old steps coarser than recent ones.
    assert series.steps[0] == 0
    assert series.steps[-1] == steps - 1000
    assert (series.steps[1:] >= series.steps[:-1] + series.spans[:-1]).all()
    assert series.count.sum() == total
    assert np.average(series.mean, weights=series.count) == pytest.approx((steps - 1000) / 2)
    assert series.spans[:5].mean() > 3 * series.spans[-5:].mean()
    assert series.spans.max() < steps / 25
    assert len(series.steps) > 0.5 * memory / sum(table.row_bytes for table in history.tables.all()) / 1.25
    assert history.metric("loss")[0][-1] == steps - 1000
    assert time.process_time() - start < 60


def test_many_losses():
    history = History(400_000)
    rng = np.random.default_rng(0)
    values = rng.standard_normal(60_000) + 5
    values[34_567] = 99.0
    for step, value in enumerate(values):
        history.add_metrics(step, {"loss": value})
    steps, kept = history.metric("loss")
    low, high = history.metric_range("loss")
    spans = history.tables.metrics["loss"].spans
    assert history.bytes <= 400_000
    assert len(steps) > 5_000
    assert np.average(kept, weights=spans) == pytest.approx(values.mean())
    assert (low.min(), high.max()) == (values.min(), 99.0)
    assert spans.sum() == len(values)
    np.testing.assert_array_equal(kept[-3:], values[-3:])


def test_a_copy_does_not_change():
    history = filled(range(10))
    copies = [history.copy() for _ in range(2)]
    kept = [copies[0].series("conv").mean.copy(), copies[0].metric("loss")[1].copy()]
    for step in range(10, 60):
        history.add(record(step))
        history.add_metrics(step, {"loss": 1.0})
    for table in history.tables.layers["train"].values():
        table.thin()
    history.add(record(60, layers=("conv", "gate", "relu"), channels=5))
    history.add_event(Event(60, "epoch", "an epoch"))
    copies[1].add(record(10, seed=99))
    assert len(copies[1].series("conv").steps) == 11
    np.testing.assert_array_equal(copies[0].series("conv").mean, kept[0])
    np.testing.assert_array_equal(copies[0].metric("loss")[1], kept[1])
    assert copies[0].layers == ("conv", "relu")
    assert copies[0].events == ()
    assert history.layers == ("conv", "gate", "relu")
    assert len(history.series("conv").steps) < 60


def test_a_later_layer_and_more_channels():
    history = filled(range(3))
    history.add(record(3, layers=("gate", "conv"), channels=5))
    assert history.layers == ("gate", "conv", "relu")
    conv, relu, gate = (history.series(name) for name in ("conv", "relu", "gate"))
    np.testing.assert_array_equal(np.isnan(conv.channel_mean).sum(1), [2, 2, 2, 0])
    # Each has the records that there are of it, and none where it was not recorded.
    np.testing.assert_array_equal(relu.steps, [0, 1, 2])
    np.testing.assert_array_equal(gate.steps, [3])
    assert np.isfinite(relu.mean).all()
    assert np.isfinite(gate.saturated).all()
    assert np.isnan(conv.saturated).all()
    assert np.isnan(conv.gradient_mean).all()
    np.testing.assert_array_equal(conv.channel_low[0], record(0).layers["conv"].channels[3].tolist() + [np.nan] * 2)


def test_dead_channels():
    values = torch.tensor([[0.0, -1.0, 2.0, 0.0], [0.0, -2.0, 0.0, 1e-9]])
    history = History()
    history.add(Record(0, {"relu": unpack(summarise(values).numpy())}, KINDS))
    np.testing.assert_array_equal(history.series("relu").dead, [0.5])
    assert history.series("relu", "eval").dead.shape == (0,)


def test_unknown_names():
    history = filled(range(2))
    with pytest.raises(UnknownLayerError, match=r"no layer 'con'.*'conv'"):
        history.series("con")
    with pytest.raises(UnknownLayerError, match=r"no parameter 'weight'.*'conv\.weight'"):
        history.weights("weight")
    with pytest.raises(UnknownLayerError, match=r"no metric 'accuracy'.*'loss'"):
        history.metric("accuracy")
    with pytest.raises(ValueError, match="'probe 0'"):
        history.series("conv", "probe 0")


def test_what_it_says_of_itself():
    assert repr(filled(range(3))).startswith("History(3 steps, 2 layers, 1 metrics, ")


def test_events_are_bounded():
    history = History()
    for step in range(10_050):
        history.add_event(Event(step, "note", "again"))
    assert (len(history.events), history.events[0].step) == (10_000, 50)


def test_save_and_load(tmp_path):
    history = filled(range(5))
    history.add(record(5, phase="eval", layers=("gate", "conv")))
    history.add(record(5, phase="probe 0"))
    history.add_event(Event(3, "epoch", "epoch 1 ended", "conv"))
    history.overhead = 0.015
    path = tmp_path / "run.npz"
    history.save(path)
    loaded = History.load(path)
    same(loaded, history)
    for name in (
        "layers",
        "parameters",
        "metrics",
        "events",
        "step",
        "recorded",
        "overhead",
        "memory",
        "probes",
        "bytes",
    ):
        assert getattr(loaded, name) == getattr(history, name)
    assert loaded.kind("gate") == "Sigmoid"
    # It can be gone on with.
    loaded.add(record(6))
    assert loaded.series("conv").steps[-1] == 6
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.npz"]
    same(History.from_bytes(history.to_bytes()), history)
    with np.load(path, allow_pickle=False) as arrays:
        assert all(array.dtype != object for array in arrays.values())


def test_files_that_are_no_history(tmp_path):
    path, other = tmp_path / "run.npz", tmp_path / "other.npz"
    filled(range(50)).save(path)
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        other.write_bytes(whole[:length])
        with pytest.raises(HistoryError, match=r"other\.npz is not a history of a training run, or it was cut short"):
            History.load(other)
    middle = len(whole) // 2
    other.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    with pytest.raises(HistoryError, match="not a history"):
        History.load(other)
    other.write_text("step,loss")
    with pytest.raises(HistoryError, match="not a history"):
        History.load(other)
    np.savez(other, weights=np.ones(3))
    with pytest.raises(HistoryError, match="not a history"):
        History.load(other)
    np.savez(other, about=np.array([{}], dtype=object))
    with pytest.raises(HistoryError, match="not a history"):
        History.load(other)
    with pytest.raises(FileNotFoundError):
        History.load(tmp_path / "none.npz")
    with np.load(path) as arrays:
        content = dict(arrays)
    about = json.loads(content["about"].tobytes()) | {"version": 7}
    np.savez(other, **{**content, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)})
    with pytest.raises(HistoryError, match=r"other\.npz is a history of version 7, and this innerview reads version 2"):
        History.load(other)
    np.savez(other, **{**content, "phase0.layer1.histogram": content["phase0.layer1.histogram"][:, :5]})
    with pytest.raises(HistoryError, match=r"phase0\.layer1\.histogram is of another shape"):
        History.load(other)
    np.savez(other, **{**content, "phase0.layer1.spans": content["phase0.layer1.spans"][1:]})
    with pytest.raises(HistoryError, match=r"phase0\.layer1\.spans is of another shape"):
        History.load(other)


steps = st.sets(st.integers(0, 6), max_size=5).map(sorted)


@given(st.tuples(steps, steps, steps), st.permutations(["conv", "relu", "gate"]))
@settings(deadline=None, max_examples=25)
def test_merging_is_associative(chosen, names):
    parts = []
    for number, (numbers, layers) in enumerate(zip(chosen, (names[:2], names[1:], names[::2]), strict=True)):
        history = History()
        for step in numbers:
            history.add(record(step, seed=100 * number + step, layers=layers, channels=2 + number))
            history.add_metrics(step, {"loss": number + step, f"own {number}": 1.0})
            history.step = step + 1
        history.add_event(Event(0, "note", "on all alike"))
        parts.append(history)
    a, b, c = parts
    left, right = a.merge(b).merge(c), a.merge(b.merge(c))
    same(left, right)
    same(a.merge(b, c), left)
    same(c.merge(a, b), left)
    assert left.step == right.step
    assert left.events == right.events == (Event(0, "note", "on all alike"),)
    for layer in left.layers:
        counts = sum(part.series(layer).count.sum() for part in parts if layer in part.layers)
        assert left.series(layer).count.sum() == counts
    # What was merged is as it was.
    assert len(a.series(names[0]).steps if chosen[0] else chosen[0]) == len(chosen[0])


def test_merging_ranks_is_looking_at_all_their_samples():
    whole, ranks = History(), [History(), History()]
    for step in range(3):
        values = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        for history, some in ((whole, values), (ranks[0], values[::2]), (ranks[1], values[1::2])):
            history.add(Record(step, {"relu": unpack(summarise(some).numpy())}, KINDS))
    same(ranks[0].merge(ranks[1]), whole)


def test_as_a_table():
    history = filled(range(3))
    history.add(record(3, phase="eval", layers=("gate",)))
    table = history.to_frame()
    assert list(zip(table["layer"], table["phase"], table["steps"], strict=True)) == [
        *(("conv", "train", step) for step in range(3)),
        *(("relu", "train", step) for step in range(3)),
        ("gate", "eval", 3),
    ]
    np.testing.assert_array_equal(table.query("layer == 'conv'")["mean"], history.series("conv").mean)
    assert History().to_frame().empty


@given(st.lists(st.tuples(st.sets(st.integers(0, 200), max_size=80), st.integers(0, 4)), min_size=2, max_size=3))
@settings(deadline=None, max_examples=25)
def test_what_is_merged_overlaps_nowhere_and_stays_within_memory(runs):
    parts = []
    for number, (numbers, thinned) in enumerate(runs):
        history = History(60_000)
        for step in sorted(numbers):
            history.add(record(step, seed=1000 * number + step))
            history.add_metrics(step, {"loss": float(step)})
        for table in history.tables.all():
            for _ in range(thinned if len(table) > 1 else 0):
                if len(table) > 1:
                    table.thin()
        parts.append(history)
    merged = parts[0].merge(*parts[1:])
    assert merged.bytes <= 60_000
    for table in merged.tables.all():
        assert (table.spans > 0).all()
        assert (table.steps[1:] >= table.steps[:-1] + table.spans[:-1]).all()
    for layer in merged.layers:
        counted = [part.series(layer).count.sum() for part in parts if layer in part.layers]
        assert merged.series(layer).count.sum() == sum(counted)
    if merged.metrics:
        values = [step for numbers, _ in runs for step in numbers]
        _, found = merged.metric("loss")
        assert np.average(found, weights=merged.tables.metrics["loss"]["count"]) == pytest.approx(np.mean(values))
    # It can be gone on with.
    merged.add(record(100))
    for table in merged.tables.layers["train"].values():
        assert (table.steps[1:] >= table.steps[:-1] + table.spans[:-1]).all()


def test_merged_runs_that_were_thinned_by_turns_keep_their_resolution():
    one, other = filled(range(0, 400, 2)), filled(range(1, 400, 2))
    for history in (one, other):
        for table in history.tables.all():
            for _ in range(3):
                table.thin()
    merged = one.merge(other)
    rows = len(one.series("conv").steps)
    assert len(merged.series("conv").steps) > 0.7 * rows
    assert merged.series("conv").spans.max() < 4 * one.series("conv").spans.max()
