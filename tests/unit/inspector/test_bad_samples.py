"""Samples that are no good: each method says what is wrong, or makes the best of it, and nothing hangs."""

import numpy as np
import pytest
import torch
from torch import nn

import innerview as iv
from innerview.errors import DataError, UnseenLayerError

METHODS = ["pca", "tsne", "umap"]


def noise(samples, width=6):
    return torch.randn(samples, width, generator=torch.Generator().manual_seed(0))


def inspector(inputs, labels=None):
    return iv.Inspector(nn.Sequential(nn.Identity()), inputs if labels is None else (inputs, labels))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "inputs", [torch.ones(30, 6), noise(5).repeat(6, 1), noise(4)], ids=["constant", "copies", "4"]
)
def test_constant_repeated_and_few_samples_make_a_picture(method, inputs):
    with inspector(inputs) as made:
        points = made.embed("0", method).points
        assert points.shape == (len(inputs), 2)
        assert np.isfinite(points).all()


def test_three_samples_are_enough_for_pca_only():
    with inspector(noise(3)) as made:
        assert made.embed("0").points.shape == (3, 2)
        for method, name in (("tsne", "t-SNE"), ("umap", "UMAP")):
            with pytest.raises(DataError, match=f"{name} of 3 samples; it needs 4 or more"):
                made.embed("0", method)


@pytest.mark.parametrize("method", METHODS)
def test_samples_that_are_not_finite_are_counted_and_left_out(method):
    inputs = noise(40)
    inputs[3, 1], inputs[17, 0] = torch.nan, torch.inf
    with inspector(inputs, torch.arange(40) % 2) as made:
        embedding = made.embed("0", method)
        assert set(range(40)) - set(embedding.indices.tolist()) == {3, 17}
        assert "2 samples with NaN or infinite values are left out" in embedding.note
        assert embedding.representation.excluded.tolist() == [3, 17]
        # What is measured is measured of the others.
        assert np.isfinite(made.quality("0").same_class)
        similarity = made.similarity("0", samples=None)
        assert (similarity.same + similarity.other).sum() == 38 * 37 // 2


def test_one_class_has_no_other_to_be_told_from():
    with inspector(noise(30), torch.zeros(30, dtype=torch.int64)) as made:
        quality = made.quality("0")
        assert quality.different_class is None
        assert quality.between_centroids is None
        assert quality.same_class == pytest.approx(1)
        assert quality.knn_accuracy is None
        assert "no classes to compare" in quality.note
        assert made.similarity("0").auc is None


def test_more_neighbours_than_there_are_points():
    with inspector(noise(6), torch.arange(6) % 2) as made, pytest.raises(DataError, match="k=10"):
        made.quality("0", k=10)


def test_without_labels_what_needs_them_says_so():
    with inspector(noise(30)) as made:
        assert made.embed("0").labels is None
        assert "label" not in made.embed("0").to_frame()
        for ask in (lambda: made.quality("0"), lambda: made.embed("0", correct_only=True)):
            with pytest.raises(DataError, match="no labels"):
                ask()


def test_a_layer_of_varying_shape_is_named():
    class Varying(nn.Module):
        def forward(self, x):
            return x[:, : 2 + int(x[0, 0] > 0)]

    inputs = torch.ones(600, 4)
    inputs[400:, 0] = -1  # other batches, another width
    message = r"vectors of \d elements for some samples and of \d for others"
    with iv.Inspector(nn.Sequential(Varying()), inputs) as made, pytest.raises(UnseenLayerError, match=message):
        made.embed("0", samples=range(600))
