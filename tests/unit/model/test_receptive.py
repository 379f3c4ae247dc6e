"""Receptive fields against the formula for chains of convolutions, and against what a pixel really changes."""

from __future__ import annotations

import math
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torchvision.models import convnext_tiny, resnet18

from innerview.errors import UnknownLayerError
from innerview.jobs.progress import finish
from innerview.model.capture import forward, run
from innerview.model.receptive import measuring


def receptive_field(model, args, kwargs, layer, **options):
    return finish(measuring(lambda: nullcontext((model, args, kwargs, True)), layer, **options))


def box(field, row, column):
    """The pixels (top, left, bottom, right) that a position depends on, clipped to the image."""
    low, high = [], []
    for axis, index in enumerate((row, column)):
        start = field.origin[axis] + field.stride[axis] * index
        low.append(min(max(math.floor(start), 0), field.image[axis]))
        high.append(min(max(math.ceil(start + field.size[axis]), 0), field.image[axis]))
    return low[0], low[1], high[0], high[1]


def by_formula(chain):
    """Size, stride and first pixel of a chain of (kernel, stride, padding): Araujo, Norris and Sim, Distill 2019."""
    size, step, first = 1, 1, 0
    for kernel, stride, padding in chain:
        size += (kernel - 1) * step
        first -= padding * step
        step *= stride
    return size, float(step), first


def lenet(activation=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        activation(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        activation(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 10),
    )


LENET = [(5, 1, 2), (1, 1, 0), (2, 2, 0), (5, 1, 0), (1, 1, 0), (2, 2, 0)]


@pytest.mark.parametrize("depth", range(6))
def test_lenet(depth, untouched):
    torch.manual_seed(0)
    model, x = lenet(), torch.rand(1, 1, 28, 28)
    with untouched(model):
        field = receptive_field(model, (x,), {}, str(depth))
    size, stride, first = by_formula(LENET[: depth + 1])
    assert (field.size, field.stride, field.origin) == ((size, size), (stride, stride), (first, first))


RESNET = [(7, 2, 3), (3, 2, 1)]
BLOCKS = {
    "conv1": RESNET[:1],
    "maxpool": RESNET,
    "layer1.0.conv1": [*RESNET, (3, 1, 1)],
    "layer1": [*RESNET, *[(3, 1, 1)] * 4],
    "layer2": [*RESNET, *[(3, 1, 1)] * 4, (3, 2, 1), *[(3, 1, 1)] * 3],
}


@pytest.mark.parametrize("layer", BLOCKS)
def test_resnet18(layer):
    torch.manual_seed(0)
    field = receptive_field(resnet18(), (torch.rand(1, 3, 128, 128),), {}, layer)
    size, stride, first = by_formula(BLOCKS[layer])
    assert (field.size, field.stride, field.origin) == ((size, size), (stride, stride), (first, first))


def test_residual_blocks_scaled_almost_to_nothing():
    class Faint(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, x):
            return x + 1e-7 * self.conv(x)

    # The outermost pixels count 1e-49 times as much as the middle: less than a float32 can hold.
    field = receptive_field(nn.Sequential(*[Faint() for _ in range(7)]), (torch.rand(1, 2, 40, 40),), {}, "6")
    assert (field.size, field.origin) == ((15, 15), (-7, -7))


def test_layer_norms_over_channels():
    torch.manual_seed(0)
    model, x = convnext_tiny(), torch.rand(1, 3, 128, 128)
    assert receptive_field(model, (x,), {}, "features.0").size == (4, 4)
    field = receptive_field(model, (x,), {}, "features.1")
    assert (field.size, field.stride, field.origin) == ((76, 76), (4.0, 4.0), (-36, -36))


def test_box_holds_exactly_the_pixels_that_matter():
    torch.manual_seed(0)
    # Smooth, so that every pixel matters, and not square.
    model = nn.Sequential(
        nn.Conv2d(1, 3, (3, 5), stride=(1, 2)), nn.GELU(), nn.Conv2d(3, 4, 3, padding=1), nn.AvgPool2d(2)
    )
    x = torch.randn(1, 1, 20, 30)
    field = receptive_field(model, (x,), {}, "3")
    # One image for each pixel that is changed, and the unchanged one last.
    others = x + 10 * torch.cat([torch.eye(600), torch.zeros(1, 600)]).view(601, 1, 20, 30)
    maps = run(model, (others,), {}, ["3"])["3"]
    for row, column in [(0, 0), (4, 3), (8, 5), (3, 0)]:
        # Convolutions of different positions in a batch may round differently.
        changed = ((maps[:-1] - maps[-1])[:, :, row, column].abs() > 1e-5).any(1).view(20, 30)
        down, across = changed.any(1).nonzero(), changed.any(0).nonzero()
        exact = (int(down[0]), int(across[0]), int(down[-1]) + 1, int(across[-1]) + 1)
        assert box(field, row, column) == exact


def test_a_layer_that_mixes_all_positions_sees_the_whole_image():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.Conv2d(8, 4, 3, padding=1))
    field = receptive_field(model, (torch.rand(1, 3, 16, 24),), {}, "2")
    assert (field.size, field.stride) == ((16, 24), (0.0, 0.0))
    assert box(field, 0, 0) == box(field, 15, 23) == (0, 0, 16, 24)


def test_upsampling_has_a_stride_below_one():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Upsample(scale_factor=4))
    field = receptive_field(model, (torch.rand(1, 1, 32, 32),), {}, "1")
    assert field.stride == pytest.approx((0.5, 0.5), abs=0.05)
    top, left, bottom, right = box(field, 32, 32)
    # Position 32 is position 8 of the convolution: pixels 15 to 17.
    assert top <= 15
    assert left <= 15
    assert bottom >= 18
    assert right >= 18


def test_one_position_only():
    model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.AdaptiveAvgPool2d(1))
    assert box(receptive_field(model, (torch.rand(1, 1, 9, 9),), {}, "1"), 0, 0) == (0, 0, 9, 9)
    exact = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten())
    assert box(receptive_field(exact, (torch.rand(1, 1, 5, 5),), {}, "0"), 0, 0) == (0, 0, 5, 5)


def test_channels_last_axis():
    class Permuted(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 8, 4, stride=4), nn.LayerNorm(8)

        def forward(self, x):
            return self.norm(self.conv(x).permute(0, 2, 3, 1))

    field = receptive_field(Permuted(), (torch.rand(1, 3, 16, 32),), {}, "norm", channel_last=True)
    assert (field.size, field.stride, field.image) == ((4, 4), (4.0, 4.0), (16, 32))
    assert box(field, 3, 7) == (12, 28, 16, 32)


def test_image_by_keyword_in_place_first_layer():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.conv = nn.ReLU(inplace=True), nn.Conv2d(1, 4, 3)

        def forward(self, *, image):
            return self.conv(self.relu(image))

    assert receptive_field(Named(), (), {"image": torch.rand(1, 1, 8, 8)}, "conv").size == (3, 3)


@pytest.mark.parametrize(
    "cutting",
    [torch.no_grad, torch.inference_mode, lambda: torch.set_grad_enabled(False)],
    ids=["no_grad", "inference mode", "set_grad_enabled"],
)
def test_what_is_run_without_gradients_counts_all_the_same(cutting):
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.frozen, self.after = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3)

        def forward(self, x):
            with cutting():
                x = self.frozen(x)
            return self.after(x.detach().clone())

    assert receptive_field(Frozen(), (torch.rand(1, 1, 28, 28),), {}, "after").size == (5, 5)
    assert torch.is_grad_enabled()


def test_none_where_there_is_no_map():
    model, x = lenet(), torch.rand(1, 1, 28, 28)
    assert receptive_field(model, (x,), {}, "6") is None
    assert receptive_field(nn.Sequential(nn.Linear(4, 2)), (torch.rand(1, 4),), {}, "0") is None
    tokens = nn.Sequential(nn.Embedding(5, 4))
    assert receptive_field(tokens, (torch.zeros(1, 3, dtype=torch.long),), {}, "0") is None

    class LeavesTorch(nn.Module):
        def __init__(self):
            super().__init__()
            self.after = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return self.after(torch.from_numpy(x.detach().cpu().numpy() + 1))

    assert receptive_field(LeavesTorch(), (x,), {}, "after") is None
    with pytest.raises(UnknownLayerError):
        receptive_field(model, (x,), {}, "9")


def test_the_same_answer_each_time_and_after_training():
    model, x = lenet(), torch.rand(4, 1, 28, 28)
    model(x).sum().backward()
    fields = [receptive_field(model, (x,), {}, "5") for _ in range(2)]
    assert fields[0] == fields[1]
    assert fields[0].size == (16, 16)
    assert forward(model, (x,), {}).shape == (4, 10)
