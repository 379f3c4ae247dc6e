"""A projection fitted to a layer: to which samples, and once."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.utils.data import DataLoader

from innerview.data.samples import Data
from innerview.errors import DataError, UnseenLayerError
from innerview.jobs.progress import finish
from innerview.session.inspector import Inspector
from innerview.study.projections import divide, projecting

LAYER = "classifier.1"


def same_space(projection, rows, rank):
    """Whether a PCA keeps the subspace that scikit-learn's keeps, and the same variance."""
    theirs = PCA(rank, svd_solver="full").fit(rows)
    mean, basis = torch.from_numpy(theirs.mean_), torch.from_numpy(theirs.components_)
    x = torch.from_numpy(rows)
    torch.testing.assert_close(projection.at(rank).apply(x), mean + (x - mean) @ basis.T @ basis, rtol=0, atol=2e-4)
    np.testing.assert_allclose(projection.curve[:rank], theirs.explained_variance_ratio_.cumsum(), atol=1e-5)


def test_fitted_to_one_half_and_only_once(explored):
    projection = finish(projecting(explored.subject, LAYER))
    fitted = explored.data.order()[:180]
    assert projection.samples == 180
    rows = explored.activations(LAYER, fitted.tolist()).numpy()
    for rank in (1, 2, 5, 20):
        same_space(projection, rows, rank)
    # Lower ranks are there at once, and so is the same again.
    assert next(projecting(explored.subject, LAYER, 3), "done") == "done"
    assert finish(projecting(explored.subject, LAYER, 3)).matrix_shape == (64, 3)


@pytest.mark.parametrize("form", ["pair", "dataset", "loader"])
def test_training_data_is_fitted_to_and_all_of_the_data_is_evaluated(trained, digits, form):
    images, labels = digits.train.tensors
    given = {"pair": (images, labels), "dataset": digits.train, "loader": DataLoader(digits.train, 16, shuffle=True)}
    with Inspector(trained, digits.test) as inspector:
        projection = finish(projecting(inspector.subject, LAYER, 8, fit=given[form], fit_samples=300))
        chosen = divide(inspector.subject, given[form], 300).fitted
        assert len(chosen) == 300
        with Inspector(trained, digits.train) as other:
            same_space(projection, other.activations(LAYER, chosen.tolist()).numpy(), 8)
        assert next(projecting(inspector.subject, LAYER, 8, fit=given[form], fit_samples=300), "done") == "done"
        found = inspector.compress(LAYER, 8, fit=given[form])
        assert found.evaluated == 360
        assert "fitted to 1,000 samples of the training data" in found.note
    with Inspector(trained, digits.test, training=given[form]) as inspector:
        again = inspector.compress(LAYER, 8)
        assert (again.evaluated, again.accuracy, again.note) == (360, found.accuracy, found.note)


def test_training_data_is_not_the_data_evaluated(trained, digits):
    images, labels = digits.test.tensors
    with Inspector(trained, digits.test) as inspector:
        for same in (digits.test, (images, labels), images, DataLoader(digits.test, 7)):
            with pytest.raises(DataError, match="training data is the data that is evaluated"):
                inspector.compress(LAYER, 8, fit=same)
        assert inspector.compress(LAYER, 8, fit=images[:100]).evaluated == 360


def test_more_dimensions_than_samples(explored):
    # Fitted by the smaller matrix of products; 180 centred samples span 179 of 256 directions.
    rows = explored.activations("features.3", explored.data.order()[:180].tolist())
    projection = finish(projecting(explored.subject, "features.3", None, "pca", "all"))
    assert (projection.matrix_shape, projection.note[:25]) == ((512, 180), "rank 512 was asked for, b")
    theirs = PCA(100, svd_solver="full").fit(rows.flatten(1).numpy())
    np.testing.assert_allclose(projection.curve[:100], theirs.explained_variance_ratio_.cumsum(), atol=1e-5)
    assert "asked" not in finish(projecting(explored.subject, "features.3", 100, "pca", "all")).note


class Dividing(nn.Module):
    """Where a feature is 0, its inverse is infinite."""

    def __init__(self):
        super().__init__()
        self.inverse = nn.Identity()
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.inverse(1 / x))


def test_samples_with_infinite_activations_are_left_out_of_the_fit():
    x = torch.rand(40, 4, generator=torch.Generator().manual_seed(0)) + 0.5
    x[::4, 1] = 0
    with Inspector(Dividing(), x) as inspector:
        chosen = divide(inspector.subject).fitted
        bad = int((chosen % 4 == 0).sum())
        projection = finish(projecting(inspector.subject, "inverse", 2))
        assert projection.samples == 20 - bad
        assert f"{bad} of 20 samples fitted to are left out: NaN or infinite values in 'inverse'" in projection.note
        same_space(projection, 1 / x[chosen[chosen % 4 != 0]].numpy(), 2)
    with Inspector(Dividing(), x * 0) as inspector, pytest.raises(DataError, match="all 20 samples have NaN or inf"):
        finish(projecting(inspector.subject, "inverse", 2))


class Shrinking(nn.Module):
    """Drops the columns that are zero in all of the batch."""

    def __init__(self):
        super().__init__()
        self.kept = nn.Identity()

    def forward(self, x):
        return self.kept(x[:, (x != 0).any(0)]).sum(1, keepdim=True).expand(-1, 3)


@pytest.mark.parametrize("axis", ["channels", "all"])
def test_activations_that_vary_in_shape(axis, monkeypatch):
    monkeypatch.setattr("innerview.study.sweep._LARGEST_BATCH", 4)
    x = torch.rand(32, 4, generator=torch.Generator().manual_seed(0)) + 0.5
    x[Data(x).order()[10:], 3] = 0
    with Inspector(Shrinking(), x) as inspector, pytest.raises(DataError, match="vary in shape"):
        finish(projecting(inspector.subject, "kept", 2, "pca", axis))


def test_layers_and_ranks_that_do_not_exist(explored):
    with pytest.raises(DataError, match=r"rank 65 .* can be 1 to 64"):
        finish(projecting(explored.subject, LAYER, 65))
    with pytest.raises(DataError, match="rank 0"):
        finish(projecting(explored.subject, LAYER, 0))
    with pytest.raises(DataError, match="fit_samples=0"):
        finish(projecting(explored.subject, LAYER, 4, fit_samples=0))
    with pytest.raises(DataError, match="no axis 'rows'"):
        finish(projecting(explored.subject, LAYER, 4, axis="rows"))
    with Inspector(nn.Sequential(nn.Flatten(0)), torch.rand(4, 5)) as inspector, pytest.raises(UnseenLayerError):
        finish(projecting(inspector.subject, "0", 1))
