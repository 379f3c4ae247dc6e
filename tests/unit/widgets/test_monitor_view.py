"""The view of a training run on the kernel's side: what it sends and draws, what its controls do, what it leaves."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from unit.widgets.frames import ask, last
from unit.widgets.runs import shown

import innerview as iv
from innerview import MonitorView
from innerview.errors import InnerviewError
from innerview.panels.monitor_view import MonitorView as MonitorPanel
from innerview.panels.panel import Panel
from innerview.panels.value_codes import codes
from innerview.panels.weight_grid import WeightGrid
from innerview.training.record import Event


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10), nn.Tanh())


def train(monitor, steps=12):
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        monitor.optimizer.zero_grad()
        loss = monitor.model(torch.randn(8, 1, 8, 8, generator=generator)).square().mean()
        loss.backward()
        monitor.optimizer.step()
        monitor.step(loss=loss)


@pytest.fixture
def monitor():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = iv.Monitor(model, optimizer=optimizer, budget=None, probes=torch.randn(2, 1, 8, 8))
    with monitor:
        train(monitor)
        monitor.epoch()
        train(monitor)
        monitor.epoch()
        yield monitor


@pytest.fixture
def view(monitor):
    view = MonitorView(monitor)
    yield view
    view.close()


def test_the_table_says_what_the_history_says(monitor, view):
    said, arrays, _ = shown(view)
    assert (said["step"], said["state"], said["live"], said["undo"]) == (24, "training", True, "")
    assert said["rows"] == [[name, monitor.history.kind(name)] for name in monitor.history.layers]
    for at, name in enumerate(monitor.history.layers):
        series = monitor.history.series(name)
        assert arrays["std"][at] == pytest.approx(series.std[-1])
        assert arrays["nearZeros"][at] == pytest.approx(series.near_zeros[-1])
        # Heights on the layer's own scale.
        low, high = series.std.min(), series.std.max()
        np.testing.assert_allclose(arrays["sparks"][at] / 254, (series.std - low) / (high - low), atol=0.01)
        # A strip has a middle column for zero, and as many to each side.
        share = arrays["strips"][at]
        assert share.max() == 255
        assert (share[:10].any(), share[11:].any()) == (series.low[-1] < 0, series.high[-1] > 0)
    relu = monitor.history.layers.index("1")
    assert arrays["dead"][relu] == monitor.history.series("1").dead[-1]
    assert np.isnan(arrays["dead"][0])  # a convolution has negative values
    assert arrays["values"].tolist() == [monitor.history.metric(name)[1][-1] for name in said["metrics"]]


def test_a_layer_that_was_never_called_has_no_numbers(monitor):
    monitor.history.copy()
    glance = monitor.history.overview("eval")
    assert np.isnan(glance.std).all()
    assert glance.stds.shape == (len(monitor.history.layers), 1)


def test_the_controls_change_the_monitor(monitor, sent, view):
    ask(view, "paused", True)
    assert monitor.paused
    ask(view, "paused", False)
    assert not monitor.paused
    ask(view, "budget", 0.05)
    assert monitor.budget == 0.05
    ask(view, "layers", ["1", "3"])
    view.panel._refresh()
    assert view.layers == ["1", "3"]
    assert shown(view).said["chosen"]["layers"] == ["1", "3"]
    ask(view, "layers", ["nowhere"])
    assert "nowhere" in last(sent, "error")[0]["message"]
    assert view.layers == ["1", "3"]


def test_what_is_wrong_is_told_and_what_was_done_about_it_can_be_undone(sent):
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    nn.init.constant_(model[0].bias, -100.0)  # no unit is ever above zero
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        monitor.on("dead", monitor.scale_lr(0.5), hold=0, limit=1)
        for _ in range(60):
            monitor.optimizer.zero_grad()
            loss = model(torch.rand(32, 8)).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)
        view = MonitorView(monitor)
        said = shown(view).said
        dead = next(finding for finding in said["findings"] if finding["kind"] == "dead")
        assert dead["layer"] == "1"
        assert said["verdicts"]["1"][0] == "dead units"
        assert "0.5" in said["undo"]
        action = next(event for event in monitor.history.events if event.kind == "action")
        assert [action.step, action.text] in said["told"]
        assert action.text.startswith('learning rate times 0.5 after the finding "dead units"')
        assert [dead["since"], "finding", "dead units"] in said["marks"]
        assert [action.step, "action", "action"] in said["marks"]
        ask(view, "undo", True)
        view.panel._refresh()
        assert optimizer.param_groups[0]["lr"] == 0.1
        assert shown(view).said["undo"] == ""
        view.close()


def test_when_a_run_has_ended_it_is_judged_as_a_whole(monitor, view, monkeypatch):
    """Also when it was judged a moment ago; and no more then, until the next time is due."""
    judged = []
    monkeypatch.setattr(
        "innerview.panels.monitor_view.diagnose", lambda history, **_: judged.append(history.step) or []
    )
    monkeypatch.setattr(view.panel, "_judging", 3600.0)
    train(monitor, 2)
    view.panel._refresh()
    assert judged == []
    monitor.close()
    view.panel._refresh()
    view.panel._refresh()
    assert 26 in judged
    monkeypatch.setattr(view.panel, "_judging", 3600.0)
    judged.clear()
    view.panel._refresh()
    assert judged == []


def test_a_run_that_went_on_after_its_end_is_judged_as_a_whole_again(monitor, view, monkeypatch):
    monitor.close()
    view.panel._refresh()
    monkeypatch.setattr(view.panel, "_judging", 3600.0)  # the next judgement on the way is not due
    assert "nonfinite" not in {finding.kind for finding in view.panel._findings}
    with monitor:  # so short that it is not drawn meanwhile
        with torch.no_grad():
            monitor.model[0].weight.fill_(float("nan"))
        train(monitor, steps=2)
    view.panel._refresh()
    assert "nonfinite" in {finding.kind for finding in view.panel._findings}


def test_the_charts_show_the_series_of_the_chosen_layers(monitor, view):
    view.layers = ["1", "3"]
    view.panel._refresh()
    said, _, tracks = shown(view)
    for name in view.layers:
        series, track = monitor.history.series(name), tracks[f"layer {name}"]
        np.testing.assert_array_equal(track["steps"], series.steps)
        for number, values in {"std": series.std, "mean": series.mean, "near": series.near_zeros}.items():
            np.testing.assert_allclose(track[number], values, rtol=1e-6)
        np.testing.assert_array_equal(track["codes"], codes(series.histogram))
    assert not [name for name in tracks if name.startswith("layer") and name[6:] not in view.layers]
    steps, values = monitor.history.metric("loss")
    np.testing.assert_array_equal(tracks["metric loss"]["steps"], steps)
    np.testing.assert_allclose(tracks["metric loss"]["value"], values, rtol=1e-6)
    assert [mark for mark in said["marks"] if mark[1] == "epoch"] == [[12, "epoch", ""], [24, "epoch", ""]]


def test_one_interval_for_all_charts(view):
    view.zoom(5, 9)
    view.panel._refresh()
    assert shown(view).said["chosen"]["between"] == [5, 9]
    ask(view, "zoom", [6.0, 8.0])
    view.panel._refresh()
    assert shown(view).said["chosen"]["between"] == [6, 8]
    ask(view, "zoom", None)
    view.panel._refresh()
    assert shown(view).said["chosen"]["between"] is None


def test_the_range_of_a_channel_for_each_probe(monitor, view):
    view.layers = ["1"]
    view.channel = 2
    view.panel._refresh()
    tracks = shown(view).tracks
    for number in range(2):
        series, track = monitor.history.probe(number, "1"), tracks[f"channel probe {number}"]
        np.testing.assert_allclose(track["low"], series.channel_low[:, 2], rtol=1e-6)
        np.testing.assert_allclose(track["high"], series.channel_high[:, 2], rtol=1e-6)
        np.testing.assert_allclose(track["std"], series.channel_std[:, 2], rtol=1e-6)
    ask(view, "channel", 3)
    assert view.channel == 3
    ask(view, "channel", None)
    view.panel._refresh()
    assert not [name for name in shown(view).tracks if name.startswith("channel")]


def test_two_runs_are_overlaid(monitor):
    other = monitor.history.copy()
    other.add_event(Event(7, "note", "only there"))
    view = MonitorView(monitor, compare=other)
    view.layers = ["1"]
    view.panel._refresh()
    said, _, tracks = shown(view)
    np.testing.assert_array_equal(tracks["other layer 1"]["std"], tracks["layer 1"]["std"])
    # Each with what happened in its own run.
    assert [7, "note", "note"] in said["otherMarks"]
    assert [7, "note", "note"] not in said["marks"]
    assert said["can"]["compared"] is True
    view.close()


def test_what_is_known_is_not_sent_again(monitor, sent, view):
    view.panel._refresh()
    sent.clear()
    train(monitor, 1)
    view.panel._refresh()
    headers = [header for _, header, _ in sent if header["kind"] == "monitor" and header["tracks"]]
    assert sum(about["from"] == 24 for header in headers for about in header["tracks"]) >= 3
    assert all(about["from"] >= 24 for header in headers for about in header["tracks"])
    assert not any(name in header for header in headers for name in ("rows", "chosen", "can"))


def test_a_run_of_150_steps_takes_few_messages_and_bytes(monkeypatch):
    """The digits network, watched from the first step on: what the page is told of it, counted."""
    digits = iv.datasets.digits()
    inputs, labels = digits.train.tensors
    torch.manual_seed(0)
    model = iv.demo.SmallCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    sizes = []
    monkeypatch.setattr(Panel, "_send", lambda _, frame: sizes.append(len(frame)))
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        view = MonitorView(monitor)
        view.panel._refresher.close()  # in its place, below: three times a second, in a run of seven seconds
        for step in range(150):
            loss = nn.functional.cross_entropy(model(inputs[step : step + 32]), labels[step : step + 32])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)
            if step % 7 == 0:
                view.panel._refresh()
    view.panel._refresh()
    view.close()
    assert len(sizes) <= 30
    assert sum(sizes) <= 100_000


def test_weights_of_this_moment_are_copied_not_touched(monitor, sent, view):
    before = [parameter.detach().clone() for parameter in monitor.model.parameters()]
    view.layers = ["1", "0"]
    ask(view, "weights", True)
    header, arrays = last(sent, "grid")
    assert (header["layer"], header["of"], header["shape"]) == ("0.weight", "after step 24", [4, 1, 3, 3])
    weight = monitor.model[0].weight.detach().numpy()
    np.testing.assert_allclose(arrays["low"], weight.min((1, 2, 3)))
    ask(view.panel.weights, "channel", 3)
    np.testing.assert_array_equal(last(sent, "channel")[1]["values"], weight[3, 0])
    assert view.channel == 3
    assert all(torch.equal(a, b) for a, b in zip(before, monitor.model.parameters(), strict=True))
    view.panel._refresh()
    assert shown(view).said["weights"] is True
    view.layers = ["1"]
    ask(view, "weights", True)
    assert "without weights" in last(sent, "error")[0]["message"]
    with pytest.raises(InnerviewError, match="no layer"):
        WeightGrid(print).show(monitor.model, [], 0)


def test_it_follows_the_run_on_a_thread_of_its_own(monitor, view, monkeypatch):
    """The training thread only asks; the last state is shown whatever was asked for in between."""
    seen = threading.Event()
    threads = set()
    send = MonitorPanel._send_run

    def noticed(panel, history, *rest):
        threads.add(threading.current_thread())
        send(panel, history, *rest)
        if history.step == 30:
            seen.set()

    monkeypatch.setattr(MonitorPanel, "_send_run", noticed)
    train(monitor, 6)
    assert seen.wait(10)
    assert threading.main_thread() not in threads
    until = time.monotonic() + 10
    while shown(view).said["step"] < 30 and time.monotonic() < until:
        time.sleep(0.01)
    assert shown(view).tracks["metric loss"]["steps"][-1] == 29


@pytest.mark.parametrize(("budget", "share"), [(None, 0.05), (0.02, 0.01), (0.5, 0.05), (0, 0.001)])
def test_showing_takes_its_share_of_the_budget_at_most(monitor, view, budget, share):
    """Half of it, with what diagnosing takes; no more than a twentieth of the time."""
    monitor.budget = budget
    before = monitor._budget.cost
    assert view.panel._rest(7.0) >= 7.0 / share
    train(monitor, 1)
    assert monitor._budget.cost >= before + 7.0
    monitor.close()
    assert view.panel._rest(7.0) >= 7.0 / 0.05  # no training waits for it
    with monitor._budget.spending():
        assert monitor._budget.cost < before + 14.0


def test_nothing_is_left(monitor):
    view = MonitorView(monitor)
    thread = view.panel._refresher._thread
    gone = weakref.ref(view), weakref.ref(view.panel)
    view.close()
    assert not thread.is_alive()
    assert not monitor._listeners._callbacks
    assert not monitor._step_listeners._callbacks
    del view
    gc.collect()
    assert [one() for one in gone] == [None, None]


def test_what_is_no_run_is_refused():
    with pytest.raises(TypeError, match="monitor='run'"):
        MonitorView("run")
    with pytest.raises(TypeError, match=r"monitor=Sequential\(\.\.\.\): a Monitor or a History"):
        MonitorView(net())
    with pytest.raises(TypeError, match="compare=3"):
        MonitorView(iv.History(), compare=3)


def test_a_notebook_displays_a_monitor_as_its_view(monitor):
    shown = monitor._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_error_of_the_recording_is_in_the_view(monitor, view, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("innerview.training.weights.WeightWatch.take", lambda _: 1 / 0)
        train(monitor, 2)
    assert monitor.error.endswith("ZeroDivisionError: division by zero")
    view.panel._refresh()
    assert monitor.error in [text for _, text in shown(view).said["told"]]
