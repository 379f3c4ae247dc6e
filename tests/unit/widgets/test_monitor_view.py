"""The view of a training run on the kernel's side: what it sends and draws, what its controls do, what it leaves."""

import gc
import io
import threading
import weakref

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from unit.widgets.frames import ask, last

import innerview as iv
from innerview.analysis.statistics.accumulators import BINS, EDGES
from innerview.errors import InnerviewError
from innerview.panels.weight_grid import WeightGrid
from innerview.training.record import Event
from innerview.widgets.bqplot_parts import COLOURS, log_ticks, round_ticks
from innerview.widgets.histogram_picture import COLUMNS, histogram_picture, value_ticks
from innerview.widgets.line_marks import Line
from innerview.widgets.live_charts import LiveChart
from innerview.widgets.monitor_view import MonitorView
from innerview.widgets.time_axis import TimeAxis


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


def test_the_table_says_what_the_history_says(monitor, sent, view):
    header, arrays = last(sent, "monitor")
    assert (header["step"], header["state"], header["live"], header["undo"]) == (24, "training", True, "")
    assert [row["name"] for row in header["rows"]] == list(monitor.history.layers)
    for at, name in enumerate(monitor.history.layers):
        series = monitor.history.series(name)
        assert arrays["std"][at] == pytest.approx(series.std[-1])
        assert arrays["nearZeros"][at] == pytest.approx(series.near_zeros[-1])
        np.testing.assert_allclose(arrays["sparks"][at], series.std, rtol=1e-6)
        # A strip has a middle column for zero, and as many to each side.
        share = arrays["strips"][at]
        assert share.max() == 255
        assert (share[:10].any(), share[11:].any()) == (series.low[-1] < 0, series.high[-1] > 0)
    relu = monitor.history.layers.index("1")
    assert arrays["dead"][relu] == monitor.history.series("1").dead[-1]
    assert np.isnan(arrays["dead"][0])  # a convolution has negative values
    assert arrays["values"].tolist() == [monitor.history.metric(name)[1][-1] for name in header["metrics"]]


def test_a_layer_that_was_never_called_has_no_numbers(monitor):
    monitor.history.copy()
    glance = monitor.history.overview("eval")
    assert np.isnan(glance.std).all()
    assert glance.stds.shape == (len(monitor.history.layers), 1)


def test_the_controls_change_the_monitor(monitor, sent, view):
    ask(view.table, "paused", True)
    assert monitor.paused
    ask(view.table, "paused", False)
    assert not monitor.paused
    ask(view.table, "budget", 0.05)
    assert monitor.budget == 0.05
    ask(view.table, "layers", ["1", "3"])
    view._refresh()
    assert view.layers == ["1", "3"]
    assert last(sent, "monitor")[0]["chosen"] == ["1", "3"]
    ask(view.table, "layers", ["nowhere"])
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
        header, _ = last(sent, "monitor")
        dead = next(finding for finding in header["findings"] if finding["kind"] == "dead")
        assert dead["layer"] == "1"
        assert next(row for row in header["rows"] if row["name"] == "1")["verdict"] == "dead units"
        assert "0.5" in header["undo"]
        action = next(event for event in monitor.history.events if event.kind == "action")
        assert (
            f"step {action.step}: learning rate times 0.5 after the finding &quot;dead units&quot;" in view._told.value
        )
        # Lines with words on every chart, heat maps included.
        view.channel = 0
        view._refresh()
        charts = view._charts
        for chart in (charts.loss, charts.std, charts.mean, charts.near, *charts.heat, *charts.ranges):
            lines, *words = chart._events.marks
            assert {*chart.figure.marks} > {lines, *words}
            assert {*np.ravel(lines.x)} >= {dead["since"], action.step}
            assert {text for each in words if each.visible for text in np.ravel(each.text)} >= {"dead units", "action"}
        assert charts.heat
        assert len(charts.ranges) == 1
        ask(view.table, "undo", True)
        view._refresh()
        assert optimizer.param_groups[0]["lr"] == 0.1
        assert last(sent, "monitor")[0]["undo"] == ""
        view.close()


def test_when_a_run_has_ended_it_is_judged_as_a_whole(monitor, view, monkeypatch):
    """Also when it was judged a moment ago; and no more then, until the next time is due."""
    judged = []
    monkeypatch.setattr(
        "innerview.widgets.monitor_view.diagnose", lambda history, **_: judged.append(history.step) or []
    )
    monkeypatch.setattr(view, "_judging", 3600.0)
    train(monitor, 2)
    view._refresh()
    assert judged == []
    monitor.close()
    view._refresh()
    view._refresh()
    assert 26 in judged
    monkeypatch.setattr(view, "_judging", 3600.0)
    judged.clear()
    view._refresh()
    assert judged == []


def test_a_run_that_went_on_after_its_end_is_judged_as_a_whole_again(monitor, view, monkeypatch):
    monitor.close()
    view._refresh()
    monkeypatch.setattr(view, "_judging", 3600.0)  # the next judgement on the way is not due
    assert "nonfinite" not in {finding.kind for finding in view._findings}
    with monitor:  # so short that it is not drawn meanwhile
        with torch.no_grad():
            monitor.model[0].weight.fill_(float("nan"))
        train(monitor, steps=2)
    view._refresh()
    assert "nonfinite" in {finding.kind for finding in view._findings}


def test_the_charts_show_the_series_of_the_chosen_layers(monitor, view):
    view.layers = ["1", "3"]
    view._refresh()
    mark = view._charts.std._left._solid
    for line, name in enumerate(view.layers):
        np.testing.assert_allclose(mark.y[line], monitor.history.series(name).std)
    assert mark.x.shape == mark.y.shape == (2, 24)
    assert mark.colors == list(COLOURS[:2])
    assert [figure.title for figure in view._charts.grid.children[-2:]] == ["layer 1", "layer 3"]
    # Two epochs, as vertical marks.
    np.testing.assert_array_equal(view._charts.std._events._lines.x, [[12, 12], [24, 24]])


def test_one_interval_for_all_charts(monitor, view):
    view.layers = ["1"]
    view.zoom(5, 9)
    view._refresh()
    assert (view._charts.time.scale.min, view._charts.time.scale.max) == (5, 9)
    assert view._bar.whole.layout.display != "none"
    mark = view._charts.std._left._solid
    assert (mark.x.min(), mark.x.max()) == (4, 10)  # one to each side, so that the line goes on
    assert tuple(view._charts.heat[0]._image.x) == (5, 9)
    # As the browser says that a brush was drawn.
    brush = view._charts.loss._brush
    brush.brushing = True
    brush.selected = np.array([6.0, 8.0])
    brush.brushing = False
    assert view._charts.time.between == (6, 8)
    assert brush.selected is None
    brush.brushing = True  # a click
    brush.brushing = False
    assert view._charts.time.between is None
    view.zoom(6, 8)
    view._bar.whole.click()
    assert (view._charts.time.scale.min, view._charts.time.scale.max) == (0, 24)


def test_the_range_of_a_channel_for_each_probe(monitor, view):
    view.layers = ["1"]
    view.channel = 2
    view._refresh()
    charts = view._charts.ranges[:2]
    for number, chart in enumerate(charts):
        series = monitor.history.probe(number, "1")
        band = chart._left._bands
        np.testing.assert_allclose(band.y, [series.channel_high[:, 2], series.channel_low[:, 2]])
        np.testing.assert_allclose(np.ravel(chart._right._solid.y), series.channel_std[:, 2], rtol=1e-6)
        assert chart.figure.title == f"layer 1 channel 2, probe {number} · std dotted"
    assert {chart.figure for chart in charts} <= set(view._charts.grid.children)
    view._bar.number.value = "many"
    assert "many" in view._bar.error.value
    view._bar.number.value = "3"
    assert (view.channel, view._bar.error.value) == (3, "")
    view._bar.number.value = ""
    view._refresh()
    assert not {chart.figure for chart in charts} & set(view._charts.grid.children)


def test_of_a_long_name_a_title_has_the_end():
    model = nn.Sequential()
    model.add_module("a_feature_extractor_with_a_name_that_fits_no_chart", net())
    with iv.Monitor(model, budget=None) as monitor:
        for _ in range(3):
            model(torch.randn(2, 1, 8, 8)).sum().backward()
            monitor.step()
    view = MonitorView(monitor)
    view.layers = ["a_feature_extractor_with_a_name_that_fits_no_chart.0"]
    view.channel = 3
    view._refresh()
    titles = [chart.figure.title for chart in (view._charts.ranges[0], view._charts.heat[0])]
    assert titles == [
        "…ts_no_chart.0 channel 3, batches · std dotted",
        "…re_extractor_with_a_name_that_fits_no_chart.0",
    ]
    assert {len(title) for title in titles} == {46}
    view.close()


def test_two_runs_are_overlaid(monitor):
    other = monitor.history.copy()
    other.add_event(Event(7, "note", "only there"))
    view = MonitorView(monitor, compare=other)
    view.layers = ["1"]
    view._refresh()
    np.testing.assert_array_equal(view._charts.std._left._dashed.y, view._charts.std._left._solid.y)
    assert [one.figure.title for one in view._charts.heat[:2]] == ["layer 1", "layer 1, compared"]
    # Each with what happened in its own run.
    assert [np.ravel(one._events.marks[1].text).tolist() for one in view._charts.heat[:2]] == [[""], ["note"]]
    view.close()


def test_weights_of_this_moment_are_copied_not_touched(monitor, sent, view):
    before = [parameter.detach().clone() for parameter in monitor.model.parameters()]
    view.layers = ["1", "0"]
    view._bar.weights.click()
    header, arrays = last(sent, "grid")
    assert (header["layer"], header["of"], header["shape"]) == ("0.weight", "after step 24", [4, 1, 3, 3])
    weight = monitor.model[0].weight.detach().numpy()
    np.testing.assert_allclose(arrays["low"], weight.min((1, 2, 3)))
    ask(view.weights, "channel", 3)
    np.testing.assert_array_equal(last(sent, "channel")[1]["values"], weight[3, 0])
    assert view.channel == 3
    assert all(torch.equal(a, b) for a, b in zip(before, monitor.model.parameters(), strict=True))
    assert view._weights_box.layout.display == "flex"
    view.layers = ["1"]
    view._bar.weights.click()
    assert "without weights" in view._bar.error.value
    with pytest.raises(InnerviewError, match="no layer"):
        WeightGrid(print).show(monitor.model, [], 0)


def test_it_follows_the_run_on_a_thread_of_its_own(monitor, sent, view):
    """The training thread only asks; the last state is shown whatever was asked for in between."""
    seen = threading.Event()
    threads = set()
    send = view.table.show

    def show(history, *rest):
        threads.add(threading.current_thread())
        send(history, *rest)
        if history.step == 30:
            seen.set()

    view.table.show = show
    train(monitor, 6)
    assert seen.wait(10)
    assert threading.main_thread() not in threads


def test_the_loss_stands_beside_the_range_of_a_channel_and_is_drawn_while_it_runs(monitor, view):
    """On its own thread, while the training goes on: nobody asks for it here."""
    view.layers = ["1"]
    view._refresh()
    before = view._charts.grid.children
    view.channel = 2
    view._refresh()
    loss = view._charts.loss._left._solid
    charts = view._charts.grid.children
    assert charts[: len(before)] == before  # the page makes none of them anew
    placed = sorted(charts, key=lambda chart: int(chart.layout.order or 0))
    assert placed[:3] == [view._charts.loss.figure, *(one.figure for one in view._charts.ranges)]
    assert loss.x.shape[-1] == 24
    seen = threading.Event()
    loss.observe(lambda change: seen.set() if np.ravel(change["new"])[-1] == 29 else None, "x")
    train(monitor, 6)
    assert seen.wait(10)
    steps, values = monitor.history.metric("loss")
    np.testing.assert_array_equal(np.ravel(loss.x), steps)
    np.testing.assert_array_equal(np.ravel(loss.y), values)
    # It has the same steps below it as the ranges have.
    axes = [one.figure.axes[0].scale for one in (view._charts.loss, *view._charts.ranges)]
    assert axes == [view._charts.time.scale] * 3


@pytest.mark.parametrize(("budget", "share"), [(None, 0.05), (0.02, 0.01), (0.5, 0.05), (0, 0.001)])
def test_showing_takes_its_share_of_the_budget_at_most(monitor, view, budget, share):
    """Half of it, with what diagnosing takes; no more than a twentieth of the time."""
    monitor.budget = budget
    before = monitor._budget.cost
    assert view._rest(7.0) >= 7.0 / share
    train(monitor, 1)
    assert monitor._budget.cost >= before + 7.0
    monitor.close()
    assert view._rest(7.0) >= 7.0 / 0.05  # no training waits for it
    with monitor._budget.spending():
        assert monitor._budget.cost < before + 14.0


def test_nothing_is_left(monitor):
    view = MonitorView(monitor)
    thread = view._refresher._thread
    gone = weakref.ref(view)
    view.close()
    assert not thread.is_alive()
    assert not monitor._listeners._callbacks
    assert not monitor._step_listeners._callbacks
    del view
    gc.collect()
    assert gone() is None


def test_what_is_no_run_is_refused():
    with pytest.raises(TypeError, match="monitor='run'"):
        MonitorView("run")
    with pytest.raises(TypeError, match=r"monitor=Sequential\(\.\.\.\): a Monitor or a History"):
        MonitorView(net())
    with pytest.raises(TypeError, match="compare=3"):
        MonitorView(iv.History(), compare=3)


def test_a_picture_of_histograms():
    """Pixel for pixel: each record as wide as its steps, the bins from low to high upwards, clear where none is."""
    counts = np.zeros((2, BINS), np.float32)
    counts[0, BINS // 2] = 10
    counts[1, BINS // 2 + 3] = 10
    picture = histogram_picture(np.array([0, 10]), np.array([10, 30]), counts)
    assert (picture.x, picture.y) == ((0, 40), (BINS // 2 - 1, BINS // 2 + 5))
    pixels = decoded(picture.png)
    assert pixels.shape == (6, COLUMNS, 4)
    opaque = pixels[..., 3] > 0
    np.testing.assert_array_equal(opaque[::-1].sum(1), [0, COLUMNS // 4, 0, 0, 3 * COLUMNS // 4, 0])
    assert histogram_picture(np.array([0]), np.array([1]), counts[:1] * 0) is None
    zoomed = histogram_picture(np.array([0, 10]), np.array([10, 30]), counts, (20, 30))
    assert (decoded(zoomed.png)[..., 3] > 0)[::-1].sum(1).tolist() == [0, 0, 0, 0, COLUMNS, 0]


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_value_ticks_are_where_the_values_are():
    ticks = value_ticks(0, BINS)
    assert ticks["0"] == BINS / 2
    for text, at in ticks.items():
        value = float(text.replace("\u2212", "-"))
        if value:
            low, high = EDGES[int(at)], EDGES[int(at) + 1]
            assert low <= value <= high
    assert 3 <= len(ticks) <= 7


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 7.9), (0.000123, 0.000987), (0, 123456), (2.27, 2.31)])
def test_ticks_are_few_round_and_between(low, high):
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 4
    assert low <= ticks.min()
    assert ticks.max() <= high
    assert np.allclose(np.diff(ticks), np.diff(ticks)[0])
    if low > 0:
        assert 1 <= len(log_ticks(low, high)) <= 4


def test_lines_with_gaps_end_in_a_number_and_long_ones_are_averaged():
    """bqplot places a label at the last point: NaN there is an error in the page's console."""
    time = TimeAxis(lambda _: None)
    chart = LiveChart(time, "")
    steps = np.arange(10_000)
    values = np.sin(steps / 500)
    values[-2000:] = np.nan
    chart.show([Line(steps, values, "red"), Line(steps[:2], np.array([1.0, 2.0]), "blue")])
    mark = chart._left._solid
    assert np.isfinite(mark.y[:, -1]).all()
    assert mark.y.shape[1] <= 400
    np.testing.assert_allclose(mark.y[0, :5], values[:125].reshape(5, 25).mean(1))
    chart.show([Line(steps[:1], values[:1], "red")])
    assert not mark.visible
    chart.close()
    time.close()


def test_a_notebook_displays_a_monitor_as_its_view(monitor):
    shown = monitor._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_error_of_the_recording_is_in_the_view(monitor, view, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("innerview.training.weights.WeightWatch.take", lambda _: 1 / 0)
        train(monitor, 2)
    assert monitor.error.endswith("ZeroDivisionError: division by zero")
    view._refresh()
    assert monitor.error in view._told.value
