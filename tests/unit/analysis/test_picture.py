"""Inputs made visible, and thumbnails."""

import numpy as np
import pytest
import torch

from innerview.analysis.activity import active_channels
from innerview.analysis.picture import image_pixels, thumbnail

COLOURS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
PLANES = torch.from_numpy(COLOURS).permute(2, 0, 1)


def test_normalisation_is_undone():
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    normalised = (PLANES / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    pixels, how = image_pixels(normalised, mean, std)
    assert np.array_equal(pixels, COLOURS)
    assert "undone" in how


def test_pixels_and_unit_floats_stay_as_they_are():
    assert np.array_equal(image_pixels(PLANES)[0], COLOURS)
    assert np.array_equal(image_pixels(PLANES / 255)[0], COLOURS)


def test_other_ranges_are_stretched_and_say_from_where_to_where():
    pixels, how = image_pixels(torch.tensor([[-2.0, 0.0], [1.0, 2.0]]))
    assert pixels[..., 0].tolist() == [[0, 128], [191, 255]]
    assert "-2 (black) to 2 (white)" in how


def test_one_channel_is_grey_and_surplus_ones_are_named():
    grey, _ = image_pixels(torch.rand(1, 4, 4))
    assert (grey[..., 0] == grey[..., 2]).all()
    assert "first three of 6" in image_pixels(torch.rand(6, 4, 4))[1]
    assert "the first of 2" in image_pixels(torch.rand(2, 4, 4))[1]


@pytest.mark.parametrize("value", [torch.full((1, 2, 2), torch.nan), torch.full((3, 2, 2), 7.0), torch.zeros(1, 0, 3)])
def test_odd_values_are_drawn_too(value):
    assert image_pixels(value)[0].shape == (*value.shape[1:], 3)


def test_a_thumbnail_averages_and_keeps_the_proportions():
    tall = np.zeros((96, 48, 3), np.uint8)
    tall[::2] = 200
    small = thumbnail(tall, 48)
    assert small.shape == (48, 48, 3)
    assert set(np.unique(small)) == {100}
    tiny = thumbnail(COLOURS[:4, :4], 8)
    assert np.array_equal(tiny, COLOURS[:4, :4].repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5)])
def test_any_picture_has_a_thumbnail(size):
    assert thumbnail(np.full((*size, 3), 9, np.uint8), 48).tolist() == np.full((48, 48, 3), 9).tolist()


def test_active_channels_agree_with_a_plain_loop():
    values = torch.randn(6, 4, 3, 5, generator=torch.Generator().manual_seed(0)).relu()
    values[:, 2] = 0
    values[:, 3] = torch.nan
    expected = [any(v > 0 for v in values[:, channel].flatten().tolist()) for channel in range(4)]
    assert active_channels(values, 0).tolist() == expected == [True, True, False, False]
    assert active_channels(values.movedim(1, 3), 2).tolist() == expected
    assert active_channels(torch.tensor([0.0, -1.0]), 0).tolist() == [False]
