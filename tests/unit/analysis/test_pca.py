"""PCA in memory, against scikit-learn's in float64, subspace by subspace."""

import math

import numpy as np
import pytest
import torch
from sklearn import decomposition

from innerview.analysis.projections.eigen import all_eigenpairs, leading_eigenpairs
from innerview.analysis.projections.pca import fitting_pca
from innerview.analysis.projections.sums import Gram
from innerview.errors import DataError
from innerview.jobs.progress import finish


def pca(vectors, rank, **options):
    return finish(fitting_pca(vectors, rank, **options))


def samples(count, size, *, decay=0.7, mean=5.0, seed=0, rank=None):
    """Float32 vectors whose variances along random directions fall as 1, 2**-decay, 3**-decay, ..."""
    random = torch.Generator().manual_seed(seed)
    rank = rank or size
    spread = torch.arange(1.0, rank + 1).pow(-decay / 2)
    turn = torch.linalg.qr(torch.randn(size, rank, generator=random)).Q
    return (torch.randn(count, rank, generator=random) * spread) @ turn.T + mean


def smallest_cosine(one, other):
    """The cosine of the largest principal angle between the spans of two sets of orthonormal columns."""
    return float(torch.linalg.svdvals(one.double().T @ other.double()).min())


def expect_reference(found, x, ranks):
    reference = decomposition.PCA(svd_solver="full").fit(x.double().numpy())
    rank = found.components.shape[1]
    # Products of float32 numbers: what is small beside the largest keeps fewer digits.
    expected = reference.explained_variance_[:rank]
    np.testing.assert_allclose(found.variances.numpy(), expected, rtol=1e-5, atol=1e-7 * expected[0])
    assert found.total_variance == pytest.approx(reference.explained_variance_.sum(), rel=1e-6)
    np.testing.assert_allclose(found.mean.numpy(), reference.mean_, rtol=1e-6)
    components = torch.from_numpy(reference.components_.T.copy())
    for rank in ranks:
        # Largest angle below 0.1 degrees.
        assert smallest_cosine(found.components[:, :rank], components[:, :rank]) > 1 - 1.5e-6, rank
    expect_orthonormal(found.components)
    np.testing.assert_allclose(
        found.explained.numpy(), reference.explained_variance_ratio_.cumsum()[: len(found.variances)], rtol=1e-5
    )


def expect_orthonormal(columns):
    torch.testing.assert_close(columns.T @ columns, torch.eye(columns.shape[1]), rtol=0, atol=3e-6)


@pytest.mark.parametrize(
    ("count", "size", "rank"),
    [
        (400, 50, 50),  # every component of few features
        (60, 900, 30),  # the products of few samples
        (900, 600, 12),  # passes over the data, by features
        (600, 900, 12),  # passes over the data, by samples
        (700, 600, 200),  # the products of many features, more than a block of them
        (600, 700, 200),  # likewise of samples
        (5, 3, 1),
    ],
)
def test_components_against_scikit_learn(count, size, rank):
    x = samples(count, size, decay=2.0)
    found = pca(x, rank)
    assert found.components.shape == (size, rank)
    assert found.samples == count
    expect_reference(found, x, sorted({1, min(2, rank), min(5, rank), min(12, rank)}))


def test_the_mean_is_taken_out():
    # A PCA that forgets the mean leaves an error of about 0.86 here.
    x = samples(600, 64, mean=5.0, rank=4)
    found = pca(x, 4)
    rebuilt = found.mean + found.coordinates(x) @ found.components.T
    assert torch.linalg.norm(rebuilt - x) / torch.linalg.norm(x - x.mean(0)) < 1e-5
    assert float(found.explained[-1]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("dtype", "mean"), [(torch.float32, 1e4), (torch.float64, 1e8), (torch.float64, 5.0)])
def test_a_mean_far_from_zero(dtype, mean):
    x = samples(700, 600, decay=2.0, mean=0.0).to(dtype) + mean
    expect_reference(pca(x, 5), x, [1, 2, 5])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    x = samples(300, 40, decay=2.0).to(dtype)
    expect_reference(pca(x, 4), x, [1, 2, 4])


def test_coordinates_against_scikit_learn():
    x = samples(300, 20, decay=2.0)
    reference = decomposition.PCA(3, svd_solver="full").fit(x.double().numpy()).transform(x.double().numpy())
    found = pca(x, 3).coordinates(x).numpy()
    signs = np.sign((found * reference).sum(0))
    np.testing.assert_allclose(found * signs, reference, atol=1e-4)
    assert pca(x, 3).coordinates(x[:0]).shape == (0, 3)


def test_the_same_seed_gives_the_same_and_signs_are_definite():
    x = samples(700, 600, decay=2.0)
    one, two, other = pca(x, 4), pca(x, 4), pca(x, 4, seed=1)
    assert torch.equal(one.components, two.components)
    # Another start ends within a thousandth of the same directions, and with the same sign.
    assert ((one.components * other.components).sum(0) > 1 - 1e-5).all()
    largest = one.components.abs().argmax(0)
    assert (one.components[largest, range(4)] > 0).all()


def test_a_flat_spectrum_ends():
    x = torch.randn(700, 600, generator=torch.Generator().manual_seed(0))
    found = pca(x, 3)
    expect_orthonormal(found.components)
    best = decomposition.PCA(3, svd_solver="full").fit(x.numpy()).explained_variance_
    assert (found.variances.numpy() <= best * (1 + 1e-6)).all()
    assert (found.variances.numpy() > 0.95 * best).all()


def test_more_components_than_samples_are_not_made():
    x = samples(6, 900)
    found = pca(x, 50)
    assert found.components.shape == (900, 6)
    expect_orthonormal(found.components)
    # Six points lie in five dimensions.
    np.testing.assert_allclose(found.variances[:5].numpy(), torch.linalg.svdvals(x - x.mean(0))[:5] ** 2 / 5, rtol=1e-4)
    assert found.variances[5] < 1e-6 * found.variances[0]


@pytest.mark.parametrize("shape", [(1, 7), (9, 7), (7, 600), (800, 700), (700, 800)])
def test_constant_vectors(shape):
    found = pca(torch.full(shape, 3.0), 1)
    assert found.variances.tolist() == [0.0]
    assert found.explained.tolist() == [1.0]
    assert found.total_variance == 0
    expect_orthonormal(found.components)
    assert found.coordinates(torch.full(shape, 3.0)).abs().max() == 0


def test_values_that_are_not_finite_are_counted():
    x = samples(50, 20)
    x[3, 4] = x[3, 5] = math.inf
    x[7, 0] = math.nan
    with pytest.raises(DataError, match="3 of 1,000 values, in 2 of 50 vectors, are NaN or infinite"):
        pca(x, 2)


def test_values_whose_sum_overflows_are_finite():
    assert pca(torch.tensor([[60000.0], [49984.0], [60000.0]]).half(), 1).variances[0] == pytest.approx(10016**2 / 3)


@pytest.mark.parametrize(
    ("x", "rank", "words"),
    [
        (torch.zeros(5, 4), 0, "rank 0 of vectors with 4 dimensions: it can be 1 to 4"),
        (torch.zeros(5, 4), 5, "rank 5 of vectors with 4 dimensions"),
        (torch.zeros(0, 4), 1, r"at least one; given was the shape \(0, 4\)"),
        (torch.zeros(5), 1, r"given was the shape \(5,\)"),
        (torch.zeros(5, 4, dtype=torch.int64), 1, "torch.int64"),
        (torch.zeros(5, 4, dtype=torch.bool), 1, "torch.bool"),
        (torch.zeros(5, 4, dtype=torch.complex64), 1, "torch.complex64"),
    ],
)
def test_bad_input(x, rank, words):
    with pytest.raises(DataError, match=words):
        pca(x, rank)


@pytest.mark.parametrize("size", [40, 800])
def test_neither_autocast_nor_gradients_get_in_or_out(size):
    x = samples(900, size)
    expected = pca(x, 3).components
    with torch.autocast("cpu", dtype=torch.bfloat16):
        work = fitting_pca(x.requires_grad_(), 3)
        for _ in range(3):
            next(work)
            assert torch.is_autocast_enabled("cpu")
            assert torch.is_grad_enabled()
        found = finish(work)
    assert not found.components.requires_grad
    torch.testing.assert_close(found.components, expected)


def times(matrix):
    def product(block):
        yield
        return matrix @ block

    return product


def test_leading_eigenpairs_of_a_known_matrix():
    values = torch.tensor([100.0, 90.0, 50.0, 2.0, 1.0] + [0.01] * 395)
    turn = torch.linalg.qr(torch.randn(400, 400, generator=torch.Generator().manual_seed(0))).Q
    found, vectors = finish(leading_eigenpairs(times(turn * values @ turn.T), 400, 5))
    np.testing.assert_allclose(found.numpy(), values[:5].numpy(), rtol=1e-5)
    for column in range(5):
        assert abs(float(vectors[:, column] @ turn[:, column])) > 1 - 1e-6


@pytest.mark.parametrize("rank", [1, 10, 30])
def test_leading_eigenvectors_of_a_matrix_of_rank_three_are_orthonormal(rank):
    thin = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    values, vectors = finish(leading_eigenpairs(times(thin @ thin.T), 200, rank))
    expect_orthonormal(vectors)
    np.testing.assert_allclose(values[:3].numpy(), torch.linalg.svdvals(thin)[:rank] ** 2, rtol=1e-5)
    assert (values[3:] < 1e-4 * values[0]).all()


def test_a_whole_decomposition_beside_the_caller_against_numpy():
    half = torch.randn(900, 800, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    matrix = half.T @ half
    values, vectors = finish(all_eigenpairs(matrix, 20))
    np.testing.assert_allclose(values.numpy(), np.linalg.eigvalsh(matrix.numpy())[::-1][:20], rtol=1e-10)
    torch.testing.assert_close(matrix.float() @ vectors, vectors * values.float(), rtol=1e-4, atol=1e-2)


def test_an_error_beside_the_caller_reaches_it(monkeypatch):
    def fail(matrix):
        raise torch.linalg.LinAlgError("it failed to converge")

    monkeypatch.setattr(torch.linalg, "eigh", fail)
    with pytest.raises(torch.linalg.LinAlgError, match="it failed to converge"):
        finish(all_eigenpairs(torch.eye(800, dtype=torch.float64), 1))


@pytest.mark.parametrize("size", [1, 512, 1100])
def test_products_against_numpy(size):
    rows = torch.randn(2000, size, generator=torch.Generator().manual_seed(0)) + 1
    gram = Gram(size)
    for part in rows.split(900):
        finish(gram.adding(part))
    expected = rows.double().numpy().T @ rows.double().numpy()
    np.testing.assert_allclose(gram.matrix().numpy(), expected, atol=1e-6 * expected.max())
    assert gram.trace() == pytest.approx(np.trace(expected), rel=1e-6)
