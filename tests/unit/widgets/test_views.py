"""The kernel's side of the views: what they send for a selection, a want, an error. Browser tests see them drawn."""

import gc
import io
import time
import weakref

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from unit.widgets.frames import ask, last, settle

import innerview as iv
from innerview import wire
from innerview.analysis.pictures import axes
from innerview.data.order import visiting_order
from innerview.panels.status_bar import StatusBar

IMAGES = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(20) % 10


@pytest.fixture
def inspector():
    torch.manual_seed(0)
    with iv.Inspector(iv.demo.SmallCNN(), (IMAGES, LABELS), classes=list("abcdefghij")) as made:
        yield made


def test_the_layer_picker_lists_every_layer_and_chooses_one(sent, inspector):
    picker = iv.LayerPicker(inspector)
    settle(inspector)
    header, _ = last(sent, "layers")
    assert [row["name"] for row in header["rows"]] == list(inspector.layers)
    assert header["parameters"] == sum(p.numel() for p in inspector.model.parameters())
    assert header["rows"][1] | {"note": ""} == {
        "name": "features.0", "kind": "Conv2d", "shape": [16, 8, 8], "size": 1024,
        "parameters": 160, "calls": 1, "status": "seen", "note": "",
    }  # fmt: skip
    ask(picker, "layer", "features.3")
    assert inspector.layer == "features.3"
    assert last(sent, "selected")[0]["layer"] == "features.3"


def test_the_grid_holds_the_layers_real_values(sent, inspector):
    inspector.layer, inspector.sample = "features.0", 3
    iv.ChannelGrid(inspector)
    settle(inspector)
    header, arrays = last(sent, "grid")
    assert (header["layer"], header["sample"], header["layout"]) == ("features.0", 3, "maps")
    values = inspector.look("features.0", 3).values.numpy()
    drawn = arrays["low"][:, None, None] + arrays["tiles"] / 252 * (arrays["high"] - arrays["low"])[:, None, None]
    assert np.abs(drawn - values).max() < np.ptp(values) / 252
    assert arrays["mean"] == pytest.approx(values.mean((1, 2)), abs=1e-5)


def test_every_view_follows_the_selection_wherever_it_changes(sent, inspector):
    grids = [iv.ChannelGrid(inspector), iv.ChannelGrid(inspector)]
    picker, samples = iv.LayerPicker(inspector), iv.SamplePicker(inspector)
    ask(picker, "layer", "features.4")
    ask(samples, "sample", 11)
    settle(inspector)
    for grid in grids:
        header, _ = last(sent, "grid", grid)
        assert (header["layer"], header["sample"]) == ("features.4", 11)
    assert last(sent, "sample", samples)[0]["sample"] == 11
    inspector.layer = "features.0"
    ask(grids[0], "channel", 5)
    settle(inspector)
    assert inspector.channel == 5
    for grid in grids:
        assert last(sent, "channel", grid)[0]["channel"] == 5


def test_the_enlarged_channel_is_exact_and_knows_where_it_looks(sent, inspector):
    inspector.layer = "features.3"
    grid = iv.ChannelGrid(inspector)
    ask(grid, "channel", 7)
    settle(inspector)
    header, arrays = last(sent, "channel")
    assert np.array_equal(arrays["values"], inspector.look("features.3", 0).values[7].numpy())
    assert arrays["counts"].sum() == 16
    assert arrays["image"].shape == (8, 8, 3)
    assert header["input"] == [8, 8]
    # 3 x 3, then pooled by 2, then 3 x 3: 8 = 3 + 1 + 2 * 2 pixels, one step of the map is two pixels.
    assert header["receptive"]["size"] == [8, 8]
    assert header["receptive"]["stride"] == [2, 2]


def test_dead_channels_are_found_over_many_samples(sent):
    model = iv.demo.SmallCNN()
    with torch.no_grad():
        model.features[0].bias[[2, 9]] = -100.0
    with iv.Inspector(model, IMAGES) as inspector:
        inspector.layer = "features.1"
        iv.ChannelGrid(inspector)
        settle(inspector)
        header, arrays = last(sent, "dead")
    assert (header["samples"], header["all"]) == (20, True)
    assert {2, 9} <= set(np.flatnonzero(arrays["dead"]).tolist())
    assert arrays["dead"].sum() < 16


def test_dead_is_said_only_over_enough_samples(sent):
    said = []
    for count in (300, 10, 1):
        # A channel that only the tenth sample looked at wakes up, one that the 150th does, and one that none does.
        order = visiting_order(count, None)
        images = torch.zeros(count, 3, 2, 2)
        images[order[min(9, count - 1)], 0] = 1
        images[order[min(149, count - 1)], 1] = 1
        sent.clear()
        with iv.Inspector(nn.Sequential(nn.ReLU()), images) as inspector:
            inspector.layer = "0"
            iv.ChannelGrid(inspector)
            settle(inspector)
        said.append([(h["samples"], h["all"], a["dead"].tolist()) for _, h, a in sent if h["kind"] == "dead"])
    over_many, over_all, over_one = said
    # Three in a hundred is the most that a channel silent in a hundred samples is active in, by the rule of three.
    assert all(samples >= 100 for samples, _, _ in over_many)
    assert over_many[-1] == (256, False, [0, 0, 1])
    assert all(dead == [0, int(samples < 150), 1] for samples, _, dead in over_many)
    assert over_all == [(10, True, [0, 0, 1])]
    assert over_one == []


def test_a_click_on_another_sample_does_not_read_the_layer_table_again(sent, monkeypatch, inspector):
    asked = []
    decide = axes.deciding_kind
    monkeypatch.setattr(axes, "deciding_kind", lambda *args: asked.append(args[0]) or decide(*args))
    inspector.layer = "features.1"
    iv.ChannelGrid(inspector)
    settle(inspector)
    assert asked == ["ReLU"]
    inspector.sample = 4
    inspector.channel = 2
    settle(inspector)
    assert last(sent, "channel")[0]["sample"] == 4
    assert asked == ["ReLU"]
    inspector.layer = "features.0"
    settle(inspector)
    assert asked == ["ReLU", "Conv2d"]


def test_a_layer_is_read_anew_when_the_model_around_it_has_changed(sent):
    model = nn.Sequential(nn.Conv1d(4, 4, 1), nn.ReLU())
    with iv.Inspector(model, torch.rand(3, 4, 6)) as inspector:
        inspector.layer = "1"
        grid = iv.ChannelGrid(inspector)
        settle(inspector)
        assert last(sent, "grid", grid)[0]["layout"] == "strips"
        model[0] = nn.Linear(6, 6)
        inspector.refresh()
        settle(inspector)
        assert last(sent, "grid", grid)[0]["layout"] == "tokens"


def test_a_large_input_crosses_reduced_and_keeps_the_size_that_boxes_count_in(sent):
    images = torch.rand(2, 3, 700, 600, generator=torch.Generator().manual_seed(3))
    with iv.Inspector(nn.Sequential(nn.Conv2d(3, 2, 5, stride=4)), images) as inspector:
        inspector.layer, inspector.channel = "0", 1
        views = iv.ChannelGrid(inspector), iv.SamplePicker(inspector)
        settle(inspector)
        header, arrays = last(sent, "channel", views[0])
        assert arrays["image"].shape == (512, 439, 3)
        assert header["input"] == [700, 600]
        assert header["receptive"] == {"size": [5, 5], "stride": [4, 4], "origin": [0, 0]}
        assert np.array_equal(last(sent, "sample", views[1])[1]["image"], arrays["image"])


def test_nan_and_infinity_are_sent_as_their_own_codes(sent):
    class Broken(nn.Module):
        def forward(self, x):
            x = x.clone()
            x[:, 0, 0, 0], x[:, 0, 0, 1], x[:, 0, 0, 2] = torch.nan, torch.inf, -torch.inf
            return x

    with iv.Inspector(nn.Sequential(Broken()), IMAGES) as inspector:
        inspector.layer = "0"
        iv.ChannelGrid(inspector)
        settle(inspector)
        header, arrays = last(sent, "grid")
    assert header["nonfinite"] == 3
    assert arrays["tiles"][0, 0, :3].tolist() == [255, 254, 253]


def test_a_channel_that_the_layer_does_not_have_is_an_error_in_the_grid(sent, inspector):
    inspector.layer = "features.0"
    grid = iv.ChannelGrid(inspector)
    inspector.channel = 16
    settle(inspector)
    header, _ = last(sent, "error", grid)
    assert "no channel 16" in header["message"]
    assert "0 to 15" in header["message"]
    assert "DataError" in header["detail"]
    inspector.channel = 2
    settle(inspector)
    assert last(sent, "error", grid)[0].get("over")


def test_a_want_that_fails_shows_its_error_and_the_view_goes_on(sent, inspector):
    picker = iv.LayerPicker(inspector)
    ask(picker, "layer", "features.9")
    assert "features.9" in last(sent, "error", picker)[0]["message"]
    ask(picker, "layer", "features.3")
    assert inspector.layer == "features.3"
    assert last(sent, "error", picker)[0].get("over")


def test_the_same_want_twice_is_two_requests_and_an_old_one_is_none(sent, inspector):
    picker = iv.LayerPicker(inspector)
    ask(picker, "layer", "features.3")
    inspector.layer = "features.0"
    ask(picker, "layer", "features.3")
    assert inspector.layer == "features.3"
    inspector.layer = "features.0"
    ask(picker, "unknown", 1)
    assert inspector.layer == "features.0"


def test_the_sample_with_its_five_likeliest_classes(sent, inspector):
    samples = iv.SamplePicker(inspector)
    inspector.sample = 4
    settle(inspector)
    header, arrays = last(sent, "sample", samples)
    inspector.model.eval()
    with torch.no_grad():
        expected = inspector.model(IMAGES[4:5]).softmax(1)[0]
    assert (header["label"], header["total"]) == ("e", 20)
    judged, _ = last(sent, "judged", samples)
    assert (judged["sample"], len(judged["top"])) == (4, 5)
    assert judged["top"][0]["probability"] == pytest.approx(expected.max().item(), abs=1e-5)
    assert judged["predicted"] == "abcdefghij"[expected.argmax()]
    assert np.array_equal(arrays["image"][..., 0], (IMAGES[4, 0] * 255).round().numpy())


def test_stepping_and_filtering(sent, inspector):
    samples = iv.SamplePicker(inspector)
    ask(samples, "step", -1)
    assert inspector.sample == 19
    ask(samples, "step", 1)
    assert inspector.sample == 0
    ask(samples, "label", "d")
    settle(inspector)
    assert last(sent, "thumbnails")[0]["indices"] == [3, 13]
    header, arrays = last(sent, "images")
    assert header["indices"] == [3, 13]
    # As small as they are, and grey.
    assert np.array_equal(arrays["images"][..., 0], (IMAGES[[3, 13], 0] * 255).round().numpy())
    ask(samples, "step", 1)
    assert inspector.sample == 3
    ask(samples, "random", True)
    assert inspector.sample in (3, 13)
    ask(samples, "label", None)
    ask(samples, "misclassified", True)
    settle(inspector)
    header, _ = last(sent, "thumbnails")
    inspector.model.eval()
    with torch.no_grad():
        wrong = (inspector.model(IMAGES).argmax(1) != LABELS).nonzero().flatten().tolist()
    assert header["indices"] == wrong
    assert header["predictedUpTo"] == 20


def test_a_dropped_image_is_shown_to_the_model(sent, inspector):
    inspector.layer = "features.0"
    samples, grid = iv.SamplePicker(inspector), iv.ChannelGrid(inspector)
    inspector.sample = 12
    settle(inspector)
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(picture, "PNG")
    frame = wire.encode({"kind": "image", "name": "white.png"}, {"bytes": np.frombuffer(picture.getvalue(), np.uint8)})
    samples.panel.receive(memoryview(frame))
    settle(inspector)
    assert inspector.sample is None
    assert last(sent, "sample")[0]["name"] == "white.png"
    assert last(sent, "grid", grid)[0]["sample"] is None
    frame = wire.encode({"kind": "image", "name": "x"}, {"bytes": np.frombuffer(b"no image", np.uint8)})
    samples.panel.receive(memoryview(frame))
    assert "not an image that Pillow reads" in last(sent, "error", samples)[0]["message"]
    ask(samples, "dataset", True)
    assert inspector.sample == 12


def test_inputs_that_are_no_images_are_shown_as_what_they_are(sent):
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(50, 6)

        def forward(self, tokens):
            return self.embedding(tokens)

    with iv.Inspector(Words(), torch.arange(40).reshape(4, 10)) as inspector:
        iv.SamplePicker(inspector)
        settle(inspector)
        header, _ = last(sent, "sample")
        assert (header["input"], header["text"]) == ("tokens", "0 1 2 3 4 5 6 7 8 9")
        assert "not one score per class" in last(sent, "judged")[0]["notClassifier"]
        assert last(sent, "images")[0]["text"][1].startswith("10 11 12")
    with iv.Inspector(nn.Sequential(nn.Conv1d(2, 3, 5)), torch.rand(4, 2, 30)) as inspector:
        iv.SamplePicker(inspector)
        settle(inspector)
        header, arrays = last(sent, "sample")
        assert header["input"] == "signal"
        assert arrays["signal"].shape == (2, 30)


def test_the_status_tells_accuracy_with_its_interval(sent, inspector):
    StatusBar(inspector)
    settle(inspector)
    header, _ = last(sent, "status")
    accuracy = header["accuracy"]
    assert accuracy["evaluated"] == accuracy["total"] == 20
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert (header["model"], header["samples"], header["device"]) == ("SmallCNN", 20, "cpu")


def test_a_view_that_opens_later_gets_the_last_frames(sent, inspector):
    inspector.layer = "features.0"
    grid = iv.ChannelGrid(inspector)
    settle(inspector)
    before = [header["kind"] for view, header, _ in sent]
    sent.clear()
    grid._receive(grid, {"type": "ready"}, [])
    assert {header["kind"] for _, header, _ in sent} == set(before)


@pytest.mark.parametrize("kind", [iv.LayerPicker, iv.ChannelGrid, iv.SamplePicker, StatusBar])
def test_a_misspelt_argument_is_refused_by_name(kind, inspector):
    with pytest.raises(TypeError, match="'hieght'"):
        kind(inspector, hieght=3)
    with pytest.raises(TypeError, match=r"shows an innerview\.Inspector; got SmallCNN"):
        kind(inspector.model)


def test_closing_an_explorer_frees_the_model():
    model = iv.demo.SmallCNN()
    explorer = iv.explore(model, (IMAGES, LABELS))
    explorer.inspector.channel = 3
    settle(explorer.inspector)
    gone = [weakref.ref(model), weakref.ref(explorer.inspector)]
    explorer.close()
    del model, explorer
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_a_closed_view_leaves_the_inspector_to_the_others(sent, inspector):
    inspector.layer = "features.0"
    first, second = iv.ChannelGrid(inspector), iv.ChannelGrid(inspector)
    settle(inspector)
    first.close()
    sent.clear()
    inspector.sample = 5
    settle(inspector)
    assert {panel for panel, _, _ in sent} == {second.panel}


def test_explore_begins_with_the_first_layer_that_makes_maps(sent):
    explorer = iv.explore(iv.demo.SmallCNN(), (IMAGES, LABELS))
    assert explorer.inspector.layer == "features.0"
    explorer.close()


def test_a_closed_status_bar_no_longer_hears_of_jobs(sent, inspector):
    status = StatusBar(inspector)
    settle(inspector)
    status.close()
    assert inspector.jobs._listeners == []


def test_a_diverged_model_is_shown_with_a_reason_instead_of_probabilities(sent, inspector):
    with torch.no_grad():
        inspector.model.classifier[3].bias.fill_(torch.nan)
    samples = iv.SamplePicker(inspector)
    settle(inspector)
    header, _ = last(sent, "judged", samples)
    assert "NaN" in header["notClassifier"]
    assert header["top"] == []
    with pytest.raises(StopIteration):
        last(sent, "error")


def test_the_status_goes_on_when_the_chosen_layer_is_gone(sent, inspector):
    inspector.layer = "features.3"
    StatusBar(inspector)
    inspector.model.features = nn.Sequential(nn.Conv2d(1, 32, 3, stride=4, padding=1), nn.Identity())
    inspector.model.classifier[1] = nn.Linear(128, 64)
    inspector.refresh()
    settle(inspector)
    assert last(sent, "status")[0]["shape"] is None


def test_a_click_does_not_wait_for_the_receptive_field(sent, inspector):
    inspector.layer = "features.3"
    inspector.channel = 7
    iv.ChannelGrid(inspector)
    settle(inspector)
    fields = [header["receptive"] for view, header, _ in sent if header["kind"] == "channel"]
    assert fields[0] is None
    assert fields[-1]["size"] == [8, 8]
    sent.clear()
    inspector.sample = 4
    settle(inspector)
    # Known now: one frame, with it.
    assert [header["receptive"] is not None for _, header, _ in sent if header["kind"] == "channel"] == [True]


def test_a_view_that_no_page_shows_does_nothing_until_one_does(sent, inspector):
    grid = iv.ChannelGrid(inspector)
    inspector.layer = "features.0"
    settle(inspector)
    ask(grid, "shown", False)
    sent.clear()
    inspector.sample = 3
    inspector.sample = 4
    settle(inspector)
    assert not [header for view, header, _ in sent if view is grid]
    ask(grid, "shown", True)
    settle(inspector)
    assert last(sent, "grid", grid)[0]["sample"] == 4


def test_an_explorer_at_rest_looks_at_the_model_after_no_cell(inspector):
    explorer = iv.Explorer(inspector)
    settle(inspector)
    looks = []
    inspector.observe(lambda change: looks.append(change["new"]), "version")
    explorer.rest()
    inspector.cell_begins(True)
    with torch.no_grad():
        inspector.model.classifier[3].bias.add_(1)
    inspector.cell_ended()
    settle(inspector)
    assert looks == []
    explorer.want_shown(True)
    assert len(looks) == 1
    explorer.close()


def test_a_tour_of_the_views_runs_no_sample_twice(sent):
    entered = []

    class Counting(iv.demo.SmallCNN):
        def forward(self, x):
            entered.append(len(x))
            return super().forward(x)

    with iv.Inspector(Counting(), (IMAGES, LABELS)) as inspector:
        inspector.layer = "features.3"
        settle(inspector)
        entered.clear()
        views = [iv.ChannelGrid(inspector), iv.EmbeddingScatter(inspector), iv.BrushPanel(inspector)]
        settle(inspector)
        inspector.brush = [1, 4, 9]
        ask(views[2], "more", 8)
        status = StatusBar(inspector)
        ask(iv.SamplePicker(inspector), "misclassified", value=True)
        settle(inspector)
        inspector.brush_frame()
        assert inspector.predictions.done == len(IMAGES)
        # The chosen sample is run by itself as well, for its tiles and for its prediction.
        assert sum(entered) <= len(IMAGES) + 2
        status.close()


@pytest.mark.parametrize(
    ("scale", "says"), [(1.0, ""), (1e-9, "the largest value here is"), (0.0, "every value here is 0")]
)
def test_vanished_activations_are_said_where_they_are_drawn(sent, scale, says):
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten())
    with torch.no_grad():
        model[0].weight.mul_(scale)
        model[0].bias.mul_(scale)
    with iv.Inspector(model, IMAGES) as inspector:
        inspector.layer = "0"
        iv.ChannelGrid(inspector)
        settle(inspector)
        for note in (last(sent, "grid")[0]["note"], inspector.embed("0").note, inspector.embed("0", pool="mean").note):
            assert says in note
            assert ("value here is" in note) == bool(says)


def test_what_is_judged_of_an_earlier_state_of_the_model_is_not_told_of_this_one(sent, inspector):
    """Work that ends late: the accuracy in the header stays that of the model as it is."""
    StatusBar(inspector)
    settle(inspector)
    before = inspector.subject
    assert inspector.judged == len(inspector.data)
    with torch.no_grad():
        inspector.model.classifier[3].weight.zero_()
    inspector.refresh()
    before.judged(7)
    settle(inspector)
    assert inspector.judged == len(inspector.data)
    told = last(sent, "status")[0]["accuracy"]
    assert told["evaluated"] == len(inspector.data)
    assert told["value"] == inspector.predictions.score.accuracy


def test_a_model_that_came_to_reject_its_data_keeps_its_status(sent, inspector):
    StatusBar(inspector)
    settle(inspector)
    inspector.model.classifier[1] = nn.Linear(5, 64)
    inspector.refresh()
    settle(inspector)
    assert last(sent, "status")[0]["shape"] is None


def busy(sent, view, scope):
    """What a view was told of the work of a scope, in order."""
    return [
        header for one, header, _ in sent if one is view.panel and header["kind"] == "busy" and header["scope"] == scope
    ]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (iv.LayerPicker, "layers"),
        (iv.ChannelGrid, "grid"),
        (iv.SamplePicker, "thumbnails"),
        (iv.BrushPanel, "contrast"),
        (iv.EmbeddingScatter, "points"),
        (iv.SimilarityView, "similarity"),
        (iv.QualityTable, "measure"),
    ],
)
def test_every_view_tells_of_work_that_takes_its_time(sent, inspector, monkeypatch, kind, scope):
    monkeypatch.setattr("innerview.panels.inspector_panel._PATIENCE", 0.0)
    inspector.layer, inspector.brush = "features.3", [0, 1, 2]
    view = kind(inspector)
    if kind is iv.QualityTable:
        ask(view, "measure", {"layers": "chosen", "methods": ["own space"]})
    settle(inspector)
    first, *_, end = busy(sent, view, scope)
    assert first["label"]
    assert not first["over"]
    assert end["over"]


def test_work_is_stopped_where_it_is_told_of(sent, inspector, monkeypatch):
    monkeypatch.setattr("innerview.panels.inspector_panel._PATIENCE", 0.0)
    view = iv.ChannelGrid(inspector)
    settle(inspector)

    def endless(_, job):
        while True:
            job.fraction = 0.5
            yield None

    view.panel.run("grid", "channels of a large layer", endless)
    deadline = time.monotonic() + 20
    while not (told := busy(sent, view, "grid")) or told[-1]["over"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (told[-1]["label"], told[-1]["fraction"]) == ("channels of a large layer", 0.5)
    ask(view, "stop", "grid")
    assert busy(sent, view, "grid")[-1]["over"]
    settle(inspector)
    assert busy(sent, view, "grid")[-1]["over"]
    assert not inspector.jobs.active()
