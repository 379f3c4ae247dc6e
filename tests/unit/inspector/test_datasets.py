"""The built-in data and the small network that learns it."""

import gzip
import os

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from innerview import datasets, demo
from innerview.errors import DataError


def test_digits_are_scikit_learns_and_no_sample_is_in_both_parts():
    split = datasets.digits()
    assert (len(split.train), len(split.test)) == (1437, 360)
    both = torch.cat([split.train.tensors[0], split.test.tensors[0]]).reshape(1797, -1).numpy() * 16
    expected = load_digits().data
    # As sets of rows: the same images, each once.
    assert np.array_equal(both[np.lexsort(both.T)], expected[np.lexsort(expected.T)])
    counts = split.test.tensors[1].bincount()
    assert counts.min() >= 34
    assert counts.max() <= 38


def test_the_small_network_learns_digits():
    split = datasets.digits()
    torch.manual_seed(0)
    model = demo.SmallCNN()
    demo.train(model, split.train, epochs=5)
    model.eval()
    images, labels = split.test.tensors
    with torch.no_grad():
        accuracy = (model(images).argmax(1) == labels).float().mean().item()
    assert accuracy > 0.9


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_read_from_torchvisions_layout(tmp_path, packed):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    contents = {
        "images-idx3": b"\0\0\x08\x03" + np.array([3, 28, 28], ">u4").tobytes() + images.tobytes(),
        "labels-idx1": b"\0\0\x08\x01" + np.array([3], ">u4").tobytes() + bytes([7, 2, 1]),
    }
    for part in ("train", "t10k"):
        for name, content in contents.items():
            file = raw / f"{part}-{name}-ubyte"
            if packed:
                file.with_name(file.name + ".gz").write_bytes(gzip.compress(content))
            else:
                file.write_bytes(content)
    split = datasets.mnist(tmp_path)
    image, label = split.test[1]
    assert np.array_equal((image * 255).round().numpy()[0], images[1])
    assert label == 2


def test_a_folder_without_mnist_says_what_it_looked_for(tmp_path):
    with pytest.raises(DataError, match="train-images-idx3-ubyte"):
        datasets.mnist(tmp_path)


def test_the_real_mnist():
    if not os.environ.get("INNERVIEW_MNIST"):
        pytest.skip("set INNERVIEW_MNIST to a folder that holds MNIST/raw")
    split = datasets.mnist()
    assert split.train.tensors[0].shape == (60000, 1, 28, 28)
    assert split.train.tensors[1][:5].tolist() == [5, 0, 4, 1, 9]  # the first labels of the published file
    assert split.train.tensors[0].mean().item() == pytest.approx(0.1307, abs=1e-4)  # the mean everybody normalises with
