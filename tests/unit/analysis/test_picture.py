"""Inputs made visible, and thumbnails."""

import numpy as np
import pytest
import torch

from innerview.analysis.pictures.picture import display_pixels, image_pixels, thumbnail

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


def test_values_at_the_ends_of_their_type_are_drawn_too():
    ends = torch.tensor([[-3e38, 0.0, 3e38]])
    assert image_pixels(ends)[0][0, :, 0].tolist() == [0, 128, 255]
    assert image_pixels(ends, [0.5], [9.0])[0][0, :, 0].tolist() == [0, 128, 255]
    assert image_pixels(ends.bfloat16())[0][0, :, 0].tolist() == [0, 128, 255]


def test_a_large_input_is_averaged_to_512_pixels_and_none_of_it_is_left_out():
    values = np.random.default_rng(1).integers(0, 256, (1536, 6), np.uint8)
    pixels, how = display_pixels(torch.from_numpy(values))
    expected = [[round(values[3 * i : 3 * i + 3, 3 * j : 3 * j + 3].mean()) for j in range(2)] for i in range(512)]
    assert pixels[..., 0].tolist() == expected
    assert how == image_pixels(torch.from_numpy(values))[1]
    # No whole number of pixels goes into one: the last one still counts.
    edge = torch.zeros(3, 700, 600, dtype=torch.uint8)
    edge[:, -1] = 255
    shown, _ = display_pixels(edge)
    assert shown.shape == (512, 439, 3)
    assert shown[-1].min() > 100
    assert shown[:-1].max() < 100
    assert display_pixels(torch.zeros(3, 40, 1_000))[0].shape == (20, 512, 3)
    assert display_pixels(torch.zeros(1, 2_000))[0].shape == (1, 512, 3)


def test_an_input_of_a_common_size_is_shown_pixel_by_pixel():
    assert np.array_equal(display_pixels(PLANES)[0], COLOURS)
    assert display_pixels(torch.zeros(3, 512, 400))[0].shape == (512, 400, 3)


def test_a_thumbnail_averages_and_keeps_the_proportions():
    tall = np.zeros((96, 48, 3), np.uint8)
    tall[::2] = 200
    small = thumbnail(tall, 48)
    assert small.shape == (48, 48, 3)
    assert set(np.unique(small)) == {100}
    tiny = thumbnail(COLOURS[:4, :4], 8)
    assert np.array_equal(tiny, COLOURS[:4, :4].repeat(2, 0).repeat(2, 1))


def test_sizes_that_do_not_divide_are_averaged_over_all_pixels_that_they_touch():
    # 5 x 7 to 2 x 3: rows 0 to 2 and 2 to 4; columns 0 to 2, 2 to 4 and 4 to 6.
    expected = [[[round(COLOURS[r : r + 3, c : c + 3, k].mean()) for k in range(3)] for c in (0, 2, 4)] for r in (0, 2)]
    assert thumbnail(COLOURS, 3)[:2].tolist() == expected
    # 2 x 3 to 3 x 5: the pixel that each middle falls on, or the one before it.
    rows, columns = [0, 0, 1], [0, 0, 1, 1, 2]
    assert np.array_equal(thumbnail(COLOURS[:2, :3], 5)[1:4], COLOURS[rows][:, columns])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5)])
def test_any_picture_has_a_thumbnail(size):
    assert thumbnail(np.full((*size, 3), 9, np.uint8), 48).tolist() == np.full((48, 48, 3), 9).tolist()
