"""The published table of hidden layers, small: its order holds with 600 of 10,000 images and one epoch."""

import pytest
from literature.hidden_layers import LAYERS, measure
from torch.utils.data import TensorDataset

import innerview as iv
from innerview.errors import DataError


@pytest.fixture(scope="module")
def figures():
    try:
        images, labels = iv.datasets.mnist().train.tensors
    except DataError as error:
        pytest.skip(str(error))
    data = TensorDataset(images[:10_000], labels[:10_000])
    frame = measure(data, samples=600, seed=0, methods=("tsne", "umap"), epochs=1)
    return {name: column.to_dict() for name, column in frame.items()}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_training_separates_the_classes_and_depth_without_it_mixes_them(figures, method):
    def column(name, model):
        return [figures[name][(layer, model, method)] for layer in LAYERS.values()]

    # Before training each layer tells the classes apart less well than the one below; after it, better than the input.
    assert column("knn_accuracy", "untrained")[3] < column("knn_accuracy", "untrained")[0]
    assert column("same_class", "untrained")[3] > column("same_class", "untrained")[0]
    assert min(column("knn_accuracy", "trained")[1:]) > column("knn_accuracy", "trained")[0]
    assert max(column("same_class", "trained")[1:]) < column("same_class", "trained")[0]
    for layer in list(LAYERS.values())[1:]:
        assert figures["knn_accuracy"][(layer, "trained", method)] > (
            figures["knn_accuracy"][(layer, "untrained", method)] + 0.01
        )
        assert figures["to_centroid"][(layer, "trained", method)] < (
            figures["to_centroid"][(layer, "untrained", method)] - 0.02
        )


@pytest.mark.slow
def test_the_input_is_the_same_before_and_after(figures):
    for method in ("tsne", "umap"):
        for name in ("same_class", "knn_accuracy"):
            assert figures[name][("input", "trained", method)] == figures[name][("input", "untrained", method)]
