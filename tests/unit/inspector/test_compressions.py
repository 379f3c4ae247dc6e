"""Compressing a layer: against a plain loop with scikit-learn's PCA."""

import itertools
import math

import numpy as np
import pytest
import sklearn.metrics
import torch
from sklearn.decomposition import PCA
from torch import nn

from innerview.errors import DataError, InnerviewError, UnseenLayerError
from innerview.jobs.progress import finish
from innerview.session.inspector import Inspector
from innerview.study.compression_results import CompressionSpec, compression_table
from innerview.study.compressions import compressing
from innerview.study.projections import projecting

LAYER = "classifier.1"


def parts(inspector):
    """The samples fitted to and those evaluated, as documented: halves of the visiting order."""
    order = inspector.data.order()
    return order[: len(order) // 2], order[len(order) // 2 :]


def replaced(model, module, edit, images):
    """The model's classes with one module's output replaced: a plain forward with a hook."""
    hook = module.register_forward_hook(lambda _m, _i, output: edit(output))
    with torch.no_grad():
        classes = model.eval()(images).argmax(1)
    hook.remove()
    return classes


def test_rank_by_rank_as_a_plain_loop_with_scikit_learn(explored, trained, digits):
    images, labels = digits.test.tensors
    fitted, evaluated = parts(explored)
    pca = PCA(12, svd_solver="full").fit(explored.activations(LAYER, fitted.tolist()).numpy())
    curve = explored.accuracy_curve(LAYER, [12, 3, 1], within=None)
    assert curve.ranks.tolist() == [1, 3, 12]
    before = replaced(trained, trained.classifier[1], lambda _: None, images[evaluated])
    for point in curve.points:
        mean, basis = torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_[: point.rank])

        def project(x, mean=mean, basis=basis):
            return mean + (x - mean) @ basis.T @ basis

        classes = replaced(trained, trained.classifier[1], project, images[evaluated])
        assert point.evaluated == len(evaluated)
        assert point.accuracy == pytest.approx((classes == labels[evaluated]).float().mean().item(), abs=0.006)
        assert point.agreement == pytest.approx((classes == before).float().mean().item(), abs=0.006)
        assert point.baseline_accuracy == pytest.approx((before == labels[evaluated]).float().mean().item())
        assert point.explained_variance == pytest.approx(pca.explained_variance_ratio_[: point.rank].sum(), rel=1e-3)
        assert point.matrix_shape == (64, point.rank)
        assert point.low < point.accuracy < point.high
    assert curve.accuracy[0] < curve.accuracy[2]
    assert "fitted to 180 samples that are not evaluated" in curve.points[0].note


@pytest.mark.parametrize("basis", ["pca", "random", "variance", "quantise"])
@pytest.mark.parametrize(
    ("layer", "axis", "full"),
    [("features.0", "channels", 16), ("features.5", "channels", 32), ("features.5", "all", 128), (LAYER, "all", 64)],
)
def test_full_rank_changes_nothing(explored, basis, layer, axis, full):
    found = explored.compress(layer, 32 if basis == "quantise" else full, basis, axis)
    assert found.agreement == 1
    assert found.accuracy == found.baseline_accuracy


def test_quantised_to_one_bit(explored):
    assert explored.compress(LAYER, 1, "quantise").agreement < 1


def test_pca_keeps_more_than_chance_does(explored):
    kept = {basis: explored.accuracy_curve(LAYER, [4, 8], basis=basis).accuracy for basis in ("pca", "random")}
    assert (kept["pca"] > kept["random"]).all()


def test_estimates_come_batch_by_batch(explored, monkeypatch):
    monkeypatch.setattr("innerview.study.sweep._LARGEST_BATCH", 50)
    steps = [step for step in compressing(explored.subject, LAYER, [2, 8], within=None) if step is not None]
    assert [step[0].evaluated for step in steps] == [50, 100, 150, 180]
    widths = [step[0].high - step[0].low for step in steps]
    assert widths[-1] < widths[0]


def test_powers_of_two_and_then_where_it_rises(explored):
    curve = explored.accuracy_curve("features.0", within=None)
    known = dict(zip(curve.ranks.tolist(), curve.accuracy.tolist(), strict=True))
    assert {1, 2, 4, 8, 16} < known.keys()
    assert len(known) <= 5 + 8
    for low, high in itertools.pairwise(sorted(known)):
        assert high == low + 1 or abs(known[high] - known[low]) <= 0.02
    frame = curve.to_frame()
    assert frame.index.tolist() == sorted(known)
    assert frame["accuracy"].iloc[-1] == curve.baseline_accuracy
    assert "metric" not in frame


def test_without_labels_the_agreement_remains(trained, digits):
    with Inspector(trained, digits.test.tensors[0]) as inspector:
        found = inspector.compress(LAYER, 4)
        assert (found.accuracy, found.low, found.baseline_accuracy) == (None, None, None)
        assert 0 < found.agreement < 1
        assert np.isnan(inspector.accuracy_curve(LAYER, [4]).accuracy).all()


def test_fewer_samples_than_the_rank_cap_it(trained, digits):
    images, labels = digits.test.tensors
    with Inspector(trained, (images[:20], labels[:20])) as inspector:
        found = inspector.compress(LAYER, 64)
        assert found.rank < 64
        assert "rank 64 was asked for, but 10 vectors span no more" in found.note


@pytest.mark.parametrize(
    ("ranks", "message"),
    [([0], r"ranks=\[0\]: a rank is 1 or more"), ([65], "rank 65.*it can be 1 to 64"), ([], "a rank is 1 or more")],
)
def test_ranks_that_do_not_exist(explored, ranks, message):
    with pytest.raises(DataError, match=message):
        explored.accuracy_curve(LAYER, ranks)
    with pytest.raises(DataError, match="no basis 'fourier'"):
        explored.compress(LAYER, 3, "fourier")


class Indices(nn.Module):
    """A layer that returns whole numbers."""

    def __init__(self):
        super().__init__()
        self.most = nn.Identity()
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.most(x.argsort(1)).float())


def test_whole_numbers_have_no_dimensions_to_drop():
    with Inspector(Indices(), torch.rand(20, 4)) as inspector, pytest.raises(UnseenLayerError, match="int64"):
        inspector.compress("most", 2)


# --- what is measured ----------------------------------------------------------------------------------------------


def test_every_figure_by_hand(explored, trained, digits):
    images, labels = digits.test.tensors
    _, evaluated = parts(explored)
    found = explored.compress(LAYER, 3, "random", metric=lambda output, target: output.argmax(1) == target)
    projection = finish(projecting(explored.subject, LAYER, 3, "random"))
    labels = labels[evaluated]
    with torch.no_grad():
        after = replaced_scores(trained, trained.classifier[1], projection.apply, images[evaluated])
        before = trained.eval()(images[evaluated])
    for name, output in (("", after), ("baseline_", before)):
        right = output.argmax(1) == labels
        loss = nn.functional.cross_entropy(output, labels).item()
        assert getattr(found, name + "accuracy") == pytest.approx(right.float().mean().item(), abs=0.006)
        assert getattr(found, name + "metric") == getattr(found, name + "accuracy")
        assert getattr(found, name + "loss") == pytest.approx(loss, rel=1e-4)
        theirs = sklearn.metrics.top_k_accuracy_score(labels, output, k=5, labels=range(10))
        assert getattr(found, name + "top5") == pytest.approx(theirs, abs=0.006)
        recall = sklearn.metrics.recall_score(labels, output.argmax(1), average=None)
        np.testing.assert_allclose(getattr(found, name + "per_class"), recall, atol=0.06)
    assert found.per_class.shape == (10,)
    assert found.accuracy < found.top5 <= 1
    assert found.loss > found.baseline_loss


def replaced_scores(model, module, edit, images):
    hook = module.register_forward_hook(lambda _m, _i, output: edit(output))
    scored = model.eval()(images)
    hook.remove()
    return scored


def test_fewer_than_six_classes_have_no_top_five(digits):
    images, labels = digits.test.tensors
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 5))
    with Inspector(model, (images, labels % 5)) as inspector:
        found = inspector.compress("0", 3)
        assert found.top5 is None
        assert found.per_class.shape == (5,)
        assert math.isfinite(found.loss)
        assert found.accuracy == pytest.approx(np.nanmean(found.per_class), abs=0.1)
    with (
        Inspector(model, (images, labels)) as inspector,
        pytest.raises(InnerviewError, match="has 5 columns, but the data has 10 classes"),
    ):
        inspector.compress("0", 3)


class Halves(nn.Module):
    """No classifier: gives back its input by way of a few dimensions."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.code, self.picture = nn.Linear(8, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.picture(self.code(x))


def squared(output, target):
    return (output - target).square().flatten(1).mean(1)


def test_what_is_no_classifier_is_measured_by_a_metric():
    x = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    y = x.sum(1, keepdim=True)
    model = Halves()
    with Inspector(model, (x, y)) as inspector:
        found = inspector.compress("code", 1, metric=squared)
        assert (found.accuracy, found.agreement, found.loss, found.per_class) == (None, None, None, None)
        _, evaluated = parts(inspector)
        with torch.no_grad():
            expected = (model(x[evaluated]) - y[evaluated]).square().mean().item()
        assert found.baseline_metric == pytest.approx(expected, rel=1e-5)
        assert found.metric != found.baseline_metric
        assert inspector.compress("code", 4, metric=squared).metric == pytest.approx(expected, rel=1e-4)
        assert inspector.accuracy_curve("code", metric=squared).points[-1].rank == 4
        with pytest.raises(InnerviewError, match=r"one score per class\. To measure something else, give a metric"):
            inspector.compress("code", 1)


@pytest.mark.parametrize("answer", [1.0, torch.zeros(3), "good", torch.zeros(180, 2)])
def test_a_metric_gives_one_number_a_sample(explored, answer):
    with pytest.raises(DataError, match=r"metric gave .* for \d+ samples; it gives one number for each"):
        explored.compress(LAYER, 3, metric=lambda *_: answer)


def test_an_error_in_a_metric_comes_out_as_it_is(explored):
    def metric(output, _):
        return output.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        explored.compress(LAYER, 3, metric=metric)


# --- what is kept --------------------------------------------------------------------------------------------------


def forwards(model, function):
    """How often the model runs meanwhile."""
    count = 0

    def counted(*_):
        nonlocal count
        count += 1

    hook = model.register_forward_pre_hook(counted)
    function()
    hook.remove()
    return count


def test_coming_back_to_a_rank_runs_nothing(explored):
    first = explored.compress(LAYER, 3)
    other = explored.compress(LAYER, 5)
    again = []
    assert forwards(explored.model, lambda: again.append(explored.compress(LAYER, 3))) == 0
    assert vars(again[0]).keys() == vars(first).keys()
    assert [again[0].accuracy, again[0].loss, again[0].note] == [first.accuracy, first.loss, first.note]
    assert forwards(explored.model, lambda: explored.accuracy_curve(LAYER, [3, 5])) == 0
    # A view is told once.
    assert [[one.rank for one in step] for step in compressing(explored.subject, LAYER, [3, 5])] == [[3, 5]]
    for options in ({"seed": 1}, {"samples": 50}, {"axis": "all"}, {"basis": "random"}, {"metric": squared_scores}):
        assert forwards(explored.model, lambda options=options: explored.compress(LAYER, 3, **options)) > 0
    assert other.rank == 5


def squared_scores(output, _):
    return output.square().mean(1)


def test_an_evaluation_goes_on_where_it_was_left(explored, monkeypatch):
    monkeypatch.setattr("innerview.study.sweep._LARGEST_BATCH", 50)
    whole = explored.compress(LAYER, 3, "random", seed=0)
    explored.subject.cache.clear()
    work = compressing(explored.subject, LAYER, [3], basis="random", within=None)
    left = list(itertools.islice((step for step in work if step), 2))
    work.close()
    assert [step[0].evaluated for step in left] == [50, 100]
    steps = [step for step in compressing(explored.subject, LAYER, [3, 9], basis="random", within=None) if step]
    # Rank 9 begins at the front; rank 3 is not evaluated twice.
    assert [[one.evaluated for one in step] for step in steps] == [[100, 50], [100, 100], [150, 150], [180, 180]]
    assert steps[-1][0].accuracy == whole.accuracy
    assert steps[-1][0].loss == pytest.approx(whole.loss, rel=1e-12)
    np.testing.assert_array_equal(steps[-1][0].per_class, whole.per_class)


def test_two_that_evaluate_the_same_share_the_work(explored, monkeypatch):
    monkeypatch.setattr("innerview.study.sweep._LARGEST_BATCH", 50)
    alone = explored.compress(LAYER, 6)
    explored.subject.cache.clear()
    one, two = (compressing(explored.subject, LAYER, [6]) for _ in range(2))
    for _ in itertools.zip_longest(one, two):
        pass
    found = explored.compress(LAYER, 6)
    assert (found.evaluated, found.accuracy) == (180, alone.accuracy)


# --- several layers together ---------------------------------------------------------------------------------------

TOGETHER = [("classifier.1", 6), ("features.0", 4), ("features", 90, "random", "all")]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_layers_compressed_together_by_a_plain_loop(trained, digits, explored, order):
    images, _ = digits.test.tensors
    _, evaluated = parts(explored)
    modules = {"classifier.1": trained.classifier[1], "features.0": trained.features[0], "features": trained.features}
    hooks = []
    for name, *how in TOGETHER:
        # Fitted to what the layer returns when nothing is compressed.
        projection = finish(projecting(explored.subject, name, *how))
        hooks.append(modules[name].register_forward_hook(lambda _m, _i, output, p=projection: p.apply(output)))
    with torch.no_grad():
        expected = trained.eval()(images[evaluated]).argmax(1)
    for hook in hooks:
        hook.remove()
    before = trained(images[evaluated]).argmax(1)
    found = explored.compress([TOGETHER[one] for one in order])
    assert found.agreement == pytest.approx((expected == before).float().mean().item(), abs=0.006)
    assert found.note == "fitted to 180 samples that are not evaluated"  # and replayed, or it would say why not
    assert (found.layer, found.rank) == TOGETHER[order[0]][:2]
    assert [step.layer for step in found.also] == [TOGETHER[one][0] for one in order[1:]]
    assert 0.2 < found.agreement < 0.9


def test_a_sweep_beside_another_layer(explored):
    curve = explored.accuracy_curve(LAYER, [4, 64], also=[("features.0", 2)], within=None)
    alone = explored.compress("features.0", 2)
    assert curve.points[1].accuracy == alone.accuracy
    assert curve.points[0].also == (CompressionSpec("features.0", 2, "pca", "channels"),)
    assert curve.points[0].accuracy != explored.compress(LAYER, 4).accuracy


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("features.0", 4), ("features.0", 8)], "'features.0' is to be compressed twice"),
        ([("features.0",)], r"\('features.0',\) is not a layer to compress: give \(layer, rank\)"),
        ([("features.0", "pca")], "is not a layer to compress"),
        ([("features.0", 0.5)], "with a whole number as the rank"),
        ([], "no layers to compress"),
        ("features.0", r"\('features.0', None, .* is not a layer to compress"),
        ([("features.0", 4), ("nowhere", 3)], "no layer 'nowhere'"),
    ],
)
def test_lists_of_layers_that_make_no_sense(explored, steps, message):
    with pytest.raises(InnerviewError, match=message):
        explored.compress(steps)


# --- tables --------------------------------------------------------------------------------------------------------


def test_the_table_of_several_layers(explored):
    table = explored.compression_table(["features.0", LAYER], [4, 16], axes=["channels"], within=None)
    assert table["preceding_layer"].tolist() == ["features.0"] * 5 + [LAYER] * 5
    assert table["mode"].tolist() == ["off", "random", "random", "PCA", "PCA"] * 2
    assert table["matrix_shape"].tolist()[:5] == ["", "16 x 16", "16 x 4", "16 x 16", "16 x 4"]
    full = table[table["matrix_shape"] == "16 x 16"]["accuracy"]
    assert (full == table["accuracy"][0]).all()
    assert ((table["low"] < table["accuracy"]) & (table["accuracy"] < table["high"])).all()
    bits = compression_table(explored.accuracy_curve(LAYER, [2], basis="quantise").points)
    assert bits["matrix_shape"].tolist() == ["", "2 bits"]


# --- what goes wrong -----------------------------------------------------------------------------------------------


class Restless(nn.Module):
    """A dropout that evaluation mode does not end, or an augmentation drawn anew at each forward."""

    def __init__(self, where):
        super().__init__()
        torch.manual_seed(0)
        self.where = where
        self.first, self.last = nn.Linear(64, 16), nn.Linear(16, 10)

    def forward(self, x):
        x = x.flatten(1)
        if self.where == "augmentation":
            x = x.roll(int(torch.randint(0, 2, ())), 1)
        x = self.first(x)
        return self.last(nn.functional.dropout(x, 0.5, training=True) if self.where == "dropout" else x)


@pytest.mark.parametrize("where", ["dropout", "augmentation"])
def test_random_numbers_inside_are_said_and_whole_forwards_run(digits, where):
    with Inspector(Restless(where), digits.test) as inspector:
        found = inspector.compress("first", 4)
        assert found.evaluated == 180
        assert "the model draws random numbers" in found.note
        # The random state is put back before each forward, so that the same numbers are drawn.
        assert inspector.compress("first", 16).agreement == 1


def test_dropout_left_in_training_mode_is_off_meanwhile(digits):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Dropout(0.5), nn.Linear(16, 10)).train()
    with Inspector(model, digits.test) as inspector:
        found = inspector.compress("1", 16)
        assert (found.agreement, "random" in found.note) == (1, False)
    assert model.training
    assert model[2].training


class Inverse(nn.Module):
    """Where a feature is 0, its inverse is infinite, and so is the output."""

    def __init__(self):
        super().__init__()
        self.inverse, self.out = nn.Identity(), nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.inverse(1 / x))


def test_activations_that_are_not_finite_are_counted():
    x = torch.rand(40, 4, generator=torch.Generator().manual_seed(0)) + 0.5
    x[::4, 1] = 0
    labels = torch.zeros(40, dtype=torch.int64)
    with Inspector(Inverse(), (x, labels)) as inspector:
        found = inspector.compress("inverse", 2)
        _, evaluated = parts(inspector)
        bad = int((evaluated % 4 == 0).sum())
        assert f"{bad} samples evaluated have NaN or infinite values" in found.note
        assert f"{10 - bad} of 20 samples fitted to are left out" in found.note
        # A model whose scores are NaN predicts nothing, which is never right.
        assert found.accuracy <= (20 - bad) / 20


def test_a_model_changed_meanwhile(explored):
    work = compressing(explored.subject, LAYER, [2, 4, 8])
    while next(work) is not None:
        pass
    with torch.no_grad():
        explored.model.classifier[1].weight.mul_(1.0)
    # The next result would mix two models.
    with pytest.raises(InnerviewError, match="changed while it was looked at"):
        finish(work)


def test_changed_weights_are_fitted_anew(explored):
    before = explored.compress(LAYER, 2)
    weight = explored.model.classifier[1].weight
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.copy_(kept.flip(0))
        after = explored.compress(LAYER, 2)
        weight.copy_(kept)
    assert after.baseline_accuracy != before.baseline_accuracy
