"""Random sketches: what the Johnson-Lindenstrauss lemma promises of them, measured over many seeds."""

import math

import pytest
import torch
from torch.nn import functional

from innerview.analysis.projections.sketch import Sketch
from innerview.errors import DataError


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def images(count, channels=4, side=24):
    """What follows a ReLU: smooth, correlated from channel to channel, mostly zero."""
    coarse = random(count, channels, side // 4, side // 4) + random(count, 1, side // 4, side // 4, seed=1)
    return functional.relu(functional.interpolate(coarse, (side, side), mode="bilinear") - 0.7)


def spikes(length, count=6):
    """All energy in a few elements, at a distance that a plain modulus would fold onto each other."""
    x = torch.zeros(length)
    x[:: length // count] = torch.arange(1.0, len(x[:: length // count]) + 1)
    return x


LENGTH, DIMENSIONS = 8 * 64 * 4 + 256, 64


def distance_error(dimensions):
    """The relative standard deviation of a distance that ``Sketch`` states, at most."""
    return math.sqrt(2.25 / dimensions + 0.5 / dimensions**2) / 2


@pytest.mark.parametrize(
    "vector",
    [random(LENGTH), images(1)[0].flatten(), spikes(LENGTH), torch.ones(LENGTH), random(300)],
    ids=["random", "image", "spikes", "constant", "short"],
)
def test_lengths_are_kept_on_average_with_the_stated_spread(vector):
    seeds = 400
    sketches = [Sketch(len(vector), DIMENSIONS, seed) for seed in range(seeds)]
    ratios = torch.stack([sketch.apply(vector[None]).norm() for sketch in sketches]) / vector.norm()
    # Of squared lengths the mean is exact, and the spread is twice that of lengths.
    spread = 2 * distance_error(DIMENSIONS)
    assert abs(ratios.square().mean() - 1) < 4 * spread / math.sqrt(seeds)
    assert 0.85 * math.sqrt(2 / DIMENSIONS) < ratios.square().std() < 1.2 * spread


def test_distances_of_images_are_kept():
    x = images(40, channels=16, side=28).flatten(1)
    sketch = Sketch(x.shape[1], 256)
    ratios = functional.pdist(sketch.apply(x)) / functional.pdist(x)
    assert (ratios - 1).abs().max() < 5 * distance_error(256)
    assert (ratios - 1).square().mean().sqrt() < 1.5 * distance_error(256)


def test_it_is_the_same_linear_map_for_one_sample_and_for_many():
    x, y = random(9, LENGTH), random(9, LENGTH, seed=1)
    sketch = Sketch(LENGTH, DIMENSIONS)
    matrix = sketch.apply(torch.eye(LENGTH))
    torch.testing.assert_close(sketch.apply(x), x @ matrix, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(
        sketch.apply(2 * x - 3 * y), 2 * sketch.apply(x) - 3 * sketch.apply(y), atol=1e-3, rtol=0
    )
    one_by_one = torch.cat([sketch.apply(one[None]) for one in x])
    torch.testing.assert_close(one_by_one, sketch.apply(x), rtol=1e-4, atol=1e-4)


def test_elements_of_one_block_do_not_meet():
    matrix = Sketch(LENGTH, DIMENSIONS).apply(torch.eye(LENGTH))
    block = functional.normalize(matrix[: 8 * DIMENSIONS])
    # Two that met would have parallel images; independent ones of 64 dimensions do not come near.
    assert (block @ block.T - torch.eye(len(block))).abs().max() < 0.9
    apart = functional.normalize(matrix)
    meetings = int(((apart @ apart.T).abs() > 0.999).sum() - len(apart)) // 2
    # Blocks 0 to 3 are whole and block 4 is half as long: each pair of elements of two blocks meets with 1 / 512.
    assert meetings == 6 * 512 + 4 * 256


def test_the_seed_decides():
    x = random(3, LENGTH)
    assert torch.equal(Sketch(LENGTH, DIMENSIONS, 5).apply(x), Sketch(LENGTH, DIMENSIONS, 5).apply(x))
    assert not torch.allclose(Sketch(LENGTH, DIMENSIONS, 5).apply(x), Sketch(LENGTH, DIMENSIONS, 6).apply(x))


def test_any_float_type_and_shape():
    x = images(3)
    sketch = Sketch(x[0].numel(), 16)
    expected = sketch.apply(x)
    assert expected.dtype == torch.float32
    assert expected.shape == (3, 16)
    torch.testing.assert_close(sketch.apply(x.half()), expected, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(sketch.apply(x.double()), expected)
    # Half precision would overflow at 65,504.
    assert torch.isfinite(sketch.apply(torch.full_like(x, 6e4).half())).all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(sketch.apply(x), expected)
    strided = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(sketch.apply(strided), expected)


def test_a_value_that_is_not_finite_stays_within_its_sample():
    x = random(3, LENGTH)
    sketch = Sketch(LENGTH, DIMENSIONS)
    expected = sketch.apply(x)
    x[1, 7] = math.nan
    found = sketch.apply(x)
    assert torch.isnan(found[1]).all()
    torch.testing.assert_close(found[[0, 2]], expected[[0, 2]])


def test_memory_grows_by_one_byte_an_element():
    def size(sketch):
        return sum(value.nbytes for value in vars(sketch).values() if isinstance(value, torch.Tensor))

    assert size(Sketch(3_000_000, 128)) - size(Sketch(1_000_000, 128)) == 2_000_000


@pytest.mark.parametrize("dimensions", [0, -1, 100, 101])
def test_dimensions_that_make_nothing_smaller(dimensions):
    with pytest.raises(DataError, match=f"1 to 99 dimensions, not {dimensions}"):
        Sketch(100, dimensions)


@pytest.mark.parametrize("x", [torch.zeros(2, 99), torch.zeros(100), torch.zeros(2, 100, dtype=torch.complex64)])
def test_vectors_it_was_not_made_for(x):
    with pytest.raises(DataError, match="takes 100 real numbers a sample"):
        Sketch(100, 10).apply(x)
