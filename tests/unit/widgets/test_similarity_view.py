"""The similarity view on the kernel's side: what its charts hold for a selection and a control."""

import gc
import re
import time
import weakref
from html import unescape

import ipywidgets
import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from torch import nn

import innerview as iv
from innerview import wire
from innerview.analysis.spaces.similarity import CosineHistogram, cosine_histogram
from innerview.errors import DataError
from innerview.widgets.bqplot_parts import GREY
from innerview.widgets.charts import CosineChart
from innerview.widgets.similarity_view import SimilarityView

GENERATOR = torch.Generator().manual_seed(1)
LABELS = torch.arange(120) % 4
IMAGES = torch.rand(4, 1, 8, 8, generator=GENERATOR)[LABELS] + torch.rand(120, 1, 8, 8, generator=GENERATOR)


@pytest.fixture
def inspector():
    torch.manual_seed(0)
    with iv.Inspector(iv.demo.SmallCNN(), (IMAGES, LABELS), classes=list("abcdefghij")) as made:
        made.layer = "features.0"
        yield made


def settle(inspector):
    assert inspector.jobs.join(60)


def shown(view):
    """Title, numbers and note of each chart."""
    panels = view._grid.children
    return [
        (panel._chart.figure.title if panel._drawn else "", text(panel._numbers), text(panel._note)) for panel in panels
    ]


def text(widget):
    return unescape(re.sub("<[^>]*>", "", widget.value))


def noticed(view, kind):
    """The header of what the notice says of this kind now; {} when it says nothing."""
    frame = view._notice._kept.get(f"{kind}:similarity")
    return {} if frame is None else wire.decode(bytes(frame))[0]


def error(view):
    return noticed(view, "error").get("message", "")


def test_it_shows_the_layers_histogram(inspector):
    view = SimilarityView(inspector)
    settle(inspector)
    expected = cosine_histogram(inspector.activations("features.0"), LABELS)
    histogram = view.histograms["features.0", None]
    assert np.abs(np.cumsum(histogram.same - expected.same)).max() <= 2
    assert shown(view) == [("features.0", f"AUC {expected.auc:.3f} · overlap {expected.overlap:.2f} · 7,140 pairs", "")]
    assert noticed(view, "busy") == {}


def test_the_drawn_areas_are_one_and_the_drawn_counts_are_the_counts():
    histogram = cosine_histogram(IMAGES - IMAGES.mean(), LABELS, bins=50)
    for measure, expected in {"density": 1.0, "pairs": 7140 * 2 / 50}.items():
        chart = CosineChart(histogram, "title", measure)
        grey, red = chart._lines.values()
        assert np.trapezoid(grey.y, grey.x) == pytest.approx(expected)
        part = 1 if measure == "density" else histogram.same.sum() / histogram.pairs
        assert np.trapezoid(red.y, red.x) == pytest.approx(expected * part)
        chart.close()


def test_the_axis_begins_at_zero_where_no_pair_points_apart():
    positive, both = (
        CosineChart(cosine_histogram(IMAGES), ""),
        CosineChart(cosine_histogram(IMAGES - IMAGES.mean()), ""),
    )
    assert (positive._x.min, both._x.min) == (0, -1)
    positive.close()
    both.close()


def test_a_logarithmic_chart_shows_no_pair_below_one():
    chart = CosineChart(cosine_histogram(IMAGES - IMAGES.mean(), LABELS), "", "log")
    for line in chart._lines.values():
        assert np.asarray(line.y).min() > 0
    chart.close()


def test_it_follows_the_layer_and_one_sample_only_where_it_matters(inspector):
    view = SimilarityView(inspector)
    settle(inspector)
    before = view.histograms["features.0", None]
    inspector.sample = 7
    settle(inspector)
    assert view.histograms["features.0", None] is before
    view._pairs.value = "one"
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
    view = SimilarityView(inspector)
    view._pairs.value = "one"
    inspector.show(np.zeros((8, 8), np.uint8))
    settle(inspector)
    assert "choose a sample" in error(view)
    assert view._grid.children == ()
    inspector.sample = 3
    settle(inspector)
    assert error(view) == ""
    assert len(shown(view)) == 1


def test_several_layers_side_by_side(inspector):
    view = SimilarityView(inspector)
    view._show.value = "layers"
    settle(inspector)
    leaves = [name for name in inspector.layers if name.startswith(("features.", "classifier."))]
    assert [title for title, _, _ in shown(view)] == leaves
    assert view._layers.layout.display == "flex"
    view._layers.value = ("features.1", "classifier.3")
    settle(inspector)
    assert list(view.histograms) == [("features.1", None), ("classifier.3", None)]
    view._layers.value = ()
    assert "no layer is chosen" in error(view)


def test_ranks_side_by_side(inspector):
    view = SimilarityView(inspector)
    view._show.value = "ranks"
    settle(inspector)
    titles = [title for title, _, _ in shown(view)]
    assert titles[0] == "features.0"
    assert titles[-1] == "features.0, PCA rank 8"
    assert all(numbers.startswith("AUC") for _, numbers, _ in shown(view))


def test_fewer_samples(inspector):
    view = SimilarityView(inspector)
    view._samples.value = 20
    settle(inspector)
    assert inspector.sample_size == 20
    assert view.histograms["features.0", None].pairs == 190
    inspector.sample_size = 30
    settle(inspector)
    assert view._samples.value == 30
    assert view.histograms["features.0", None].pairs == 435


def test_a_layer_that_cannot_be_compared_says_why_and_the_others_are_shown(inspector):
    view = SimilarityView(inspector)
    with torch.no_grad():
        inspector.model.features[3].bias.fill_(torch.nan)
    inspector.refresh()
    view._show.value = "layers"
    view._layers.value = ("features.0", "features.3")
    settle(inspector)
    good, bad = shown(view)
    assert good[1].startswith("AUC")
    assert "no sample has finite activations in 'features.3'" in bad[2]
    view._measure.value = "log"
    assert shown(view) == [good, bad]


def test_it_computes_only_while_it_is_active(inspector):
    view = SimilarityView(inspector, active=False)
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
    view = SimilarityView(inspector)
    settle(inspector)
    before = view.histograms["features.0", None]
    with torch.no_grad():
        inspector.model.features[0].bias += 100
    inspector.refresh()
    settle(inspector)
    # A constant added to everything makes all vectors alike.
    after = view.histograms["features.0", None]
    assert after.other[-1] > before.other[-1]


def test_without_a_layer_or_labels(inspector):
    with iv.Inspector(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), IMAGES) as unlabelled:
        view = SimilarityView(unlabelled)
        assert "no layer is chosen" in error(view)
        assert view._correct.disabled
        assert "labels" in view._correct.description
        unlabelled.layer = "1"
        settle(unlabelled)
        ((_, numbers, note),) = shown(view)
        assert numbers == "7,140 pairs"
        assert "without labels" in note
        assert list(view._grid.children[0]._chart._lines) == [GREY]


def test_what_the_job_cannot_explain_is_shown_too(inspector, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("out of something")
        yield

    monkeypatch.setattr("innerview.widgets.similarity_view.similarity", broken)
    view = SimilarityView(inspector)
    settle(inspector)
    assert error(view) == "out of something"


def test_work_cancelled_elsewhere_leaves_no_progress_behind(inspector, monkeypatch):
    def endless(*_args, **_options):
        while True:
            yield 0.25
            time.sleep(0.01)

    monkeypatch.setattr("innerview.widgets.similarity_view.similarity", endless)
    view = SimilarityView(inspector)
    until = time.monotonic() + 20
    while not noticed(view, "busy") and time.monotonic() < until:
        time.sleep(0.01)
    assert noticed(view, "busy")["fraction"] == 0.25
    (job,) = inspector.jobs.active()
    inspector.jobs.cancel(job.id)
    del job
    while noticed(view, "busy") and time.monotonic() < until:
        time.sleep(0.01)
    assert noticed(view, "busy") == {}


def test_estimates_are_shown_as_such(inspector):
    view = SimilarityView(inspector)
    settle(inspector)
    exact = view.histograms["features.0", None]
    estimate = CosineHistogram(exact.edges, exact.same, exact.other, 0.5, 0.0, 0.25, 1234, sampled=True)
    view._deliver(view._asked, ("features.0", None), estimate, 0.5)
    assert shown(view)[0][1] == "AUC 0.500 · overlap 0.25 · estimate from 1,234 pairs"


def test_the_measure_changes_without_computing(inspector):
    view = SimilarityView(inspector)
    settle(inspector)
    before = view.histograms["features.0", None]
    for measure in ("log", "pairs", "density"):
        view._measure.value = measure
        assert view._grid.children[0]._drawn[2] == measure
        assert view._grid.children[0].children[0] is view._grid.children[0]._chart.figure
    assert view.histograms["features.0", None] is before


def test_a_closed_view_hears_nothing_and_leaves_nothing(inspector):
    before = set(_instances)
    view = SimilarityView(inspector)
    view._show.value = "layers"
    settle(inspector)
    view._measure.value = "log"
    view.close()
    inspector.layer = "features.3"
    settle(inspector)
    assert view.histograms == {}
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    left = [widget for key, widget in _instances.items() if key not in before]
    # ipywidgets itself leaves the layout and the style of a closed widget: a few words each.
    assert [type(widget) for widget in left if not isinstance(widget, (ipywidgets.Layout, ipywidgets.Style))] == []


def test_names_and_messages_are_text_never_html(inspector, monkeypatch):
    def broken(*_args, **_options):
        raise DataError("<img src=x>")
        yield

    monkeypatch.setattr("innerview.widgets.similarity_view.similarity", broken)
    view = SimilarityView(inspector)
    settle(inspector)
    (panel,) = view._grid.children
    assert "&lt;img src=x&gt;" in panel._note.value
    assert "<img" not in panel._note.value


def test_it_wants_an_inspector():
    with pytest.raises(TypeError, match="got SmallCNN"):
        SimilarityView(iv.demo.SmallCNN())
