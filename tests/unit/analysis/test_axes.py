"""Which axes of an activation are channels, space and slices."""

import pytest

from innerview.analysis.pictures.axes import Layout, choose_layout, deciding_kind, find_token_grid
from innerview.errors import LayoutError

# shape, kind -> kind of layout, channel axis, spatial axes, slice axes
CASES = {
    "a scalar": ((), "Linear", "vector", 0, (), ()),
    "logits": ((1000,), "Linear", "vector", 0, (), ()),
    "BatchNorm1d over features": ((64,), "BatchNorm1d", "vector", 0, (), ()),
    "Conv1d": ((16, 200), "Conv1d", "strips", 0, (1,), ()),
    "AdaptiveAvgPool1d": ((16, 1), "AdaptiveAvgPool1d", "strips", 0, (1,), ()),
    "LSTM": ((20, 32), "LSTM", "tokens", 1, (0,), ()),
    "BERT": ((12, 64), "BertLayer", "tokens", 1, (0,), ()),
    "GPT-2's Conv1D is a linear layer": ((12, 64), "Conv1D", "tokens", 1, (0,), ()),
    "ResNet": ((64, 56, 56), "Conv2d", "maps", 0, (1, 2), ()),
    "ResNet, not square": ((64, 40, 56), "Conv2d", "maps", 0, (1, 2), ()),
    "three channels, three rows": ((3, 3, 5), "Conv2d", "maps", 0, (1, 2), ()),
    "as many channels as rows": ((7, 7, 7), "Conv2d", "maps", 0, (1, 2), ()),
    "Swin": ((7, 7, 96), "SwinTransformerBlock", "maps", 2, (0, 1), ()),
    "Swin, not square": ((7, 9, 96), "SwinTransformerBlock", "maps", 2, (0, 1), ()),
    "Swin, as many channels as rows": ((7, 7, 7), "SwinTransformerBlock", "maps", 2, (0, 1), ()),
    "ConvNeXt, permuted": ((56, 56, 96), "Permute", "maps", 2, (0, 1), ()),
    "ConvNeXt, permuted back": ((96, 56, 56), "Permute", "maps", 0, (1, 2), ()),
    "ConvNeXt, LayerNorm": ((56, 40, 96), "LayerNorm", "maps", 2, (0, 1), ()),
    "ConvNeXt, LayerNorm2d is channel-first": ((96, 96, 40), "LayerNorm2d", "maps", 0, (1, 2), ()),
    "a LayerNorm over whole maps": ((96, 56, 56), "LayerNorm", "maps", 0, (1, 2), ()),
    "Linear always works on the last axis": ((20, 64, 64), "Linear", "maps", 2, (0, 1), ()),
    "attention weights": ((8, 50, 50), "Softmax", "maps", 0, (1, 2), ()),
    "a module of unknown kind": ((5, 6, 7), "", "maps", 0, (1, 2), ()),
    "video": ((64, 8, 28, 28), "Conv3d", "maps", 0, (2, 3), (1,)),
    "video, channels last": ((8, 28, 28, 96), "LayerNorm", "maps", 3, (1, 2), (0,)),
    "five axes": ((4, 2, 3, 9, 9), "", "maps", 0, (3, 4), (1, 2)),
}


@pytest.mark.parametrize("case", CASES)
def test_table_of_cases(case):
    shape, kind, drawn, channel, spatial, slices = CASES[case]
    layout = choose_layout(shape, kind=kind)
    assert layout.kind == drawn
    assert layout.channel_axis == channel
    assert layout.spatial_axes == spatial
    assert tuple(axis.axis for axis in layout.slice_axes) == slices
    assert [axis.size for axis in layout.slice_axes] == [shape[axis] for axis in slices]
    assert [axis.name for axis in layout.slice_axes] == [f"axis {axis}" for axis in slices]
    assert not layout.foldable


@pytest.mark.parametrize(
    ("shape", "kind", "channels", "size"),
    [
        ((), "", 1, (1, 1)),
        ((10,), "", 10, (1, 1)),
        ((16, 200), "Conv1d", 16, (1, 200)),
        ((12, 64), "Linear", 64, (1, 12)),
        ((7, 9, 96), "Linear", 96, (7, 9)),
        ((64, 8, 20, 28), "Conv3d", 64, (20, 28)),
    ],
)
def test_channels_and_their_size(shape, kind, channels, size):
    layout = choose_layout(shape, kind=kind)
    assert (layout.channels, layout.size) == (channels, size)


def test_the_channel_axis_can_be_chosen():
    assert choose_layout((12, 64), channel_axis=0) == Layout("strips", (12, 64), 0, (1,))
    assert choose_layout((16, 200), kind="Conv1d", channel_axis=1) == Layout("tokens", (16, 200), 1, (0,))
    assert choose_layout((7, 7, 96), kind="Linear", channel_axis=0).spatial_axes == (1, 2)
    video = choose_layout((64, 8, 20, 28), channel_axis=-3)
    assert (video.channel_axis, video.spatial_axes, video.slice_axes[0].axis) == (1, (2, 3), 0)


@pytest.mark.parametrize(("shape", "axis"), [((64, 5, 6), 3), ((64, 5, 6), -4), ((), 0)])
def test_an_axis_that_is_not_there_is_named(shape, axis):
    with pytest.raises(LayoutError, match=rf"channel_axis={axis}.*{len(shape) - 1 if shape else 'no axes'}"):
        choose_layout(shape, channel_axis=axis)


@pytest.mark.parametrize(
    ("tokens", "earlier", "grid", "extra", "labels"),
    [
        (197, [(768, 14, 14), (197, 768)], (14, 14), 1, ["class"]),
        (201, [(384, 14, 14)], (14, 14), 5, ["class", "register 1", "register 2", "register 3", "register 4"]),
        (196, [(768, 14, 14)], (14, 14), 0, []),
        (29, [(32, 56, 56), (64, 4, 7)], (4, 7), 1, ["class"]),
        (50, [(7, 7, 96)], (7, 7), 1, ["class"]),
        (50, [(96, 6, 8), (96, 7, 7)], (7, 7), 1, ["class"]),
        (50, [(96, 7, 7), (96, 6, 8)], (6, 8), 2, ["class", "register 1"]),
    ],
)
def test_tokens_of_a_vision_transformer_are_folded(tokens, earlier, grid, extra, labels):
    assert find_token_grid(tokens, earlier) == grid
    layout = choose_layout((tokens, 768), kind="EncoderBlock", token_grid=grid)
    assert (layout.kind, layout.size, layout.channels, layout.extra) == ("maps", grid, 768, extra)
    assert layout.folded
    assert layout.foldable
    assert layout.extra_labels == labels


def test_foldable_tokens_can_stay_tokens():
    layout = choose_layout((197, 768), token_grid=(14, 14), fold=False)
    assert (layout.kind, layout.size) == ("tokens", (1, 197))
    assert layout.foldable
    assert not layout.folded
    assert layout.extra_labels == []


@pytest.mark.parametrize(
    ("tokens", "earlier"),
    [(12, []), (12, [(64,), (12, 64)]), (206, [(768, 14, 14)]), (195, [(768, 14, 14)]), (2, [(64, 1, 1)])],
)
def test_no_grid_for_tokens_of_other_numbers(tokens, earlier):
    assert find_token_grid(tokens, earlier) is None


def test_a_grid_that_does_not_fit_is_not_used():
    assert choose_layout((50, 64), token_grid=(14, 14)).kind == "tokens"
    assert choose_layout((16, 196), kind="Conv1d", token_grid=(14, 14)).kind == "strips"


def test_an_activation_function_is_read_as_the_layer_before_it():
    conv, linear = [("Conv1d", (16, 200)), ("ReLU", (16, 200))], [("Linear", (16, 200))]
    assert deciding_kind("ReLU", (16, 200), conv) == "Conv1d"
    assert deciding_kind("ReLU", (16, 200), conv + linear) == "Linear"
    assert deciding_kind("Conv1d", (16, 200), linear) == "Conv1d"
    assert deciding_kind("GELU", (14, 20, 384), [("Linear", (14, 20, 384)), ("Conv2d", None)]) == "Linear"
    assert deciding_kind("ReLU", (16, 200), [("Conv1d", (16, 100))]) == "ReLU"
