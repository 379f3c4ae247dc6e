"""Published failures of training, small: the monitor names them, early, and can save a run."""

import numpy as np
import pytest
from literature import collapse, discriminative_rates

import innerview as iv
from innerview.errors import DataError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images():
    try:
        return iv.datasets.mnist().train.tensors
    except DataError as error:
        pytest.skip(str(error))


def test_the_first_layers_hardly_learn(images):
    pytest.importorskip("torchvision.models")
    _, monitor = discriminative_rates.run(*images, first=0.01, steps=20, batch=16)
    (found,) = [finding for finding in monitor.diagnose() if finding.kind == "slow"]
    assert found.layer == "conv1"
    assert all(name.startswith("layer1") for name in found.others)
    assert len(found.others) == 4
    _, monitor = discriminative_rates.run(*images, first=1.0, steps=20, batch=16)
    assert monitor.diagnose() == []


def test_ten_convolutions_collapse(images):
    got = collapse.run(*images, gated=False, act=False, seed=0)
    assert got.plateau is not None
    assert got.warned is not None
    # Of ten seeds the least are 35 steps.
    assert got.warned < got.plateau - 10


@pytest.mark.parametrize("seed", [0, 3])
def test_squeeze_and_excitation_collapses_and_can_be_saved(images, seed):
    lost = collapse.run(*images, gated=True, act=False, seed=seed, steps=310)
    assert lost.plateau is not None
    assert lost.warned is not None
    assert lost.warned < lost.plateau - 10
    saved = collapse.run(*images, gated=True, act=True, seed=seed, steps=310)
    assert saved.plateau is None
    assert np.mean(saved.losses[-10:]) < 1.3
