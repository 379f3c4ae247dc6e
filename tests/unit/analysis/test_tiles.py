"""Tiles against plain loops over the values."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from innerview.analysis.pictures import tiles as module
from innerview.analysis.pictures.axes import choose_layout
from innerview.analysis.pictures.tiles import channel_values, make_tiles
from innerview.errors import LayoutError

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
INF, NAN = math.inf, math.nan
HUGE = float(np.finfo(np.float32).max)
DENORMAL = 1e-45
ODD = [0.0, -0.0, 1.0, -1.0, HUGE, -HUGE, 1e38, DENORMAL, -DENORMAL, 1e-38, 1e-20, INF, -INF, NAN]
FLOATS = st.one_of(st.sampled_from(ODD), st.floats(width=32), st.floats(-10, 10, width=32))


def close(found, expected, relative=1e-5, absolute=0.0):
    if abs(expected) > HUGE:
        return found == INF
    return abs(float(found) - expected) <= relative * abs(expected) + absolute + DENORMAL


def expect_channel(tiles, channel, values):
    """Check one channel's numbers against sums over a list."""
    finite = [float(value) for value in values if math.isfinite(value)]
    assert tiles.nonfinite[channel] == len(values) - len(finite)
    if not finite:
        for numbers in (tiles.low, tiles.high, tiles.mean, tiles.variance, tiles.sparsity):
            assert math.isnan(numbers[channel])
        return
    low, high, mean = min(finite), max(finite), math.fsum(finite) / len(finite)
    variance = math.fsum((value - mean) ** 2 for value in finite) / len(finite)
    assert tiles.low[channel] == low
    assert tiles.high[channel] == high
    assert low <= tiles.mean[channel] <= high
    assert close(tiles.mean[channel], mean, absolute=1e-5 * (high - low))
    # float32 can hold the mean itself no better than the second tolerance says.
    assert close(tiles.variance[channel], variance, 1e-4, absolute=(abs(mean) * 2e-7) ** 2)
    assert close(tiles.sparsity[channel], sum(value == 0 for value in finite) / len(finite))


def expect_codes(codes, values, low, high):
    """Check pixels against the definition of the codes."""
    low, high = (0.0, 0.0) if math.isnan(low) else (float(low), float(high))
    for code, value in zip(codes.ravel().tolist(), np.asarray(values, np.float64).ravel(), strict=True):
        if math.isnan(value):
            assert code == 255
        elif math.isinf(value):
            assert code == (254 if value > 0 else 253)
        elif low == high:
            assert code == 0
        else:
            assert code <= 252
            decoded = low + code / 252 * (high - low)
            assert abs(decoded - value) <= (high - low) * (0.5 / 252 + 1e-5)


@settings(deadline=None, max_examples=300)
@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=6), elements=FLOATS))
def test_any_values_of_any_size(values):
    tiles = make_tiles(torch.from_numpy(values), choose_layout(values.shape, channel_axis=0))
    assert tiles.pixels.shape == values.shape
    assert tiles.full == values.shape[1:]
    assert tiles.extra is None
    for channel, one in enumerate(values):
        expect_channel(tiles, channel, one.ravel().tolist())
        expect_codes(tiles.pixels[channel], one, tiles.low[channel], tiles.high[channel])


@settings(deadline=None, max_examples=100)
@given(
    hnp.arrays(np.float16, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(width=16)),
    st.sampled_from([torch.float16, torch.bfloat16, torch.float64]),
)
def test_other_floats_are_read_as_float32(values, dtype):
    tensor = torch.from_numpy(values).to(dtype)
    tiles = make_tiles(tensor, choose_layout(values.shape, kind="Conv1d"))
    for channel, one in enumerate(tensor.double().tolist()):
        expect_channel(tiles, channel, one)
        expect_codes(tiles.pixels[channel], one, tiles.low[channel], tiles.high[channel])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool])
def test_integers_and_bools(dtype):
    tensor = torch.tensor([[0, 1, 100], [5, 5, 5]]).to(dtype)
    tiles = make_tiles(tensor, choose_layout((2, 3), kind="Conv1d"))
    for channel, one in enumerate(tensor.tolist()):
        expect_channel(tiles, channel, one)
        expect_codes(tiles.pixels[channel], one, tiles.low[channel], tiles.high[channel])


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.complex32])
@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
def test_complex_numbers_become_their_magnitude(dtype):
    tiles = make_tiles(torch.tensor([3 + 4j, 0, -1]).to(dtype), choose_layout((3,)))
    assert tiles.mean.tolist() == [5, 0, 1]


def test_float64_beyond_float32_stays_finite():
    tiles = make_tiles(torch.tensor([[1e300, -1e300, INF]], dtype=torch.float64), choose_layout((1, 3), kind="Conv1d"))
    assert tiles.nonfinite.tolist() == [1]
    assert (tiles.low[0], tiles.high[0]) == (np.float32(-HUGE), np.float32(HUGE))
    assert tiles.pixels.tolist() == [[[252, 0, 254]]]


def test_the_whole_range_of_float32_does_not_overflow():
    tiles = make_tiles(torch.tensor([[-HUGE, 0.0, HUGE]]), choose_layout((1, 3), kind="Conv1d"))
    assert tiles.pixels.tolist() == [[[0, 126, 252]]]
    assert tiles.nonfinite.tolist() == [0]
    assert tiles.mean.tolist() == [0]


def test_one_bad_value_leaves_the_other_channels_alone():
    values = torch.randn(5, 6, 7)
    expected = make_tiles(values, choose_layout((5, 6, 7)))
    values[2, 3, 4] = NAN
    tiles = make_tiles(values, choose_layout((5, 6, 7)))
    others = [0, 1, 3, 4]
    assert np.array_equal(tiles.pixels[others], expected.pixels[others])
    assert np.array_equal(tiles.mean[others], expected.mean[others])
    assert tiles.nonfinite.tolist() == [0, 0, 1, 0, 0]
    assert (tiles.pixels == 255).sum() == 1


@pytest.mark.parametrize("offset", [0.0, 1000.0, -1e5])
def test_variance_far_from_zero(offset):
    values = torch.randn(3, 1000, 1000, generator=torch.Generator().manual_seed(0)) * 10 + offset
    values[1, 0, 0] = offset - 1e4  # one value far away from all others
    tiles = make_tiles(values, choose_layout((3, 1000, 1000), channel_axis=0))
    wide = values.double().numpy()
    np.testing.assert_allclose(tiles.variance, wide.var(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(tiles.mean, wide.mean(axis=(1, 2)), rtol=1e-6, atol=1e-4)


def test_a_constant_channel_is_exact():
    tiles = make_tiles(torch.full((2, 56, 56), 0.1), choose_layout((2, 56, 56)))
    assert (tiles.pixels == 0).all()
    assert np.array_equal(tiles.low, tiles.high)
    assert np.array_equal(tiles.low, tiles.mean)
    assert tiles.variance.tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NEEDS_GPU)])
def test_on_a_device_as_with_numpy(dtype, device, monkeypatch):
    values = torch.randn(70, 57, 43, generator=torch.Generator().manual_seed(0)).to(dtype)
    values[3, 5, 5], values[4], values[5, 0, :3] = NAN, INF, -INF
    layout = choose_layout((70, 57, 43))
    budgets = (2**22, 2**15)
    expected = [make_tiles(values, layout, budget=budget) for budget in budgets]
    moved = values.to(device)
    assert np.array_equal(channel_values(moved, layout, 3), channel_values(values, layout, 3), equal_nan=True)
    # Where there is no GPU, tensors on the CPU take its path.
    monkeypatch.setattr(module, "_rows", lambda view: module._real(view).reshape(len(view), -1))
    monkeypatch.setattr(module, "_CHUNK_DEVICE", 30 * 57 * 43)
    for budget, host in zip(budgets, expected, strict=True):
        found = make_tiles(moved, layout, budget=budget)
        # A code may fall to either side of a rounding boundary.
        assert np.abs(host.pixels.astype(int) - found.pixels).max() <= 1
        assert np.array_equal(host.pixels > 252, found.pixels > 252)
        for name in ("low", "high", "mean", "variance", "sparsity", "nonfinite"):
            np.testing.assert_allclose(getattr(found, name), getattr(host, name), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda x: x.permute(2, 0, 1),
        lambda x: x[::2, :, 1:],
        lambda x: x.flip(0).transpose(0, 2),
        lambda x: x[:1].expand(4, -1, -1),
    ],
    ids=["permuted", "strided", "flipped", "expanded"],
)
def test_views_are_read_in_their_own_order(arrange):
    view = arrange(torch.randn(6, 7, 8))
    layout = choose_layout(view.shape, channel_axis=0)
    tiles, copied = make_tiles(view, layout), make_tiles(view.clone(memory_format=torch.contiguous_format), layout)
    assert np.array_equal(tiles.pixels, copied.pixels)
    assert np.array_equal(tiles.variance, copied.variance)


def test_nothing_is_changed_and_nothing_is_shared():
    values = torch.randn(3, 4, 5, requires_grad=True)
    before = values.detach().clone()
    layout = choose_layout((3, 4, 5))
    make_tiles(values, layout)
    channel_values(values, layout, 1)[:] = 9
    assert torch.equal(values, before)
    assert values.grad is None


def test_each_layout_has_its_pixels():
    vector = make_tiles(torch.arange(5.0), choose_layout((5,)))
    assert vector.pixels.shape == (5, 1, 1)
    assert vector.mean.tolist() == [0, 1, 2, 3, 4]
    assert make_tiles(torch.tensor(2.5), choose_layout(())).mean.tolist() == [2.5]
    values = torch.randn(6, 9)
    strips = make_tiles(values, choose_layout((6, 9), kind="Conv1d"))
    tokens = make_tiles(values, choose_layout((6, 9)))
    assert (strips.pixels.shape, strips.full) == ((6, 1, 9), (1, 9))
    assert (tokens.pixels.shape, tokens.full) == ((9, 1, 6), (1, 6))
    assert np.array_equal(strips.high, values.amax(1).numpy())
    assert np.array_equal(tokens.high, values.amax(0).numpy())


def test_folded_tokens_and_those_beside_them():
    tokens = torch.randn(2 + 4 * 5, 3)
    flat = make_tiles(tokens, choose_layout((22, 3), token_grid=(4, 5), fold=False))
    maps = make_tiles(tokens, choose_layout((22, 3), token_grid=(4, 5)))
    assert maps.pixels.shape == (3, 4, 5)
    assert maps.extra is not None
    assert np.array_equal(maps.extra, flat.pixels[:, 0, :2])
    assert np.array_equal(maps.pixels.reshape(3, 20), flat.pixels[:, 0, 2:])
    assert np.array_equal(maps.mean, flat.mean)
    layout = choose_layout((22, 3), token_grid=(4, 5))
    assert np.array_equal(channel_values(tokens, layout, 1), tokens[2:, 1].reshape(4, 5).numpy())


def test_slices():
    video = torch.randn(2, 5, 3, 6, 7)
    layout = choose_layout(video.shape)
    for slices, expected in [((), (0, 0)), ((4,), (4, 0)), ((3, 2), (3, 2))]:
        one = video[:, expected[0], expected[1]]
        tiles = make_tiles(video, layout, slices=slices)
        assert np.array_equal(tiles.pixels, make_tiles(one, choose_layout(one.shape, channel_axis=0)).pixels)
        assert np.array_equal(channel_values(video, layout, 1, slices), one[1].numpy())


def test_slices_before_and_behind_the_channels():
    video = torch.randn(5, 6, 7, 2)
    layout = choose_layout(video.shape, channel_axis=-1)
    assert np.array_equal(channel_values(video, layout, 1, [4]), video[4, :, :, 1].numpy())


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 40), st.integers(1, 3000))
def test_reduced_tiles_are_averages_of_blocks(channels, height, width, budget):
    values = np.random.default_rng(0).standard_normal((channels, height, width), np.float32)
    layout = choose_layout(values.shape, channel_axis=0)
    tiles = make_tiles(torch.from_numpy(values), layout, budget=budget)
    small = tiles.pixels.shape[1:]
    assert tiles.pixels.size <= max(budget, channels)
    assert tiles.full == (height, width)
    if channels * height * width <= budget:
        assert small == (height, width)
    high, wide = module._block(channels, height, width, budget)
    assert small == (math.ceil(height / high), math.ceil(width / wide))
    for channel in range(channels):
        for i in range(small[0]):
            for j in range(small[1]):
                block = values[channel, i * high : (i + 1) * high, j * wide : (j + 1) * wide]
                expected = block.mean(dtype=np.float64)
                expect_codes(tiles.pixels[channel, i, j], expected, tiles.low[channel], tiles.high[channel])
    whole = make_tiles(torch.from_numpy(values), layout)
    assert np.array_equal(whole.high, tiles.high)
    assert np.array_equal(whole.variance, tiles.variance)


def test_the_smallest_block_is_taken():
    assert module._block(64, 512, 512, 2**22) == (2, 2)
    assert module._block(64, 512, 512, 2**24) == (1, 1)
    assert module._block(64, 1, 2**20, 2**22) == (1, 16)
    assert module._block(50257, 1, 1024, 2**22) == (1, 13)
    assert module._block(10, 3, 100, 100) == (3, 10)
    assert module._block(10, 3, 100, 1) == (3, 100)


def test_a_reduced_block_never_hides_a_bad_value():
    values = torch.randn(1, 8, 8)
    values[0, 0, 0], values[0, 0, 7], values[0, 7, 0] = NAN, INF, -INF
    tiles = make_tiles(values, choose_layout((1, 8, 8)), budget=16)
    assert tiles.pixels[0, [0, 0, 3], [0, 3, 0]].tolist() == [255, 254, 253]
    assert (tiles.pixels > 252).sum() == 3
    assert tiles.nonfinite.tolist() == [3]


def test_layers_larger_than_a_chunk(monkeypatch):
    values = torch.randn(37, 20, 30)
    values[17, 3, 3] = NAN
    layout = choose_layout(values.shape)
    whole = make_tiles(values, layout)
    monkeypatch.setattr(module, "_CHUNK_CPU", 5 * 600)
    parts = make_tiles(values, layout)
    for name in ("pixels", "low", "high", "mean", "variance", "sparsity", "nonfinite"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=True)


def test_types_for_the_wire():
    tiles = make_tiles(torch.randn(4, 5, 6), choose_layout((4, 5, 6)))
    assert tiles.pixels.dtype == np.uint8
    assert tiles.nonfinite.dtype == np.uint32
    for numbers in (tiles.low, tiles.high, tiles.mean, tiles.variance, tiles.sparsity):
        assert (numbers.dtype, numbers.shape) == (np.float32, (4,))


def test_what_is_not_there_is_named():
    values, layout = torch.randn(4, 2, 5, 6), choose_layout((4, 2, 5, 6))
    with pytest.raises(LayoutError, match=r"\[4, 2, 5, 6\] cannot read an activation of \[4, 5, 6\]"):
        make_tiles(torch.randn(4, 5, 6), layout)
    with pytest.raises(LayoutError, match="slice 2 of axis 1: its size is 2"):
        make_tiles(values, layout, slices=[2])
    with pytest.raises(LayoutError, match=r"slices=\[0, 0\].*leaves 1 to choose"):
        make_tiles(values, layout, slices=[0, 0])
    with pytest.raises(LayoutError, match="channel 4: the layer has 4 channels"):
        channel_values(values, layout, 4)
