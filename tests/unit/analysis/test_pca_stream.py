"""PCA of batches, against scikit-learn's of all samples at once."""

import numpy as np
import pytest
import torch
from sklearn import decomposition

from innerview.analysis.projections import pca_stream
from innerview.analysis.projections.pca_stream import StreamingPCA
from innerview.errors import DataError
from innerview.jobs.progress import finish


class Whole(StreamingPCA):
    """Takes in and solves in one step each."""

    def add(self, batch):
        finish(self.adding(batch))

    def solve(self, rank=None):
        return finish(self.solving(rank))


def samples(count, size, *, mean=5.0, seed=0, rank=None):
    random = torch.Generator().manual_seed(seed)
    rank = rank or size
    turn = torch.linalg.qr(torch.randn(size, rank, generator=random)).Q
    return (torch.randn(count, rank, generator=random) / torch.arange(1.0, rank + 1)) @ turn.T + mean


def fit(batches, size, rank=None):
    stream = Whole(size, rank)
    for batch in batches:
        stream.add(batch)
    return stream


def expect_reference(found, x, ranks, tolerance=1e-5):
    reference = decomposition.PCA(svd_solver="full").fit(x.double().numpy())
    rank = found.components.shape[1]
    assert found.samples == len(x)
    expected = reference.explained_variance_[:rank]
    np.testing.assert_allclose(found.variances.numpy(), expected, rtol=tolerance, atol=1e-7 * expected[0])
    # Added up in float32: 1e-6 off on one processor, 1.4e-6 on another.
    assert found.total_variance == pytest.approx(reference.explained_variance_.sum(), rel=1e-5)
    np.testing.assert_allclose(found.mean.numpy(), reference.mean_, rtol=1e-6)
    for rank in ranks:
        ours, theirs = found.components[:, :rank].double(), torch.from_numpy(reference.components_[:rank].T.copy())
        assert torch.linalg.svdvals(ours.T @ theirs).min() > 1 - 2 * tolerance
    gram = found.components.T @ found.components
    torch.testing.assert_close(gram, torch.eye(len(gram)), rtol=0, atol=3e-6)


@pytest.fixture
def wide(monkeypatch):
    """Take 50 dimensions for many."""
    monkeypatch.setattr(pca_stream, "WIDE", 50)


@pytest.mark.parametrize(("count", "size", "rank"), [(3000, 30, None), (9000, 30, 30), (900, 600, 20), (700, 520, 200)])
@pytest.mark.parametrize("batch", [64, 1, 5000])
def test_batches_against_scikit_learn(count, size, rank, batch):
    if batch == 1:
        count = min(count, 400)
    x = samples(count, size)
    expect_reference(fit(x.split(batch), size, rank).solve(), x, [1, 3, 12])


@pytest.mark.parametrize("count", [10, 72])
def test_no_more_samples_than_kept_is_exact(wide, count):
    # Rank 20 keeps 72 directions.
    x = samples(count, 400)
    stream = fit(x.split(7), 400, 20)
    expect_reference(stream.solve(), x, [1, 3])
    assert stream.dropped < 1e-9


def test_many_dimensions_against_scikit_learn(wide):
    x = samples(2000, 400)
    stream = fit(x.split(100), 400, 20)
    expect_reference(stream.solve(), x, [1, 3, 10], tolerance=1e-3)
    # What is not kept is not forgotten: the total above is that of all.
    assert 0 < stream.dropped < 0.02 * stream.solve().total_variance * 2000


def test_a_direction_that_comes_late_is_found(wide):
    x = samples(1500, 300)
    x[1300:, 7] += torch.randn(200, generator=torch.Generator().manual_seed(1)) * 10
    expect_reference(fit(x.split(64), 300, 10).solve(), x, [1], tolerance=1e-3)


@pytest.mark.parametrize("size", [40, 300])
def test_the_mean_is_taken_out(wide, size):
    # A PCA that forgets the mean leaves an error of about 0.86 here; one that takes the first batch's for it, some.
    x = samples(800, size, rank=4, mean=5.0)
    x[400:] += 3.0
    found = fit(x.split(50), size, 5).solve(5)
    rebuilt = found.mean + found.coordinates(x) @ found.components.T
    assert torch.linalg.norm(rebuilt - x) / torch.linalg.norm(x - x.mean(0)) < 1e-5


def test_solving_does_not_end_it():
    x = samples(300, 20)
    stream = fit([x[:100]], 20)
    expect_reference(stream.solve(), x[:100], [1, 3])
    stream.add(x[100:])
    expect_reference(stream.solve(3), x, [1, 3])
    first, second = stream.solve(3), stream.solve(3)
    assert torch.equal(first.components, second.components)


@pytest.mark.parametrize(("dtype", "mean"), [(torch.float64, 1e8), (torch.float32, 1e4), (torch.bfloat16, 1.0)])
def test_types_and_means_far_from_zero(dtype, mean):
    x = samples(500, 30, mean=0.0).to(dtype) + mean
    expect_reference(fit(x.split(50), 30).solve(3), x, [1, 3])


@pytest.mark.parametrize("size", [40, 300])
def test_memory_does_not_grow_with_the_samples(wide, size):
    def held(stream):
        sums = vars(stream._sums)
        blocks = [block for *_, block in sums["gram"]._blocks] if "gram" in sums else []
        values = [*vars(stream).values(), *sums.values(), *blocks]
        return sum(value.untyped_storage().nbytes() for value in values if isinstance(value, torch.Tensor))

    stream = Whole(size, 5)
    for batch in samples(200, size).split(100):
        stream.add(batch)
    before = held(stream)
    for batch in samples(2000, size).split(100):
        stream.add(batch)
    assert held(stream) == before


def test_fewer_samples_than_components():
    found = fit([samples(6, 30)], 30).solve()
    assert found.components.shape == (30, 6)


def test_autocast_and_gradients_stay_out():
    x = samples(200, 30)
    expected = fit([x], 30).solve(3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = fit([x.requires_grad_()], 30).solve(3)
    assert torch.equal(found.components, expected.components)
    assert not found.components.requires_grad


def test_bad_input():
    with pytest.raises(DataError, match="rank 0 of vectors with 30 dimensions: it can be 1 to 30"):
        Whole(30, 0)
    with pytest.raises(DataError, match="rank 31"):
        Whole(30, 31)
    stream = Whole(30, 10)
    with pytest.raises(DataError, match="no batch came yet"):
        stream.solve()
    with pytest.raises(DataError, match="31 dimensions, those before had 30"):
        stream.add(torch.zeros(2, 31))
    with pytest.raises(DataError, match=r"torch\.int64"):
        stream.add(torch.zeros(2, 30, dtype=torch.int64))
    with pytest.raises(DataError, match="2 of 60 values, in 1 of 2 vectors, are NaN or infinite"):
        stream.add(torch.tensor([[0.0] * 30, [float("nan"), float("inf")] + [0.0] * 28]))
    with pytest.raises(DataError, match="rank 11 of a PCA that was begun for ranks 1 to 10"):
        fit([samples(20, 30)], 30, 10).solve(11)
