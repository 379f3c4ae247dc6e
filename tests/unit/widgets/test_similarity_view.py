"""The similarity view on the kernel's side: what its charts hold for a selection and a control."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from unit.widgets.frames import ask, last, settle

import innerview as iv
from innerview import wire
from innerview.analysis.spaces.similarity import CosineHistogram, cosine_histogram
from innerview.errors import DataError

GENERATOR = torch.Generator().manual_seed(1)
LABELS = torch.arange(120) % 4
IMAGES = torch.rand(4, 1, 8, 8, generator=GENERATOR)[LABELS] + torch.rand(120, 1, 8, 8, generator=GENERATOR)


@pytest.fixture
def inspector():
    torch.manual_seed(0)
    with iv.Inspector(iv.demo.SmallCNN(), (IMAGES, LABELS), classes=list("abcdefghij")) as made:
        made.layer = "features.0"
        yield made


def choose(view, **changes):
    """Use a control of the view."""
    ask(view, "settings", kept(view, "similarity")["settings"] | changes)


def kept(view, kind, scope=None):
    """The header of what the view says of this kind now; {} when it says nothing."""
    frames = view.panel._kept.get(kind if scope is None else f"{kind}:{scope}", [])
    return wire.decode(bytes(frames[-1]))[0] if frames else {}


def shown(view):
    """The histogram of each chart, in order."""
    return [kept(view, "histogram", chart["key"]) for chart in kept(view, "similarity")["charts"]]


def error(view):
    return kept(view, "error", "similarity").get("message", "")


def test_it_shows_the_layers_histogram(sent, inspector):
    view = iv.SimilarityView(inspector)
    settle(inspector)
    expected = cosine_histogram(inspector.activations("features.0"), LABELS)
    header, arrays = last(sent, "histogram", view)
    for name in ("same", "other"):
        assert np.abs(np.cumsum(arrays[name] - getattr(expected, name))).max() <= 2
        assert np.array_equal(arrays[name], getattr(view.histograms["features.0", None], name))
    assert header["auc"] == pytest.approx(expected.auc, abs=1e-3)
    assert header["overlap"] == pytest.approx(expected.overlap, abs=1e-2)
    assert (header["layer"], header["rank"], header["pairs"], header["note"]) == ("features.0", None, 7140, "")
    assert kept(view, "busy", "similarity") == {}


def test_it_follows_the_layer_and_one_sample_only_where_it_matters(inspector):
    view = iv.SimilarityView(inspector)
    settle(inspector)
    before = view.histograms["features.0", None]
    inspector.sample = 7
    settle(inspector)
    assert view.histograms["features.0", None] is before
    choose(view, pairs="one")
    settle(inspector)
    assert view.histograms["features.0", None].pairs == 119
    inspector.sample = 9
    inspector.layer = "features.3"
    settle(inspector)
    assert list(view.histograms) == [("features.3", None)]
    expected = cosine_histogram(inspector.activations("features.3"), LABELS, reference=9)
    found = view.histograms["features.3", None]
    assert np.abs(np.cumsum(found.same - expected.same)).max() <= 1
    assert np.abs(np.cumsum(found.other - expected.other)).max() <= 1


def test_an_own_image_is_no_reference_and_the_view_says_so(inspector):
    view = iv.SimilarityView(inspector)
    choose(view, pairs="one")
    inspector.show(np.zeros((8, 8), np.uint8))
    settle(inspector)
    assert "choose a sample" in error(view)
    assert shown(view) == []
    inspector.sample = 3
    settle(inspector)
    assert error(view) == ""
    assert len(shown(view)) == 1


def test_several_layers_side_by_side(inspector):
    view = iv.SimilarityView(inspector)
    choose(view, of="layers")
    settle(inspector)
    leaves = [name for name in inspector.layers if name.startswith(("features.", "classifier."))]
    assert [header["layer"] for header in shown(view)] == leaves == kept(view, "similarity")["choices"]
    # In the model's order, whatever the order of the clicks.
    choose(view, layers=["classifier.3", "features.1", "nowhere"])
    settle(inspector)
    assert list(view.histograms) == [("features.1", None), ("classifier.3", None)]
    assert not kept(view, "histogram", "features.0")
    choose(view, layers=[])
    assert "no layer is chosen" in error(view)


def test_ranks_side_by_side(inspector):
    view = iv.SimilarityView(inspector)
    choose(view, of="ranks")
    settle(inspector)
    headers = shown(view)
    assert [header["rank"] for header in headers][:: len(headers) - 1] == [None, 8]
    assert {header["layer"] for header in headers} == {"features.0"}
    assert all(header["auc"] > 0.5 for header in headers)


def test_fewer_samples(inspector):
    view = iv.SimilarityView(inspector)
    choose(view, samples=20)
    settle(inspector)
    assert inspector.sample_size == 20
    assert view.histograms["features.0", None].pairs == 190
    inspector.sample_size = 30
    settle(inspector)
    assert kept(view, "similarity")["settings"]["samples"] == 30
    assert view.histograms["features.0", None].pairs == 435
    choose(view, samples=0)
    assert inspector.sample_size == 2


def test_a_layer_that_cannot_be_compared_says_why_and_the_others_are_shown(inspector):
    view = iv.SimilarityView(inspector)
    with torch.no_grad():
        inspector.model.features[3].bias.fill_(torch.nan)
    inspector.refresh()
    choose(view, of="layers", layers=["features.0", "features.3"])
    settle(inspector)
    good, bad = shown(view)
    assert good["auc"] > 0.5
    assert "no sample has finite activations in 'features.3'" in bad["error"]


def test_it_computes_only_while_it_is_active(inspector):
    view = iv.SimilarityView(inspector, active=False)
    inspector.layer = "features.1"
    settle(inspector)
    assert view.histograms == {}
    view.active = True
    settle(inspector)
    assert list(view.histograms) == [("features.1", None)]
    computed = view.histograms["features.1", None]
    view.active = False
    inspector.layer = "features.0"
    inspector.layer = "features.1"
    view.active = True
    settle(inspector)
    assert view.histograms["features.1", None] is computed


def test_a_changed_model_is_looked_at_again(inspector):
    view = iv.SimilarityView(inspector)
    settle(inspector)
    before = view.histograms["features.0", None]
    with torch.no_grad():
        inspector.model.features[0].bias += 100
    inspector.refresh()
    settle(inspector)
    # A constant added to everything makes all vectors alike.
    after = view.histograms["features.0", None]
    assert after.other[-1] > before.other[-1]


def test_without_a_layer_or_labels(sent):
    with iv.Inspector(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), IMAGES) as unlabelled:
        view = iv.SimilarityView(unlabelled)
        assert last(sent, "error", view)[0]["message"].startswith("no layer is chosen")
        assert "no labels" in last(sent, "similarity", view)[0]["noLabels"]
        ask(view, "settings", last(sent, "similarity", view)[0]["settings"] | {"correctOnly": True})
        unlabelled.layer = "1"
        settle(unlabelled)
        header, arrays = last(sent, "histogram", view)
        assert (header["auc"], header["pairs"], arrays["same"].sum()) == (None, 7140, 0)
        assert "without labels" in header["note"]
        assert last(sent, "similarity", view)[0]["settings"]["correctOnly"] is False


def test_what_the_job_cannot_explain_is_shown_too(inspector, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("out of something")
        yield

    monkeypatch.setattr("innerview.panels.similarity_view.similarity", broken)
    view = iv.SimilarityView(inspector)
    settle(inspector)
    assert error(view) == "out of something"


def endless(*_args, **_options):
    while True:
        yield None
        time.sleep(0.01)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_work_cancelled_elsewhere_leaves_no_progress_behind(inspector, monkeypatch):
    monkeypatch.setattr("innerview.panels.similarity_view.similarity", endless)
    view = iv.SimilarityView(inspector)
    until(lambda: kept(view, "busy", "similarity"))
    assert kept(view, "busy", "similarity")["label"] == "cosine similarity"
    (job,) = inspector.jobs.active()
    inspector.jobs.cancel(job.id)
    del job
    until(lambda: not kept(view, "busy", "similarity"))


def test_stopped_and_gone_on_with(inspector, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("innerview.panels.similarity_view.similarity", endless)
        view = iv.SimilarityView(inspector)
        until(lambda: kept(view, "busy", "similarity"))
        ask(view, "stop", "similarity")
        until(lambda: not kept(view, "busy", "similarity"))
    assert view.histograms == {}
    ask(view, "again", True)
    settle(inspector)
    assert list(view.histograms) == [("features.0", None)]


def test_estimates_are_shown_as_such(sent, inspector, monkeypatch):
    exact = cosine_histogram(IMAGES, LABELS)
    estimate = CosineHistogram(exact.edges, exact.same, exact.other, 0.5, 0.0, 0.25, 1234, sampled=True)

    opened = threading.Event()

    def estimating(*_args, **_options):
        opened.wait(20)  # what is there before the page opens is sent when it does
        yield estimate
        return exact

    monkeypatch.setattr("innerview.panels.similarity_view.similarity", estimating)
    iv.SimilarityView(inspector)
    opened.set()
    settle(inspector)
    found = [(h["sampled"], h["pairs"]) for _, h, _ in sent if h["kind"] == "histogram"]
    assert found == [(True, 1234), (False, 7140)]


def test_a_closed_view_hears_nothing_and_leaves_nothing(inspector):
    view = iv.SimilarityView(inspector)
    choose(view, of="layers")
    settle(inspector)
    view.close()
    inspector.layer = "features.3"
    settle(inspector)
    assert view.histograms == {}
    gone = weakref.ref(view), weakref.ref(view.panel)
    del view
    until(lambda: gc.collect() is not None and [one() for one in gone] == [None, None])  # the worker lets go last


def test_messages_cross_as_they_are(inspector, monkeypatch):
    def broken(*_args, **_options):
        raise DataError("<img src=x>")
        yield

    monkeypatch.setattr("innerview.panels.similarity_view.similarity", broken)
    view = iv.SimilarityView(inspector)
    settle(inspector)
    (header,) = shown(view)
    assert header["error"] == "<img src=x>"


def test_it_wants_an_inspector():
    with pytest.raises(TypeError, match="got SmallCNN"):
        iv.SimilarityView(iv.demo.SmallCNN())
