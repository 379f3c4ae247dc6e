"""The kernel's side of the views of many samples: embedding, brush and quality."""

import gc
import sys
import threading
import time

import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from unit.widgets.frames import ask, last, settle

import innerview as iv
from innerview.analysis.layouts.align import procrustes
from innerview.study.embeddings import embedding

LAYER = "classifier.1"


@pytest.fixture
def inspector(trained, digits):
    with iv.Inspector(trained, digits.test, classes=list("abcdefghij")) as made:
        made.layer = LAYER
        yield made


def settings(**chosen):
    return {
        "method": "pca", "dimensions": 2, "pool": "all", "samples": 360, "correctOnly": False,
        "perplexity": 30, "neighbours": 15, "distance": 0.1, "seed": 0,
    } | chosen  # fmt: skip


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_pca_is_drawn_without_being_asked_for(sent, inspector):
    iv.EmbeddingScatter(inspector)
    settle(inspector)
    header, arrays = last(sent, "points")
    assert (header["layer"], header["method"], header["final"], header["total"]) == (LAYER, "pca", True, 360)
    expected = inspector.embed(LAYER)
    np.testing.assert_array_equal(arrays["points"], expected.points - expected.points.mean(0))
    np.testing.assert_array_equal(arrays["indices"], expected.indices)
    labels, codes = last(sent, "labels")
    assert labels["classes"] == list("abcdefghij")
    np.testing.assert_array_equal(codes["labels"], inspector.data.labels)


@pytest.mark.parametrize(
    ("method", "other"), [("tsne", {"perplexity": 12}), ("umap", {"neighbours": 5}), ("umap", {"distance": 0.5})]
)
def test_another_setting_starts_nothing_unasked(sent, inspector, method, other):
    scatter = iv.EmbeddingScatter(inspector)
    ask(scatter, "settings", settings(method=method, samples=90))
    ask(scatter, "run", None)
    settle(inspector)
    assert last(sent, "points")[0]["method"] == method
    ask(scatter, "settings", settings(method=method, samples=90, **other))
    settle(inspector)
    assert last(sent, "points")[0]["method"] == "pca"
    ask(scatter, "settings", settings(method=method, samples=90))
    settle(inspector)
    assert last(sent, "points")[0]["method"] == method  # known, and so it costs nothing


def test_what_takes_long_is_asked_for_each_time(sent, inspector, monkeypatch):
    scatter = iv.EmbeddingScatter(inspector)
    ask(scatter, "settings", settings(method="tsne"))
    ask(scatter, "run", True)
    settle(inspector)
    monkeypatch.setattr("innerview.panels.embedding_scatter.estimate_seconds", lambda *_, **__: 60.0)
    inspector.layer = "features.3"
    settle(inspector)
    assert last(sent, "points")[0]["method"] == "pca"


def test_a_scatter_beside_another_does_as_that_one_does(sent, trained, digits):
    with iv.Inspector(trained, digits.test, baseline="untrained") as inspector:
        inspector.layer = inspector.baseline.layer = LAYER
        mine = iv.EmbeddingScatter(inspector)
        other = iv.EmbeddingScatter(inspector.baseline, beside=mine)
        assert [last(sent, "embedding", view)[0]["led"] for view in (mine, other)] == [False, True]
        ask(mine, "settings", settings(method="tsne", perplexity=20.0))
        ask(mine, "run", True)
        settle(inspector)
        settle(inspector.baseline)
        assert [last(sent, "points", view)[0]["method"] for view in (mine, other)] == ["tsne", "tsne"]
        assert other.panel.settings == mine.panel.settings
        other.close()
        ask(mine, "run", True)
        settle(inspector)
        # The one that leads may be closed first, as a page does with all of its views.
        third = iv.EmbeddingScatter(inspector.baseline, beside=mine)
        mine.close()
        third.close()


def test_tsne_waits_until_it_is_asked_for(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    ask(scatter, "settings", settings(method="tsne"))
    settle(inspector)
    assert last(sent, "points")[0]["method"] == "pca"
    assert last(sent, "embedding")[0]["estimate"]["tsne"] > 0
    ask(scatter, "run", True)
    settle(inspector)
    header, arrays = last(sent, "points")
    assert (header["method"], header["final"]) == ("tsne", True)
    assert last(sent, "embedding")[0]["running"] is False
    # Another layer is shown by it as well: it was asked for, and takes a moment.
    inspector.layer = "features.3"
    settle(inspector)
    assert last(sent, "points")[0]["layer"] == "features.3"
    assert last(sent, "points")[0]["method"] == "tsne"
    # Coming back costs nothing: it is shown at once.
    inspector.layer = LAYER
    settle(inspector)
    again, points = last(sent, "points")
    assert (again["layer"], again["method"]) == (LAYER, "tsne")
    distances = torch.pdist(torch.from_numpy(arrays["points"].copy()))
    torch.testing.assert_close(torch.pdist(torch.from_numpy(points["points"].copy())), distances, rtol=1e-3, atol=1e-3)


def test_the_method_can_be_asked_for_from_python(sent, inspector):
    iv.EmbeddingScatter(inspector, method="tsne")
    settle(inspector)
    assert (last(sent, "points")[0]["method"], last(sent, "points")[0]["final"]) == ("tsne", True)
    # For the layer that was shown; another one waits until it is asked for.
    inspector.layer = "features.0"
    settle(inspector)
    assert (last(sent, "points")[0]["layer"], last(sent, "points")[0]["method"]) == ("features.0", "pca")
    with pytest.raises(iv.errors.DataError, match="no embedding method 'isomap'; use one of 'pca', 'tsne', 'umap'"):
        iv.EmbeddingScatter(inspector, method="isomap")


def test_pause_and_stop(sent, trained):
    data = torch.rand(1500, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with iv.Inspector(trained, data) as inspector:
        inspector.layer = LAYER
        scatter = iv.EmbeddingScatter(inspector)
        settle(inspector)
        ask(scatter, "settings", settings(method="tsne", samples=1500))
        settle(inspector)
        ask(scatter, "run", True)
        until(lambda: "iteration" in last(sent, "points")[0]["stage"])
        ask(scatter, "pause", True)
        stage = None
        while (now := last(sent, "points")[0]["stage"]) != stage:  # until the end, if it went on
            stage = now
            time.sleep(0.5)
        assert "iteration" in stage
        assert last(sent, "embedding")[0]["paused"] is True
        ask(scatter, "pause", False)
        until(lambda: last(sent, "points")[0]["stage"] != stage)
        ask(scatter, "stop", "points")
        settle(inspector)
        header, _ = last(sent, "points")
        assert header["final"] is True
        assert header["note"].count("stopped") == 1
        assert last(sent, "embedding")[0]["running"] is False


def test_a_view_that_nobody_sees_computes_nothing(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector, active=False)
    settle(inspector)
    assert not [h for v, h, _ in sent if h["kind"] == "points"]
    scatter.active = True
    settle(inspector)
    assert last(sent, "points")[0]["layer"] == LAYER


def test_the_lasso_reaches_python_and_python_the_view(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    settle(inspector)
    scatter.panel.upload({"kind": "brush"}, {"indices": np.array([9, 4], np.uint32)})
    assert inspector.brush.tolist() == [4, 9]
    header, arrays = last(sent, "brushed", scatter)
    assert (header["count"], arrays["indices"].tolist()) == (2, [4, 9])
    inspector.brush = [1, 2, 3]
    assert last(sent, "brushed", scatter)[1]["indices"].tolist() == [1, 2, 3]
    # Many cross as one bit a sample, the lowest of a byte first.
    inspector.brush = range(0, 360, 3)
    mask = last(sent, "brushed", scatter)[1]["mask"]
    assert mask[:3].tolist() == [0b01001001, 0b10010010, 0b00100100]
    inspector.brush = []
    scatter.panel.upload({"kind": "brush"}, {"mask": mask})
    assert inspector.brush.tolist() == list(range(0, 360, 3))
    with pytest.raises(iv.errors.DataError, match="among 80 samples does not fit the 360"):
        scatter.panel.upload({"kind": "brush"}, {"mask": mask[:10]})


@pytest.mark.parametrize(
    ("by", "key"), [("class", "codes"), ("prediction", "codes"), ("correct", "codes"), ("loss", "values")]
)
def test_colours(sent, inspector, by, key):
    scatter = iv.EmbeddingScatter(inspector)
    settle(inspector)
    ask(scatter, "colour", by)
    settle(inspector)
    header, arrays = last(sent, "colours")
    assert header["by"] == by
    predictions = inspector.predictions
    expected = {
        "class": inspector.data.labels, "prediction": predictions.predicted, "correct": predictions.correct,
        "loss": predictions.loss,
    }[by]  # fmt: skip
    np.testing.assert_array_equal(arrays[key], expected)
    assert set(header["unavailable"]) == {"channel", "neighbours"}


def test_colour_by_a_channels_mean_and_by_what_moved(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    settle(inspector)
    inspector.layer = "features.3"
    settle(inspector)
    inspector.channel = 5
    ask(scatter, "colour", "channel")
    settle(inspector)
    header, arrays = last(sent, "colours")
    expected = inspector.activations("features.3")[:, 5].mean((1, 2))
    np.testing.assert_allclose(arrays["values"], expected, rtol=1e-4, atol=1e-5)
    assert (header["low"], header["high"]) == pytest.approx((expected.min().item(), expected.max().item()), rel=1e-4)
    ask(scatter, "colour", "neighbours")
    settle(inspector)
    values = last(sent, "colours")[1]["values"]
    before, after = (
        torch.cdist(v, v).fill_diagonal_(torch.inf).topk(10, largest=False).indices
        for v in (inspector.activations(name).flatten(1) for name in (LAYER, "features.3"))
    )
    lost = [1 - len(set(a.tolist()) & set(b.tolist())) / 10 for a, b in zip(before, after, strict=True)]
    assert np.abs(values - np.array(lost)).mean() < 0.01  # ties aside


def test_what_cannot_be_coloured_is_an_error_in_the_view(sent, trained):
    with iv.Inspector(trained, torch.rand(20, 1, 8, 8)) as inspector:
        inspector.layer = LAYER
        scatter = iv.EmbeddingScatter(inspector)
        settle(inspector)
        ask(scatter, "colour", "loss")
        settle(inspector)
        assert "the data has no labels" in last(sent, "error")[0]["message"]
        assert last(sent, "embedding")[0]["correctOnly"] == "the data has no labels"


def test_pictures_of_the_samples_asked_for(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    settle(inspector)
    ask(scatter, "images", [7, 3])
    ask(scatter, "images", list(range(100, 200)))
    settle(inspector)
    frames = [(h, a) for _, h, a in sent if h["kind"] == "images"]
    assert {index for header, _ in frames for index in header["indices"]} == {7, 3, *range(100, 200)}
    assert all(len(header["indices"]) == len(arrays["images"]) for header, arrays in frames)


def test_a_pinned_layer_stays(sent, inspector):
    iv.EmbeddingScatter(inspector, layer="features.0")
    settle(inspector)
    inspector.layer = "features.3"
    settle(inspector)
    assert last(sent, "points")[0]["layer"] == "features.0"
    with pytest.raises(KeyError, match="no layer 'nowhere'"):
        iv.EmbeddingScatter(inspector, layer="nowhere")


@pytest.mark.parametrize("wrong", [{"layer": "nowhere"}, {"inspector": "no inspector"}])
def test_a_scatter_that_cannot_be_made_leaves_nothing(inspector, monkeypatch, wrong):
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", lambda error: ignored.append(error.exc_value))
    before = set(_instances)
    with pytest.raises((KeyError, TypeError)) as refused:
        iv.EmbeddingScatter(**{"inspector": inspector, **wrong})
    del refused  # what it tells of the call holds the scatter
    gc.collect()
    assert ignored == []
    assert set(_instances) <= before


def test_what_the_brush_shows(sent, inspector):
    iv.BrushPanel(inspector)
    inspector.brush = np.flatnonzero(inspector.embed(LAYER, samples=None).to_frame().sort_index()["label"] == 3)
    settle(inspector)
    header, _ = last(sent, "contrast")
    assert header["selected"] == len(inspector.brush)
    assert header["rest"] == 360 - len(inspector.brush)
    counts = {entry["name"]: (entry["selected"], entry["rest"]) for entry in header["classes"]}
    assert counts["d"] == (len(inspector.brush), 0)
    assert sum(rest for _, rest in counts.values()) == header["rest"]
    values = inspector.activations(LAYER).double().numpy()
    chosen = np.isin(np.arange(360), inspector.brush)
    spread = np.sqrt((values[chosen].var(0) + values[~chosen].var(0)) / 2)
    difference = (values[chosen].mean(0) - values[~chosen].mean(0)) / spread
    first = header["channels"][0]
    assert first["channel"] == np.abs(difference).argmax()
    assert first["difference"] == pytest.approx(difference[first["channel"]], rel=1e-3)
    assert header["channelCount"] == 64
    assert "the model as it is now" not in header["note"]
    # Beside points of an earlier model it has to be said.
    inspector.checkpoint("before")
    settle(inspector)
    assert last(sent, "contrast")[0]["note"].endswith("by the model as it is now")
    inspector.checkpoints.forget()


def test_a_click_on_a_channel_of_the_brush_goes_to_the_grid(sent, inspector):
    explorer = iv.Explorer(inspector)
    explorer.dashboard.tab = "Embedding"
    inspector.brush = [1, 2, 3]
    ask(explorer.brush, "channel", 4)
    assert inspector.channel == 4
    assert explorer.dashboard.tab == "Channels"
    explorer.dashboard.tab = "Embedding"
    ask(explorer.brush, "channel", 4)  # the same one again
    assert explorer.dashboard.tab == "Channels"


def test_only_the_page_looked_at_computes(sent, inspector):
    explorer = iv.Explorer(inspector)
    settle(inspector)
    kinds = {h["kind"] for _, h, _ in sent}
    assert "grid" in kinds
    assert "points" not in kinds
    explorer.dashboard.tab = "Embedding"
    settle(inspector)
    assert last(sent, "points", explorer.embedding)[0]["layer"] == LAYER
    looked_at = [panel.active for panel in (explorer.channels, explorer.embedding, explorer.quality)]
    assert looked_at == [False, True, False]


def test_thumbnails_of_the_selected(sent, inspector):
    picker = iv.SamplePicker(inspector)
    inspector.brush = [5, 9, 200]
    settle(inspector)
    header, _ = last(sent, "thumbnails")
    assert header["indices"] == [5, 9, 200]
    assert (header["selected"], header["filter"]["selected"]) == (3, True)
    ask(picker, "selected", False)
    settle(inspector)
    assert last(sent, "thumbnails")[0]["count"] == 360


def test_the_quality_table_measures_what_is_asked_for(sent, inspector):
    view = iv.QualityTable(inspector)
    ask(view, "measure", {"layers": "chosen", "methods": ["own space", "pca"]})
    settle(inspector)
    header, _ = last(sent, "quality")
    assert [(row["layer"], row["method"]) for row in header["rows"]] == [(LAYER, "own space"), (LAYER, "pca")]
    expected = inspector.quality(LAYER)
    assert header["rows"][0]["sameClass"] == pytest.approx(expected.same_class)
    assert header["rows"][0]["leaveOneOut"] == expected.leave_one_out
    assert "toprule" in header["latex"]
    assert view.to_frame().shape == (2, 8)
    with torch.no_grad():
        inspector.model.classifier[1].weight.mul_(1.0)
    inspector.refresh()
    assert last(sent, "quality")[0]["rows"] == []


def test_measuring_can_be_stopped(sent, inspector, monkeypatch):
    monkeypatch.setattr("innerview.panels.inspector_panel._PATIENCE", 0.0)
    view = iv.QualityTable(inspector)
    ask(view, "measure", {"layers": "all", "methods": ["own space", "pca", "umap"]})
    until(lambda: view.panel.rows)
    ask(view, "stop", "measure")
    settle(inspector)
    assert 0 < len(view.panel.rows) < 30
    assert last(sent, "busy")[0]["over"] is True


def test_nothing_to_measure_in(sent, inspector):
    view = iv.QualityTable(inspector)
    ask(view, "measure", {"layers": "chosen", "methods": []})
    assert "no space is chosen" in last(sent, "error")[0]["message"]


# --- the steps of a training ---------------------------------------------------------------------------------------


def test_the_scatter_follows_a_training_from_checkpoint_to_checkpoint(sent, digits):
    torch.manual_seed(0)
    model = iv.demo.SmallCNN()
    with iv.Inspector(model, digits.test, classes=digits.classes) as inspector:
        inspector.layer = LAYER
        scatter = iv.EmbeddingScatter(inspector)
        settle(inspector)
        assert last(sent, "embedding")[0]["steps"] == ["now"]
        for epoch in range(3):
            iv.demo.train(model, digits.train, epochs=1)
            inspector.checkpoint(f"epoch {epoch}")
            settle(inspector)
            assert last(sent, "points")[0]["step"] == f"epoch {epoch}"
        header, _ = last(sent, "embedding")
        assert (header["steps"], header["step"]) == (["epoch 0", "epoch 1", "epoch 2"], "epoch 2")
        seen = {}
        for label in ("epoch 0", "epoch 2", "epoch 0"):
            ask(scatter, "step", label)
            settle(inspector)
            header, arrays = last(sent, "points")
            assert (header["step"], header["final"]) == (label, True)
            # Going back and forth turns nothing.
            np.testing.assert_allclose(arrays["points"], seen.setdefault(label, arrays["points"]), atol=1e-4)
        expected = inspector.checkpoints["epoch 0"].embed(LAYER)
        own = torch.from_numpy(seen["epoch 0"].copy())
        torch.testing.assert_close(
            torch.pdist(own), torch.pdist(torch.from_numpy(expected.points)), rtol=1e-3, atol=1e-3
        )
        # A newer one does not take away the step that is looked at.
        inspector.checkpoint("more")
        settle(inspector)
        assert last(sent, "points")[0]["step"] == "epoch 0"
        assert last(sent, "embedding")[0]["steps"][-1] == "more"


def test_neighbours_are_compared_with_the_step_before(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    inspector.checkpoint("one")
    weight = inspector.model.classifier[1].weight
    kept = weight.detach().clone()
    try:
        with torch.no_grad():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * weight.std())
        inspector.checkpoint("two")
        settle(inspector)
        ask(scatter, "colour", "neighbours")
        settle(inspector)
        header, arrays = last(sent, "colours")
        assert header["label"].endswith("since one")
        before, after = (
            torch.cdist(v, v).fill_diagonal_(torch.inf).topk(10, largest=False).indices
            for v in (one.activations(LAYER) for one in inspector.checkpoints.values())
        )
        lost = [1 - len(set(a.tolist()) & set(b.tolist())) / 10 for a, b in zip(before, after, strict=True)]
        assert np.mean(lost) > 0.05
        assert np.abs(arrays["values"] - np.array(lost)).mean() < 0.01  # ties aside
    finally:
        with torch.no_grad():
            weight.copy_(kept)


def test_playing_a_step_computes_it_by_the_method_chosen(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    inspector.checkpoint("one")
    inspector.checkpoint("two")
    settle(inspector)
    ask(scatter, "settings", settings(method="tsne"))
    ask(scatter, "step", "one")
    settle(inspector)
    assert last(sent, "points")[0]["method"] == "pca"
    ask(scatter, "visit", "one")
    settle(inspector)
    header, _ = last(sent, "points")
    assert (header["method"], header["step"], header["final"]) == ("tsne", "one", True)


def test_the_button_keeps_the_model_once_and_says_why_not_twice(sent, inspector):
    scatter = iv.EmbeddingScatter(inspector)
    ask(scatter, "keep", True)
    assert list(inspector.checkpoints) == ["1"]
    ask(scatter, "keep", True)
    assert last(sent, "error")[0]["message"] == "the model has not changed since '1'"


def test_points_under_way_when_the_other_model_settles_are_turned_too(sent, trained, digits, monkeypatch):
    with iv.Inspector(trained, digits.test, baseline="untrained") as inspector:
        inspector.layer = inspector.baseline.layer = LAYER
        mine = iv.EmbeddingScatter(inspector, active=False)
        begun = threading.Event()

        def held(source, layer, **options):
            while source is inspector.baseline.subject and mine.embedding is None:
                begun.set()
                yield None
            return (yield from embedding(source, layer, **options))

        monkeypatch.setattr("innerview.panels.embedding_scatter.embedding", held)
        other = iv.EmbeddingScatter(inspector.baseline, beside=mine)
        assert begun.wait(20)
        mine.active = True
        settle(inspector)
        settle(inspector.baseline)
        one, two = (last(sent, "points", view)[1]["points"] for view in (mine, other))
        np.testing.assert_allclose(procrustes(two, one), two, rtol=1e-3, atol=1e-3)


def test_the_untrained_points_are_turned_onto_the_trained(sent, trained, digits):
    with iv.Inspector(trained, digits.test, baseline="untrained") as inspector:
        explorer = iv.Explorer(inspector)
        explorer.dashboard.tab = "Embedding"
        inspector.layer = LAYER
        for one in (inspector, inspector.baseline, inspector, inspector.baseline):
            settle(one)
        mine, other = (
            last(sent, "points", view)[1]["points"] for view in (explorer.embedding, explorer.baseline_embedding)
        )
        np.testing.assert_allclose(procrustes(other, mine), other, rtol=1e-3, atol=1e-3)


def test_predictions_can_be_known_without_colouring_by_them(sent, inspector, monkeypatch):
    monkeypatch.setattr("innerview.panels.inspector_panel._PATIENCE", 0.0)
    monkeypatch.setattr("innerview.panels.inspector_panel._EVERY", 0.0)

    def known():
        return next((h, a) for _, h, a in reversed(sent) if h["kind"] == "colours" and "scope" in h)

    inspector.sample_size = 90  # the others are not predicted by the pass that embeds
    scatter = iv.EmbeddingScatter(inspector)
    settle(inspector)
    ask(scatter, "know", "prediction")
    settle(inspector)
    header, arrays = known()
    assert (header["by"], header["scope"], header["names"]) == ("prediction", "know", list("abcdefghij"))
    np.testing.assert_array_equal(arrays["codes"], inspector.subject.predictions.predicted)
    steps = [h for _, h, _ in sent if h["kind"] == "busy" and h["scope"] == "know"]
    assert [h["over"] for h in steps[-2:]] == [False, True]
    assert 0 < steps[-2]["fraction"] <= 1
    assert steps[-2]["label"] == "predictions"
    # And what they said is taken back once the model has other weights.
    with torch.no_grad():
        next(inspector.model.parameters()).mul_(2)
    inspector.layer = "features.3"
    settle(inspector)
    assert known()[0]["over"] is True
    ask(scatter, "know", "prediction")
    settle(inspector)
    assert "over" not in known()[0]


def test_a_model_that_predicts_no_classes_has_nothing_to_be_known(sent, digits):
    with iv.Inspector(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)), digits.test) as inspector:
        inspector.layer = "1"
        scatter = iv.EmbeddingScatter(inspector)
        settle(inspector)
        ask(scatter, "know", "prediction")
        settle(inspector)
        header, _ = last(sent, "error")
        assert header["scope"] == "know"
        assert "class" in header["message"]
