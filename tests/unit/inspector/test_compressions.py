"""Compressing a layer: against a plain loop with scikit-learn's PCA."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

from innerview.analysis.progress import finish
from innerview.compressions import compressing
from innerview.errors import DataError, InnerviewError, UnseenLayerError
from innerview.inspector import Inspector

LAYER = "classifier.1"


def parts(total=360, seed=0):
    """The samples fitted to and those evaluated, as documented: halves of a seeded order."""
    order = np.random.default_rng(seed).permutation(total)
    return order[: total // 2], order[total // 2 :]


def replaced(model, module, edit, images):
    """The model's classes with one module's output replaced: a plain forward with a hook."""
    hook = module.register_forward_hook(lambda _m, _i, output: edit(output))
    with torch.no_grad():
        classes = model.eval()(images).argmax(1)
    hook.remove()
    return classes


def test_rank_by_rank_as_a_plain_loop_with_scikit_learn(explored, trained, digits):
    images, labels = digits.test.tensors
    fitted, evaluated = parts()
    pca = PCA(12, svd_solver="full").fit(explored.activations(LAYER, fitted.tolist()).numpy())
    curve = explored.accuracy_curve(LAYER, [12, 3, 1])
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


@pytest.mark.parametrize("basis", ["pca", "random", "variance"])
@pytest.mark.parametrize(("layer", "axis", "full"), [("features.0", "channels", 16), (LAYER, "all", 64)])
def test_full_rank_changes_nothing(explored, basis, layer, axis, full):
    found = explored.compress(layer, full, basis, axis)
    assert found.agreement == 1
    assert found.accuracy == found.baseline_accuracy


def test_quantised_to_one_bit_and_to_all(explored):
    assert explored.compress(LAYER, 32, "quantise").agreement == 1
    assert explored.compress(LAYER, 1, "quantise").agreement < 1


def test_pca_keeps_more_than_chance_does(explored):
    kept = {basis: explored.accuracy_curve(LAYER, [4, 8], basis=basis).accuracy for basis in ("pca", "random")}
    assert (kept["pca"] > kept["random"]).all()


def test_estimates_come_batch_by_batch(explored, monkeypatch):
    monkeypatch.setattr("innerview.sweep._LARGEST_BATCH", 50)
    steps = [step for step in compressing(explored, LAYER, [2, 8]) if step is not None]
    assert [step[0].evaluated for step in steps] == [50, 100, 150, 180]
    widths = [step[0].high - step[0].low for step in steps]
    assert widths[-1] < widths[0]


def test_powers_of_two_unless_told_otherwise(explored):
    curve = explored.accuracy_curve("features.0")
    assert curve.ranks.tolist() == [1, 2, 4, 8, 16]
    frame = curve.to_frame()
    assert frame.index.tolist() == [1, 2, 4, 8, 16]
    assert frame["accuracy"].iloc[-1] == curve.baseline_accuracy


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


def test_a_model_changed_meanwhile(explored):
    work = compressing(explored, LAYER, [2, 4, 8])
    while next(work) is not None:
        pass
    with torch.no_grad():
        explored.model.classifier[1].weight.mul_(1.0)
    # The next result would mix two models.
    with pytest.raises(InnerviewError, match="changed while it was evaluated"):
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
