"""Pictures from outside become inputs of the model."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from innerview.data.own_input import open_image, to_input
from innerview.errors import ImageError


def png(size=(6, 4), colour=(255, 0, 0)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def convert(image, example, transform=None, mean=None, std=None):
    return to_input(image, example, transform=transform, mean=mean, std=std)


def test_files_bytes_arrays_and_pil_images_open(tmp_path):
    path = tmp_path / "red.png"
    path.write_bytes(png())
    for source in (path, str(path), png(), Image.open(path), np.full((4, 6, 3), (255, 0, 0), np.uint8)):
        image = open_image(source)
        assert image.size == (6, 4)
        assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
    assert open_image(np.full((4, 6), 0.5)).getpixel((0, 0)) == 128


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"hello", "5 bytes is not an image"),
        (png((200, 200))[:80], "broken"),
        ("/nowhere/cat.png", "'/nowhere/cat.png' cannot be read: No such file"),
        (np.zeros((2, 3, 4, 5)), r"\[2, 3, 4, 5\]"),
        (np.zeros((0, 3)), r"\[0, 3\]"),
    ],
)
def test_what_is_no_image_is_refused_with_what_was_given(source, message):
    with pytest.raises(ImageError, match=message):
        open_image(source)


def test_a_photo_is_turned_as_its_exif_says():
    image = Image.new("RGB", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: rotate by 90 degrees
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert open_image(buffer.getvalue()).size == (4, 6)


def test_a_colour_picture_becomes_one_grey_channel_of_the_right_size():
    value, how = convert(open_image(png()), torch.rand(1, 28, 28))
    assert value.shape == (1, 28, 28)
    assert value.dtype == torch.float32
    assert value.mean().item() == pytest.approx(76 / 255, abs=0.01)  # ITU-R 601 luma of pure red: 0.299
    assert "6 x 4" in how
    assert "28 x 28" in how


def test_normalisation_is_applied_by_hand_where_no_transform_is():
    value, _ = convert(open_image(png()), torch.zeros(3, 8, 8), mean=[0.5, 0.5, 0.5], std=[0.25, 0.5, 0.5])
    assert value[:, 0, 0].tolist() == pytest.approx([2.0, -1.0, -1.0])


def test_the_datas_own_transform_is_used_when_it_fits():
    value, how = convert(open_image(png()), torch.zeros(3, 8, 8), transform=lambda _: torch.full((3, 8, 8), 7.0))
    assert value.unique().tolist() == [7.0]
    assert "own transform" in how


def test_a_transform_that_does_not_fit_is_passed_over():
    def broken(image):
        raise TypeError

    for transform in (broken, lambda _: torch.zeros(5)):
        value, how = convert(open_image(png()), torch.rand(3, 8, 8), transform=transform)
        assert value.shape == (3, 8, 8)
        assert "resized" in how


def test_the_scale_of_unnormalised_data_is_taken_from_the_example():
    value, _ = convert(Image.new("L", (8, 8), 255), torch.linspace(0, 16, 64).reshape(1, 8, 8))
    assert value.max().item() == pytest.approx(16)


@pytest.mark.parametrize("example", [torch.zeros(7), torch.zeros(5, 8, 8), torch.zeros(3, 8, 8, dtype=torch.int64)])
def test_a_model_of_other_inputs_says_so(example):
    with pytest.raises(ImageError, match="cannot be shown to this model"):
        convert(open_image(png()), example)


def test_sixteen_bits_of_grey_are_scaled_not_cut_off():
    values = np.array([[0, 257], [32768, 65535]], np.uint16)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    assert np.asarray(open_image(file.getvalue()).convert("L")).tolist() == [[0, 1], [128, 255]]


def test_floats_and_booleans_become_the_nearest_grey():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for kind in (np.float16, np.float32, np.float64):
        assert np.array_equal(np.asarray(open_image((levels / 255).astype(kind))), levels)
    assert np.asarray(open_image(np.eye(4) > 0)).max() == 255


def test_a_model_that_is_fed_bytes_gets_bytes():
    value, how = convert(Image.new("RGB", (4, 4), (255, 128, 0)), torch.zeros(3, 4, 4, dtype=torch.uint8))
    assert value.dtype == torch.uint8
    assert value[:, 0, 0].tolist() == [255, 128, 0]
    assert "4 x 4" in how
