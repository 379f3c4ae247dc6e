"""A view of a training run and an Inspector of the same model: what is chosen in one is chosen in the other."""

import pytest
import torch
from torch import nn
from unit.widgets.frames import ask
from unit.widgets.runs import shown

import innerview as iv
from innerview import MonitorView
from innerview.errors import LayoutError


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10), nn.Tanh())


@pytest.fixture
def monitor(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with iv.Monitor(model, optimizer=optimizer, budget=None) as monitor:
        for _ in range(3):
            loss = model(torch.randn(8, 1, 8, 8)).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)
    return monitor


@pytest.fixture
def inspector(model):
    with iv.Inspector(model, torch.randn(4, 1, 8, 8)) as inspector:
        yield inspector


@pytest.fixture
def view(monitor, inspector):
    view = MonitorView(monitor, inspector=inspector)
    yield view
    view.close()


def test_what_the_inspector_has_chosen_is_shown_when_the_view_opens(monitor, inspector):
    inspector.layer, inspector.channel = "3", 7
    view = MonitorView(monitor, inspector=inspector)
    assert view.layers[0] == "3"
    assert len(view.layers) == 3
    view.panel._refresh()
    assert (view.channel, shown(view).said["chosen"]["channel"]) == (7, 7)
    view.close()


def test_what_the_view_has_chosen_before_the_first_step_stays(model, inspector):
    inspector.layer = "3"
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = iv.Monitor(model, optimizer=optimizer, budget=None)
    view = MonitorView(monitor, inspector=inspector)
    view.channel = 2
    with monitor:
        model(torch.randn(8, 1, 8, 8)).sum().backward()
        monitor.step()
    view.panel._refresh()
    assert (view.layers[0], view.channel, inspector.channel) == ("3", 2, 2)
    view.close()


def test_a_layer_chosen_in_the_inspector_comes_first_in_the_charts(view, inspector):
    view.layers = ["0", "1", "3"]
    assert inspector.layer == "0"
    inspector.layer = "3"  # in the charts already
    assert view.layers == ["3", "0", "1"]
    inspector.layer = "4"  # not yet
    assert view.layers == ["4", "0", "1"]


def test_the_first_layer_chosen_in_the_view_is_the_inspectors(view, inspector):
    ask(view, "layers", ["1", "0", "3"])
    assert inspector.layer == "1"
    view.channel = 2
    ask(view, "layers", ["1", "3"])  # the same first
    assert (inspector.layer, inspector.channel, view.channel) == ("1", 2, 2)
    ask(view, "layers", ["3", "1"])
    assert (inspector.layer, inspector.channel, view.channel) == ("3", None, None)


def test_channels_are_linked_both_ways(view, inspector):
    view.layers = ["0", "1"]
    ask(view, "channel", 2)
    assert inspector.channel == 2
    inspector.channel = 3
    assert view.channel == 3
    inspector.layer = "1"
    assert (view.layers, view.channel, inspector.channel) == (["1", "0"], None, None)
    # Both at once, as somebody who restores a selection does it.
    with inspector.hold_trait_notifications():
        inspector.layer, inspector.channel = "0", 1
    assert (view.layers, view.channel, inspector.channel) == (["0", "1"], 1, 1)


def test_a_channel_of_another_layer_is_not_taken(view, inspector, monkeypatch):
    inspector.layer = "0"
    monkeypatch.setattr(view.panel, "_layers", ["1"])  # which the inspector does not follow
    inspector.channel = 2
    assert view.channel is None
    view.channel = 3
    assert inspector.channel == 2


def test_a_channel_that_there_is_not_is_said(view):
    view.layers = ["0"]
    view.channel = 4
    view.panel._refresh()
    assert shown(view).said["chosen"]["missing"] == "0 has no channel 4: it has 4, from 0 to 3"
    view.channel = 3
    view.panel._refresh()
    assert shown(view).said["chosen"]["missing"] == ""
    for wrong in (-1, "3", 1.5):
        with pytest.raises(LayoutError, match=f"channel={wrong!r}"):
            view.channel = wrong
    assert view.channel == 3


def test_a_tile_of_the_weights_chooses_a_channel_of_their_layer(view, inspector):
    view.layers = ["1", "0", "3"]
    ask(view, "weights", True)
    ask(view.panel.weights, "channel", 3)
    assert (view.layers, view.channel) == (["0", "1", "3"], 3)
    assert (inspector.layer, inspector.channel) == ("0", 3)
    # Other layers were chosen meanwhile; the weights are still those of "0".
    view.layers = ["3", "4"]
    ask(view.panel.weights, "channel", None)
    assert view.layers == ["3", "4"]
    ask(view.panel.weights, "channel", 1)
    assert (view.layers, view.channel) == (["0", "4"], 1)


def test_a_closed_view_follows_no_more(monitor, inspector):
    before = {name: list(inspector._trait_notifiers.get(name, {}).get("change", [])) for name in ("layer", "channel")}
    view = MonitorView(monitor, inspector=inspector)
    assert all(len(inspector._trait_notifiers[name]["change"]) > len(before[name]) for name in before)
    view.close()
    for name, handlers in before.items():
        assert inspector._trait_notifiers[name]["change"] == handlers
    layers = view.layers
    inspector.layer = "4"
    assert view.layers == layers
