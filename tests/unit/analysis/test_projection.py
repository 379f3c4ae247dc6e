"""Projections: the definition of each basis, computed the plain way."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from innerview.analysis.projections.bases import random_basis
from innerview.analysis.projections.projection import fit_projection, fitting_projection
from innerview.analysis.projections.sums import Moments
from innerview.errors import DataError
from innerview.jobs.progress import finish

BASES = ["pca", "random", "variance", "quantise"]


def maps(count=60, channels=6, side=4, *, seed=0, mean=5.0):
    """Feature maps whose channels depend on each other and vary by different amounts."""
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(channels, channels, generator=torch.Generator().manual_seed(99)) * torch.arange(1.0, channels + 1)
    return torch.einsum("ncij,cd->ndij", torch.randn(count, channels, side, side, generator=random), mix) + mean


def vectors(x, axis):
    return x.flatten(1).double() if axis == "all" else x.movedim(1, -1).flatten(0, -2).double()


def left(x, projection):
    """The fraction of the variance that survives, from the definition."""
    before = vectors(x, projection.axis)
    after = vectors(projection.apply(x), projection.axis)
    return float(1 - ((after - before) ** 2).sum() / ((before - before.mean(0)) ** 2).sum())


@pytest.mark.parametrize("mean", [0.0, 5.0, 100.0])
@pytest.mark.parametrize("axis", ["channels", "all"])
@pytest.mark.parametrize("basis", BASES)
def test_full_rank_is_off(basis, axis, mean):
    x = maps(150, mean=mean)
    projection = fit_projection(x, None, basis, axis)
    assert projection.rank == projection.full_rank == {"quantise": 32}.get(basis, 6 if axis == "channels" else 96)
    assert projection.explained_variance == pytest.approx(1, abs=1e-6)
    assert projection.note == ""
    # Samples it was not fitted to, and larger ones.
    other = maps(20, seed=1, mean=mean) * 2
    for scale in (1e-3, 1.0, 1e3):
        y = other * scale
        assert (projection.apply(y) - y).abs().max() < 2e-6 * max(y.abs().max(), x.abs().max())


def test_a_rank_deficient_layer_with_a_mean_survives():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(500, 4, generator=random) @ torch.randn(4, 64, generator=random) + 5
    basis = torch.pca_lowrank(x, 4)[2]
    forgotten = x @ basis @ basis.T  # whose mean was left at zero
    assert torch.linalg.norm(forgotten - x) / torch.linalg.norm(x) > 0.8
    for samples in (x, x.split(30)):
        projection = fit_projection(samples, 4, "pca", "all")
        assert torch.linalg.norm(projection.apply(x) - x) / torch.linalg.norm(x - x.mean(0)) < 1e-5


@pytest.mark.parametrize("axis", ["channels", "all"])
def test_pca_by_its_definition(axis):
    x = maps(150)
    rows = vectors(x, axis)
    mean = rows.mean(0)
    _, _, turn = torch.linalg.svd(rows - mean, full_matrices=False)
    for rank in (1, 2, 5):
        expected = (rows - mean) @ turn[:rank].T @ turn[:rank] + mean
        found = fit_projection(x, rank, "pca", axis).apply(x)
        torch.testing.assert_close(vectors(found, axis), expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("axis", ["channels", "all"])
@pytest.mark.parametrize("basis", ["pca", "variance", "quantise"])
def test_the_explained_variance_is_what_is_left(basis, axis):
    x = maps(150)
    projection = fit_projection(x, None, basis, axis)
    for rank in (1, 2, 3, 4, 5):
        one = projection.at(rank)
        assert one.explained_variance == pytest.approx(max(0, left(x, one)), abs=1e-5)
        assert one.explained_variance == one.curve[rank - 1]
    assert (np.diff(projection.curve) >= (-1e-6 if basis == "quantise" else 0)).all()


def test_the_explained_variance_of_a_random_basis():
    x = maps(150)
    projection = fit_projection(x, None, "random", "all")
    rows = vectors(x, "all")
    total = (rows - rows.mean(0)).square().sum()
    for rank in (1, 10, 90):
        projected = vectors(projection.at(rank).apply(x), "all")
        expected = float((projected - projected.mean(0)).square().sum() / total)
        assert projection.at(rank).explained_variance == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("basis", BASES)
def test_ranks_are_nested(basis):
    x = maps()
    whole = fit_projection(x, None, basis, "channels", seed=3)
    for rank in (1, 3, 5):
        direct = fit_projection(x, rank, basis, "channels", seed=3)
        assert whole.at(rank).matrix_shape == direct.matrix_shape
        torch.testing.assert_close(whole.at(rank).apply(x), direct.apply(x), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("axis", ["channels", "all"])
@pytest.mark.parametrize("basis", BASES)
def test_batches_are_as_good_as_a_tensor(basis, axis):
    x = maps(150)
    one = fit_projection(x, 4, basis, axis)
    many = fit_projection((batch for batch in x.split(17)), 4, basis, axis)
    torch.testing.assert_close(many.apply(x), one.apply(x), rtol=1e-5, atol=2e-4)
    np.testing.assert_allclose(many.curve, one.curve, atol=1e-5)
    assert many.samples == one.samples == 150


def test_pca_keeps_at_least_as_much_as_the_others():
    x = maps(300)
    for axis in ("channels", "all"):
        best = fit_projection(x, None, "pca", axis).curve
        for basis in ("random", "variance"):
            assert (best >= fit_projection(x, None, basis, axis).curve - 1e-6).all()


def test_high_variance_channels_are_kept_as_they_are():
    x = maps()
    found = fit_projection(x, 2, "variance").apply(x)
    variance = x.movedim(1, 0).flatten(1).var(1)
    for channel in range(6):
        if channel in variance.topk(2).indices:
            assert torch.equal(found[:, channel], x[:, channel])
        else:
            torch.testing.assert_close(found[:, channel], x[:, channel].mean().expand_as(found[:, channel]))


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_quantised_by_a_plain_loop(bits):
    x = maps(8, 3, 2)
    x[:, 1] = 7.0
    found = fit_projection(x, bits, "quantise").apply(x)
    assert torch.equal(found[:, 1], x[:, 1])
    for channel in (0, 2):
        low, high = float(x[:, channel].min()), float(x[:, channel].max())
        levels = [low + step * (high - low) / (2**bits - 1) for step in range(2**bits)]
        for before, after in zip(x[:, channel].ravel().tolist(), found[:, channel].ravel().tolist(), strict=True):
            nearest = min(levels, key=lambda level: abs(level - before))
            assert after == pytest.approx(nearest, abs=1e-4)


def test_quantised_values_outside_the_range_and_not_finite():
    projection = fit_projection(torch.tensor([[0.0], [3.0]]), 2, "quantise", "all")
    given = torch.tensor([[-9.0], [9.0], [1.4], [1.6], [math.inf], [-math.inf], [math.nan]])
    found = projection.apply(given)
    assert found[:6].ravel().tolist() == [0, 3, 1, 2, 3, 0]
    assert math.isnan(found[6])


def test_random_bases_are_orthonormal_and_seeded():
    for size, rank in ((5, 5), (560, 540), (40, 1)):
        basis = finish(random_basis(size, rank, 0))
        torch.testing.assert_close(basis.T @ basis, torch.eye(rank), rtol=0, atol=2e-6)
        assert torch.equal(basis, finish(random_basis(size, rank, 0)))
        assert not torch.allclose(basis, finish(random_basis(size, rank, 1)))
    torch.testing.assert_close(finish(random_basis(560, 540, 0))[:, :30], finish(random_basis(560, 30, 0)))


def test_random_bases_are_uniformly_distributed():
    # Of a Haar matrix each entry, squared, follows a beta distribution, and the trace has mean 0 and variance 1.
    # The Q of a plain QR fails both: its diagonal has one sign.
    size, count = 6, 3000
    bases = torch.stack([finish(random_basis(size, size, seed)) for seed in range(count)]).double().numpy()
    for row, column in ((0, 0), (3, 3), (5, 5), (0, 5), (4, 1)):
        entries = bases[:, row, column]
        assert (
            stats.kstest(np.sign(entries) * entries**2, lambda t: (1 + np.sign(t) * squared(abs(t), size)) / 2).pvalue
            > 1e-4
        )
    traces = bases.trace(axis1=1, axis2=2)
    assert abs(traces.mean()) < 4 / math.sqrt(count)
    assert abs(traces.var() - 1) < 0.15
    assert abs((np.linalg.det(bases) > 0).mean() - 0.5) < 4 * 0.5 / math.sqrt(count)


def squared(value, size):
    """How likely the square of an entry is below a value."""
    return stats.beta.cdf(value, 0.5, (size - 1) / 2)


def test_a_random_projection_is_not_centred():
    x = maps(mean=5.0)
    rows = vectors(x, "channels")
    q = finish(random_basis(6, 2, 4)).double()
    found = vectors(fit_projection(x, 2, "random", seed=4).apply(x), "channels")
    torch.testing.assert_close(found, rows @ q @ q.T, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("basis", BASES)
def test_tokens_have_their_features_last(basis):
    x = maps().flatten(2)
    tokens = x.transpose(1, 2).contiguous()
    expected = fit_projection(x, 3, basis).apply(x)
    found = fit_projection(tokens, 3, basis, channel_axis=-1)
    assert found.matrix_shape == (None if basis == "quantise" else (6, 3))
    torch.testing.assert_close(found.apply(tokens).transpose(1, 2), expected, rtol=1e-5, atol=1e-4)


def test_channels_at_other_positions_than_fitted():
    x = maps()
    projection = fit_projection([x[:30], x[30:, :, :2]], 3)
    torch.testing.assert_close(projection.apply(x)[:, :, 1:2, 3:], projection.apply(x[:, :, 1:2, 3:]))


@pytest.mark.parametrize("axis", ["channels", "all"])
@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_type_and_memory_format_stay(dtype, basis, axis):
    x = maps()
    projection = fit_projection(x, 3, basis, axis)
    given = x.to(dtype).to(memory_format=torch.channels_last)
    found = projection.apply(given)
    assert (found.dtype, found.shape, found.stride()) == (dtype, x.shape, given.stride())
    # Only the result is rounded, not what it is computed from.
    exact = projection.apply(given.double())
    assert (found.double() - exact).abs().max() <= 2 * torch.finfo(dtype).eps * 64 + 1e-5 * x.abs().max()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(projection.apply(given), found)


def test_fitting_half_precision():
    x = maps().half()
    expected = fit_projection(x.float(), 3).apply(x.float())
    torch.testing.assert_close(fit_projection(x, 3).apply(x.float()), expected, rtol=1e-4, atol=1e-3)


def test_what_is_not_finite_stays_where_it_is_mixed():
    x = maps()
    projection = fit_projection(x, 3)
    expected = projection.apply(x)
    x[2, 1, 0, 3] = math.nan
    found = projection.apply(x)
    assert torch.isnan(found[2, :, 0, 3]).all()
    assert int(torch.isnan(found).sum()) == 6
    there = ~torch.isnan(found)
    torch.testing.assert_close(found[there], expected[there])


def test_sizes():
    x = maps()  # 6 x 4 x 4
    pca = fit_projection(x, 2)
    assert (pca.matrix_shape, pca.parameters, pca.sizes) == ((6, 2), 6 * 2 + 6, (4 * 96, 4 * 2 * 16))
    random = fit_projection(x, 10, "random", "all")
    assert (random.matrix_shape, random.parameters, random.sizes) == ((96, 10), 960, (4 * 96, 4 * 10))
    kept = fit_projection(x, 2, "variance")
    assert (kept.matrix_shape, kept.parameters, kept.sizes) == ((6, 2), 6, (4 * 96, 4 * 2 * 16))
    rounded = fit_projection(x, 3, "quantise")
    assert (rounded.matrix_shape, rounded.parameters, rounded.sizes) == (None, 12, (4 * 96, 96 * 3 // 8))


def test_fewer_samples_than_the_rank_are_said():
    x = maps(10)
    projection = fit_projection(x, 50, "pca", "all")
    assert (projection.rank, projection.largest, projection.matrix_shape) == (10, 10, (96, 10))
    assert projection.note == "rank 50 was asked for, but 10 vectors span no more than 10 directions"
    # Every position is a vector.
    assert fit_projection(x, 6).note == ""


def test_constant_activations():
    x = torch.full((5, 3, 2, 2), 4.0)
    for basis in BASES:
        projection = fit_projection(x, 1, basis)
        assert projection.explained_variance == 1
        if basis != "random":
            assert torch.equal(projection.apply(x), x)


def test_moments_against_numpy():
    x = torch.randn(5000, 7, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 8) + 1000
    moments = Moments(7)
    for part in x.split(333):
        finish(moments.adding(part))
    rows = x.double().numpy()
    np.testing.assert_allclose(moments.mean, rows.mean(0), rtol=1e-9)
    np.testing.assert_allclose(moments.variance, rows.var(0, ddof=1), rtol=1e-6)
    np.testing.assert_array_equal(moments.low, rows.min(0))
    np.testing.assert_array_equal(moments.high, rows.max(0))


def test_fitting_can_be_left_at_any_step():
    x = maps(200)
    for basis in BASES:
        work = fitting_projection(x.split(20), None, basis, "all")
        next(work)
        work.close()
        assert list(work) == []


@pytest.mark.parametrize("basis", BASES)
def test_values_that_are_not_finite(basis):
    x = maps()
    x[3, 0, 0, 0], x[3, 1, 0, 0] = math.inf, math.nan
    with pytest.raises(DataError, match="2 of 5,760 values, in 1 of 60 vectors, are NaN or infinite"):
        fit_projection(x, 2, basis, "all")


@pytest.mark.parametrize(
    ("samples", "options", "words"),
    [
        (maps(), {"rank": 0}, "rank 0 for the basis 'pca': it can be 1 to 6 dimensions .axis 'channels' of 6x4x4"),
        (maps(), {"rank": 7}, "rank 7 for the basis 'pca': it can be 1 to 6 dimensions"),
        (maps(), {"rank": 97, "axis": "all"}, "it can be 1 to 96 dimensions"),
        (maps(), {"rank": 33, "basis": "quantise"}, "it can be 1 to 32 bits"),
        (maps(), {"basis": "PCA"}, "no basis 'PCA'; there are 'pca', 'random', 'variance', 'quantise'"),
        (maps(), {"axis": "rows"}, "no axis 'rows'; there are 'channels', 'all'"),
        (maps(), {"channel_axis": 0}, "no channel axis 0 .* it can be 1 to 3"),
        (maps(), {"channel_axis": 4}, "no channel axis 4 .* it can be 1 to 3"),
        (torch.zeros(5), {}, "have no channels: axis='all'"),
        (maps().int(), {}, "torch.int32"),
        (maps() > 0, {"axis": "all"}, "torch.bool"),
        ([], {}, "no samples"),
        ([(maps(), 1)], {}, "samples given as list cannot be read as an array of numbers"),
        (iter([(maps(), maps(1))]), {}, "samples given as tuple cannot be read as an array of numbers"),
        (7, {}, "samples given as int cannot be read; expected a tensor, an array, or batches"),
        ("maps", {}, "samples given as str cannot be read"),
        ([[1, 2], [3, 4]], {}, "torch.int64"),
        ([maps(), maps().flatten(1)], {}, "now came 96"),
        (maps(0), {}, "no samples"),
        ([maps(), maps(side=3)], {"axis": "all"}, "before came samples of 6 x 4 x 4, now came 6 x 3 x 3"),
        (
            [maps(), maps(channels=5)],
            {},
            "before came 6 channels in axis 1 of samples of 6 x 4 x 4, now came 5 x 4 x 4",
        ),
    ],
)
def test_bad_input(samples, options, words):
    with pytest.raises(DataError, match=words):
        fit_projection(samples, **{"rank": 2} | options)


@pytest.mark.parametrize(
    ("axis", "x", "words"),
    [
        ("channels", torch.zeros(2, 5, 4, 4), r"fitted to channels in axis 1: 6; given was \(2, 5, 4, 4\)"),
        ("channels", torch.zeros(6), "channels in axis 1: 6"),
        ("all", torch.zeros(2, 6, 4, 3), r"samples of shape 6 x 4 x 4; given was \(2, 6, 4, 3\)"),
        ("all", torch.zeros(2, 6, 4, 4, dtype=torch.int64), "torch.int64"),
    ],
)
def test_activations_it_was_not_fitted_to(axis, x, words):
    with pytest.raises(DataError, match=words):
        fit_projection(maps(), 2, "pca", axis).apply(x)
    with pytest.raises(DataError, match="rank 3 of a pca projection fitted for 1 to 2"):
        fit_projection(maps(), 2, "pca", axis).at(3)


def test_samples_in_any_container():
    x = maps(40).flatten(2).flatten(1)
    expected = fit_projection(x, 3, "pca", "all")
    frozen = x.numpy().copy()
    frozen.flags.writeable = False
    same = [x.numpy(), frozen, x.numpy()[::-1].copy()[::-1], pd.DataFrame(x.numpy()), x.tolist(), x.requires_grad_()]
    batches = [list(x.detach().numpy().reshape(4, 10, -1)), iter(x.split(10)), [pd.DataFrame(x.detach().numpy())]]
    for samples in (*same, *batches):
        projection = fit_projection(samples, 3, "pca", "all")
        assert projection.samples == 40
        np.testing.assert_allclose(projection.curve, expected.curve, rtol=1e-5)
        torch.testing.assert_close(projection.apply(frozen), expected.apply(x).detach(), rtol=1e-3, atol=1e-3)


def test_a_misspelt_argument_is_named_with_the_nearest():
    with pytest.raises(TypeError, match=r"fit_projection\(.*\) has no 'bases'; did you mean 'basis'"):
        fit_projection(maps(), bases="pca")


def test_one_number_a_sample():
    x = torch.randn(20, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fit_projection(x, 1, "pca", "all").apply(x), x)
