"""The compression panel on the kernel's side: what its frames and its chart hold for a setting."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from unit.widgets.frames import ask, last, settle

import innerview as iv
from innerview.errors import DataError
from innerview.jobs.progress import finish
from innerview.panels.compression_settings import Series
from innerview.study.compression_results import CompressionSpec
from innerview.study.projections import divide, projecting

LAYER = "features.3"
SETTING = CompressionSpec(LAYER, 8)  # what the panel begins with: a quarter of 32 channels
SERIES = Series(LAYER, "pca", "channels")


@pytest.fixture
def inspector(trained, digits):
    with iv.Inspector(trained, digits.test, classes=digits.classes) as made:
        made.layer = LAYER
        yield made


@pytest.fixture
def panel(inspector, sent):
    made = iv.CompressionPanel(inspector)
    settle(inspector)
    yield made
    made.close()


def errors(sent):
    return {header["scope"]: header["message"] for _, header, _ in sent if header["kind"] == "error"}


def accuracies(sent):
    return [header for _, header, _ in sent if header["kind"] == "accuracy"]


def curves(sent):
    """The curves as the view has them now: scope -> (header, arrays)."""
    shown = {}
    for _, header, arrays in sent:
        if header["kind"] == "curve":
            shown.pop(header["scope"], None)
            if not header.get("over"):
                shown[header["scope"]] = header, arrays
    return shown


def scope_of(sent, name):
    return next(scope for scope, (header, _) in curves(sent).items() if header["name"] == name)


def decoded(arrays, part):
    low, high, tiles = (arrays[f"{part}.{name}"] for name in ("low", "high", "tiles"))
    return low[:, None, None] + tiles / 252 * (high - low)[:, None, None]


def test_the_tiles_are_the_activation_before_and_after(panel, inspector, sent):
    header, arrays = last(sent, "compressed")
    x = inspector.look(LAYER, 0).values
    after = finish(projecting(inspector.subject, LAYER, 8)).apply(x[None])[0]
    assert (header["layer"], header["basis"], header["axis"], header["rank"]) == (LAYER, "pca", "channels", 8)
    for part, expected in {"before": x, "after": after, "difference": after - x}.items():
        step = (expected.amax() - expected.amin()).item() / 252
        assert np.abs(decoded(arrays, part) - expected.numpy()).max() <= step
    fit, curve = last(sent, "projection")
    assert fit["matrix"] == [32, 8]
    assert fit["bytes"] == [4 * 512, 4 * 128]
    assert len(curve["curve"]) == 32
    assert curve["curve"][-1] == pytest.approx(1)


def test_the_prediction_is_that_of_a_forward_with_a_replacing_hook(panel, inspector, sent):
    panel.choose(CompressionSpec(LAYER, 1, "pca", "channels"))
    settle(inspector)
    projection = finish(projecting(inspector.subject, LAYER, 1))
    batch = inspector.batch(0)
    plain = inspector.output(batch).softmax(1)[0]
    hook = inspector.model.get_submodule(LAYER).register_forward_hook(lambda *given: projection.apply(given[-1]))
    compressed = inspector.output(batch).softmax(1)[0]
    hook.remove()
    classes = last(sent, "decided")[0]["classes"]
    assert [one["label"] for one in classes[:3]] == [str(n) for n in plain.argsort(descending=True)[:3].tolist()]
    assert str(int(compressed.argmax())) in [one["label"] for one in classes]
    for one in classes:
        index = inspector.data.classes.index(one["label"])
        assert one["before"] == pytest.approx(plain[index].item(), abs=1e-6)
        assert one["after"] == pytest.approx(compressed[index].item(), abs=1e-6)


def test_the_accuracy_is_that_of_compress(panel, inspector, sent):
    expected = inspector.compress(LAYER, 8)
    final = accuracies(sent)[-1]
    assert final["evaluated"] == final["total"] == expected.evaluated == len(divide(inspector.subject).evaluated)
    assert [final[name] for name in ("accuracy", "low", "high", "agreement")] == [
        expected.accuracy,
        expected.low,
        expected.high,
        expected.agreement,
    ]
    assert final["baseline"] == expected.baseline_accuracy


def test_a_storm_of_slider_events_evaluates_where_it_ends(panel, inspector, sent):
    ranks = [*range(1, 33), *range(32, 4, -1)]
    for rank in ranks:
        ask(panel, "rank", rank)
    ask(panel, "evaluate", True)
    settle(inspector)
    assert last(sent, "compressed")[0]["rank"] == 5
    assert last(sent, "decided")[0]["layer"] == LAYER
    # The one from before the storm, and that at its end: what was passed on the way was not evaluated.
    assert {point.rank for point in panel.panel.curves[SERIES]} == {5, 8}


def test_moving_the_slider_stops_the_evaluation(inspector, sent):
    panel = iv.CompressionPanel(inspector)
    settle(inspector)
    with inspector._gate.held():  # the worker waits for the model
        panel.choose(CompressionSpec(LAYER, 3, "random", "channels"))
        ask(panel, "rank", 4)
    settle(inspector)
    # Nobody said that the slider rests: nothing is evaluated, not even what the click before it began.
    assert Series(LAYER, "random", "channels") not in panel.panel.curves
    panel.close()


def test_coming_back_to_a_rank_is_instant(panel, inspector, sent):
    ask(panel, "rank", 2)
    ask(panel, "evaluate", True)
    settle(inspector)
    sent.clear()
    ask(panel, "rank", 8)
    assert accuracies(sent)[0]["rank"] == 8  # before any job
    ask(panel, "evaluate", True)
    assert not [job for job in inspector.jobs.active() if "accuracy" in job.label]


def test_layer_and_sample_are_followed_and_each_layer_keeps_its_rank(panel, inspector, sent):
    ask(panel, "rank", 3)
    inspector.layer = "features.0"
    settle(inspector)
    assert last(sent, "compressed")[0]["layer"] == "features.0"
    assert last(sent, "compression")[0]["rank"] == 4  # a quarter of its 16 channels
    inspector.sample = 5
    settle(inspector)
    assert last(sent, "compressed")[0]["sample"] == 5
    assert last(sent, "decided")[0]["sample"] == 5
    inspector.layer = LAYER
    settle(inspector)
    assert panel.panel.settings.now == CompressionSpec(LAYER, 3, "pca", "channels")


def test_off_changes_nothing(panel, inspector, sent):
    ask(panel, "basis", "off")
    settle(inspector)
    header, arrays = last(sent, "compressed")
    assert header["basis"] == "off"
    assert not decoded(arrays, "difference").any()
    assert all(one["before"] == one["after"] for one in last(sent, "decided")[0]["classes"])
    assert errors(sent) == {}


def test_nothing_is_computed_while_nobody_looks(inspector, sent):
    panel = iv.CompressionPanel(inspector, active=False)
    inspector.sample = 3
    settle(inspector)
    assert sent == []
    panel.active = True
    settle(inspector)
    assert last(sent, "compressed")[0]["sample"] == 3
    assert accuracies(sent)
    sent.clear()
    panel.active = False
    inspector.layer = "features.0"
    settle(inspector)
    assert sent == []
    panel.close()


def test_a_trained_model_is_looked_at_anew(panel, inspector, sent, trained):
    before = inspector.compress(LAYER, 8).explained_variance
    weight = trained.get_parameter("features.3.weight")
    kept = weight.detach().clone()
    try:
        with torch.no_grad():
            weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)))
        sent.clear()
        inspector.refresh()
        assert panel.panel.curves == {}
        assert curves(sent) == {}
        settle(inspector)
        (point,) = panel.panel.curves[SERIES]
        assert point.explained_variance != before
        assert accuracies(sent)[-1]["accuracy"] == inspector.compress(LAYER, 8).accuracy
    finally:
        with torch.no_grad():
            weight.copy_(kept)


def test_the_curve_of_a_layer_beside_a_random_basis(panel, inspector, sent):
    ask(panel, "curve", True)
    settle(inspector)
    expected = {basis: inspector.accuracy_curve(LAYER, basis=basis) for basis in ("pca", "random")}
    known = panel.panel.curves
    assert set(known) == {Series(LAYER, basis, "channels") for basis in expected}
    for series, points in known.items():
        found = {point.rank: point.accuracy for point in points}
        for rank, accuracy in zip(expected[series.basis].ranks, expected[series.basis].accuracy, strict=True):
            assert found[rank] == accuracy
    header, arrays = curves(sent)[scope_of(sent, f"{LAYER}, channels, PCA")]
    assert arrays["ranks"].tolist() == [point.rank for point in known[SERIES]]
    assert (header["hue"], header["dash"], header["of"]) == (0, "solid", "rank")
    other, _ = curves(sent)[scope_of(sent, f"{LAYER}, channels, random")]
    assert (other["hue"], other["dash"]) == (0, "dashed")
    # Below the baseline of the largest part by the change against the same samples.
    top = max(known[SERIES], key=lambda point: point.evaluated).baseline_accuracy
    assert header["baseline"] == top
    assert arrays["values"].tolist() == pytest.approx([top + point.change for point in known[SERIES]])
    assert (header["most"], header["total"]) == (
        max(point.evaluated for point in known[SERIES]),
        known[SERIES][0].total,
    )
    frame = panel.to_frame()
    assert last(sent, "studied")[0]["ranks"] == sum(map(len, known.values())) == len(frame) - 1  # beside "off"
    assert last(sent, "studied")[0]["text"].splitlines()[0].split("\t") == list(frame.columns)
    ask(panel, "clear", True)
    assert panel.panel.curves == curves(sent) == {}
    assert last(sent, "studied")[0]["text"] == ""


def test_a_rank_that_a_curve_stopped_at_goes_on_where_it_is_chosen(panel, inspector, sent):
    ask(panel, "curve", True)
    settle(inspector)
    part = next(point for point in panel.panel.curves[SERIES] if point.evaluated < point.total)
    whole = len(divide(inspector.subject).evaluated)
    assert part.total == whole
    sent.clear()
    panel.choose(CompressionSpec(LAYER, part.rank))
    settle(inspector)
    shown = accuracies(sent)
    assert (shown[0]["evaluated"], shown[0]["total"]) == (part.evaluated, whole)  # at once, and as a part
    assert (shown[-1]["evaluated"], shown[-1]["total"]) == (whole, whole)
    assert shown[-1]["accuracy"] == inspector.compress(LAYER, part.rank).accuracy


def test_every_block_in_one_click(panel, inspector, sent):
    ask(panel, "blocks", True)
    settle(inspector)
    expected = inspector.compressibility()
    rows = last(sent, "compared")[0]["rows"]
    assert [row["layer"] for row in rows] == list(expected.curves)
    table = expected.to_frame()
    for row in rows:
        kept = expected.kept(row["layer"])
        assert row["kept"] == (kept is not None)
        assert row["full"] == table.loc[row["layer"], "dimensions"]
        if kept is not None:
            assert (row["rank"], row["change"], row["evaluated"]) == (kept.rank, kept.change, kept.evaluated)
            assert row["low"] <= row["change"] <= row["high"]
    drawn = {header["name"]: arrays for header, arrays in curves(sent).values() if header["of"] == "block"}
    assert drawn.keys() == expected.curves.keys()
    for layer, curve in expected.curves.items():
        assert drawn[layer]["ranks"].tolist() == (curve.ranks / expected.dimensions[layer]).tolist()
    ask(panel, "block", {"layer": rows[-1]["layer"], "rank": rows[-1]["rank"]})
    assert panel.panel.settings.now == CompressionSpec(rows[-1]["layer"], rows[-1]["rank"], "pca", "channels")
    fractions = [
        header["fraction"] for _, header, _ in sent if header["kind"] == "busy" and header["scope"].startswith("curve")
    ]
    told = [one for one in fractions if one is not None]
    assert told == sorted(told)
    ask(panel, "clear", True)
    assert last(sent, "compared")[0]["rows"] == []
    assert curves(sent) == {}


def test_a_click_on_a_point_sets_layer_basis_and_rank(panel, inspector, sent):
    ask(panel, "curve", True)
    settle(inspector)
    inspector.layer = "features.0"
    settle(inspector)
    scope = scope_of(sent, f"{LAYER}, channels, random")
    rank = int(curves(sent)[scope][1]["ranks"][2])
    ask(panel, "point", {"scope": scope, "index": 2})
    assert panel.panel.settings.now == CompressionSpec(LAYER, rank, "random", "channels")
    settle(inspector)
    assert last(sent, "compressed")[0]["rank"] == rank
    ask(panel, "point", {"scope": scope, "index": 99})
    ask(panel, "point", {"scope": "nowhere", "index": 0})
    assert panel.panel.settings.now.rank == rank


def test_a_curve_is_sent_again_only_when_it_has_changed(panel, inspector, sent):
    ask(panel, "curve", True)
    settle(inspector)
    before = curves(sent)
    inspector.layer = "features.0"
    settle(inspector)
    sent.clear()
    ask(panel, "evaluate", True)
    ask(panel, "rank", 5)
    ask(panel, "evaluate", True)
    settle(inspector)
    assert len(curves(sent)) == 1
    assert not curves(sent).keys() & before.keys()


def test_pinned_layers_are_compressed_together(panel, inspector, sent):
    ask(panel, "rank", 6)
    ask(panel, "pin", True)
    inspector.layer = "features.0"
    settle(inspector)
    expected = inspector.compress([("features.0", 4), (LAYER, 6)])
    assert expected.also == (CompressionSpec(LAYER, 6),)
    final = accuracies(sent)[-1]
    assert (final["layer"], final["rank"], final["accuracy"]) == ("features.0", 4, expected.accuracy)
    assert final["also"] == last(sent, "compression")[0]["also"] == [CompressionSpec(LAYER, 6)._asdict()]
    plain = Series("features.0", "pca", "channels")
    assert list(panel.panel.curves) == [SERIES, plain._replace(also=expected.also)]
    together = scope_of(sent, "features.0, channels, PCA, with features.3 to 6")
    both = last(sent, "decided")[0]["classes"]
    ask(panel, "unpin", LAYER)
    settle(inspector)
    assert plain in panel.panel.curves
    assert last(sent, "decided")[0]["classes"] != both
    ask(panel, "point", {"scope": together, "index": 0})  # compressed together: it brings both back
    assert panel.panel.settings.also == expected.also


def test_stop_leaves_what_was_found(panel, inspector, sent):
    ask(panel, "curve", True)
    ask(panel, "stop", "curve")
    settle(inspector)
    assert [point.rank for point in panel.panel.curves[SERIES]] == [8]
    assert errors(sent) == {}


def test_without_labels_the_agreement_is_shown(trained, digits, sent):
    with iv.Inspector(trained, digits.test.tensors[0]) as inspector:
        inspector.layer = LAYER
        panel = iv.CompressionPanel(inspector)
        settle(inspector)
        final = accuracies(sent)[-1]
        assert final["accuracy"] is None
        assert final["agreement"] == inspector.compress(LAYER, 8).agreement
        assert last(sent, "compression")[0]["labels"] is False
        ((header, arrays),) = curves(sent).values()
        assert header["baseline"] is None
        assert arrays["values"][-1] == pytest.approx(final["agreement"])
        panel.close()


def test_a_rank_beyond_the_samples_is_capped_and_said(trained, digits, sent):
    few = tuple(tensor[:20] for tensor in digits.test.tensors)
    with iv.Inspector(trained, few) as inspector:
        inspector.layer = LAYER
        panel = iv.CompressionPanel(inspector)
        ask(panel, "axis", "all")  # 512 dimensions, and 10 samples to fit to
        settle(inspector)
        assert last(sent, "compression")[0]["full"] == 512
        assert last(sent, "compression")[0]["rank"] == last(sent, "compressed")[0]["rank"] <= 10
        assert "was asked for" in last(sent, "projection")[0]["note"]
        assert accuracies(sent)[-1]["rank"] == last(sent, "compressed")[0]["rank"]
        panel.close()


class Argmax(nn.Module):
    """A classifier with whole numbers inside, and one output a sample."""

    def __init__(self, scores=1):
        super().__init__()
        self.linear = nn.Linear(4, 8)
        self.whole = Whole()
        self.last = nn.Linear(8, scores)

    def forward(self, x):
        x = self.linear(x)
        return self.last(x + self.whole(x))


class Whole(nn.Module):
    def forward(self, x):
        return x.round().long()


def test_a_layer_of_whole_numbers_is_refused_where_the_user_looks(sent):
    with iv.Inspector(Argmax(3), (torch.randn(40, 4), torch.arange(40) % 3)) as inspector:
        inspector.layer = "whole"
        panel = iv.CompressionPanel(inspector)
        settle(inspector)
        assert list(errors(sent)) == ["tiles"]
        assert "cannot be compressed" in errors(sent)["tiles"]
        inspector.layer = "linear"
        settle(inspector)
        assert errors(sent)["tiles"] == ""  # cleared
        assert accuracies(sent)
        panel.close()


def test_a_model_that_is_no_classifier_has_tiles_and_says_why_nothing_else(sent):
    with iv.Inspector(Argmax(1), torch.randn(40, 4)) as inspector:
        inspector.layer = "linear"
        panel = iv.CompressionPanel(inspector)
        settle(inspector)
        assert last(sent, "compressed")[0]["layer"] == "linear"
        assert "no class probabilities" in last(sent, "decided")[0]["notClassifier"]
        assert "no class probabilities" in errors(sent)["accuracy"]
        panel.close()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (CompressionSpec(LAYER, 1, "svd", "channels"), "there is no basis 'svd'; there are 'off', 'pca'"),
        (CompressionSpec(LAYER, 1, "pca", "rows"), "there is no axis 'rows'"),
        (CompressionSpec(LAYER, 33, "pca", "channels"), "rank 33 of 'features.3': it can be 1 to 32"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(panel, setting, message):
    with pytest.raises(DataError, match=message):
        panel.choose(setting)
    assert panel.panel.settings.now == SETTING


def test_it_wants_an_inspector(trained):
    with pytest.raises(TypeError, match=r"CompressionPanel\(iv.Inspector\(model, data\)\)"):
        iv.CompressionPanel(trained)


def test_a_closed_panel_lets_go(trained, digits, sent):
    inspector = iv.Inspector(trained, digits.test)
    inspector.layer = LAYER
    panel = iv.CompressionPanel(inspector)
    settle(inspector)
    inside = weakref.ref(panel.panel)
    panel.close()
    sent.clear()
    inspector.sample = 4
    settle(inspector)
    assert [header for view, header, _ in sent if view is inside()] == []
    del panel
    inspector.close()
    gc.collect()
    assert inside() is None


def test_the_cosine_similarity_follows_the_rank_while_it_is_asked_for(panel, inspector, sent):
    assert not [header for _, header, _ in sent if header["kind"] == "histogram"]
    ask(panel, "similarity", True)
    settle(inspector)
    for rank in (8, 2):
        ask(panel, "rank", rank)
        ask(panel, "evaluate", True)
        settle(inspector)
        others = divide(inspector.subject).evaluated
        x = finish(projecting(inspector.subject, LAYER, rank)).apply(inspector.activations(LAYER, others.tolist()))
        expected = iv.cosine_histogram(x.flatten(1), inspector.data.labels[others])
        header, arrays = last(sent, "histogram")
        assert (header["layer"], header["rank"], header["pairs"]) == (LAYER, rank, expected.pairs)
        assert header["auc"] == pytest.approx(expected.auc, abs=1e-3)
        assert arrays["same"].sum() == expected.same.sum()
    ask(panel, "basis", "off")
    settle(inspector)
    assert last(sent, "histogram")[0]["rank"] is None
    ask(panel, "similarity", False)
    sent.clear()
    ask(panel, "basis", "pca")
    settle(inspector)
    assert not [header for _, header, _ in sent if header["kind"] == "histogram"]
