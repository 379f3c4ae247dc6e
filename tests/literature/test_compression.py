"""The published table of compressed layers, small: what must hold in it, and what a mistake in the basis does."""

import pytest
from literature.compression import measure, trained, wrong_ways
from torch.utils.data import TensorDataset

import innerview as iv
from innerview.analysis.projections.ranks import powers_of_two
from innerview.errors import DataError

pytestmark = pytest.mark.slow
SAMPLES = 500
FULL = {("conv1", "channels"): 8, ("block2", "all"): 1024, ("block3", "all"): 512}


@pytest.fixture(scope="module")
def inspector():
    try:
        model, data = trained(8, 3000, 2)
    except DataError as error:
        pytest.skip(str(error))
    test = TensorDataset(*(tensor[:SAMPLES] for tensor in data.test.tensors))
    with iv.Inspector(model, test, training=data.train) as inspector:
        assert inspector.compress("conv1", 1).baseline_accuracy > 0.85
        yield inspector


@pytest.mark.parametrize("basis", ["pca", "random", "variance", "quantise"])
@pytest.mark.parametrize("axis", ["channels", "all"])
@pytest.mark.parametrize("layer", ["block3", "block4"])
def test_full_rank_is_off(inspector, layer, axis, basis):
    (size, *positions) = inspector.layers[layer].shape
    full = size if axis == "channels" else size * positions[0] * positions[1]
    rank = 32 if basis == "quantise" else full
    found = inspector.compress(layer, rank, basis, axis, samples=100, fit_samples=full + 200)
    assert found.rank == rank
    assert (found.agreement, found.accuracy) == (1, found.baseline_accuracy)
    assert found.loss == pytest.approx(found.baseline_loss, rel=1e-3)


def test_pca_is_never_worse_than_random_and_the_earlier_block_is_more_sensitive(inspector):
    kept = {}
    for (layer, axis), full in FULL.items():
        ranks = powers_of_two(full)[:-1]
        pca, random = ([*measure(inspector, layer, axis, ranks, [basis])] for basis in ("pca", "random"))
        for one, other in zip(pca, random, strict=True):
            assert one.high >= other.low, (layer, one.rank)
        assert sum(one.accuracy - other.accuracy for one, other in zip(pca, random, strict=True)) > 0.5
        kept[layer] = [point.accuracy for point in pca]
    # With the same few directions, less of the network is left where more is still to come.
    assert sum(kept["block2"][1:4]) < sum(kept["block3"][1:4]) - 0.1


def test_what_mistakes_do(inspector):
    ways = wrong_ways(inspector, "conv1", "channels", 7, samples=SAMPLES)
    right = ways["leading components, centred"]
    # Leaving out one direction costs nothing, unless it is the first.
    assert abs(right - ways["off"]) < 0.02
    assert ways["last components instead of the first"] < right - 0.05
    ways = wrong_ways(inspector, "block3", "all", 128, samples=SAMPLES, fit_samples=1000)
    assert abs(ways["leading components, centred"] - ways["off"]) < 0.02
    # These directions are as good as random ones.
    random = inspector.compress("block3", 128, "random", "all").accuracy
    assert ways["rows of the eigenvectors' matrix, not columns"] < ways["off"] - 0.1
    assert ways["rows of the eigenvectors' matrix, not columns"] == pytest.approx(random, abs=0.3)
