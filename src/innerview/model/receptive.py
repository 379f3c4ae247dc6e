"""Which part of the input image a position of a feature map depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from innerview.model.capture import reach
from innerview.model.outputs import tensors
from innerview.model.state import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

_MAP_AXES = 4  # batch, channels, height, width
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The receptive field of the positions of a map.

    Attributes:
        size: height and width in pixels of the input, before clipping at its border; where no position shows all of
            it inside the image, as much as is known.
        stride: pixels of the input, down and across, from one position to the next; 0 when every position depends
            on the whole image.
        origin: row and column of the first pixel for position (0, 0); negative where padding lies.
        image: height and width of the input.
    """

    size: tuple[int, int]
    stride: tuple[float, float]
    origin: tuple[int, int]
    image: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Return the pixels that a position depends on.

        Args:
            row: the position on the map, from the top.
            column: the position on the map, from the left.

        Returns:
            ``(top, left, bottom, right)``, clipped to the image; bottom and right are exclusive.
        """
        low, high = [], []
        for axis, index in enumerate((row, column)):
            start = self.origin[axis] + self.stride[axis] * index
            low.append(min(max(math.floor(start), 0), self.image[axis]))
            high.append(min(max(math.ceil(start + self.size[axis]), 0), self.image[axis]))
        return low[0], low[1], high[0], high[1]


def receptive_field(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    layer: str,
    *,
    channel_last: bool = False,
    restore_rng: bool = True,
) -> ReceptiveField | None:
    """Measure the receptive field of a layer's maps by the gradient of the input.

    The gradient of one position, its channels weighted at random, is taken for noise images: a pixel that it reaches
    is one that the position depends on. (Not their sum: behind a LayerNorm that is a constant.) A ReLU or a max
    pooling hides some pixels of each image, so the extent is the union over images, until new ones add nothing.
    Positions in the middle and at the corners give size, stride and origin, as in the formulas for chains of
    convolutions (Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019).
    A layer that mixes all positions, as attention or a normalisation over the whole map does, depends on the whole
    image.

    Args:
        model: any module.
        args: an input that holds one image tensor ``[B, C, H, W]``, on the model's device.
        kwargs: likewise; the image is in one of the two.
        layer: name of the layer; its output is ``[B, C, h, w]``.
        channel_last: its output is ``[B, h, w, C]``.
        restore_rng: as for ``quiet``.

    Returns:
        None when the input is not one image, the output is no map, or no gradient connects the two.

    Raises:
        UnknownLayerError, ForwardError: as ``run``.
    """
    inputs = (tuple(args), dict(kwargs))
    found = [tensor for _, tensor in tensors(inputs)]
    if len(found) != 1 or found[0].ndim != _MAP_AXES or not found[0].is_floating_point():
        return None
    image = found[0]
    height, width = image.shape[2:]
    # A generator of its own: the same answer each time, and no random number is taken from the user.
    generator = torch.Generator().manual_seed(0)
    probes: list[tuple[int, int]] | None = None
    boxes: list[tuple[int, int, int, int] | None] = []
    rows = columns = 0
    with quiet(model, restore_rng=restore_rng), torch.enable_grad():
        for _ in range(_MOST_ROUNDS):
            # One image for each probed position.
            count = len(probes) if probes else 1
            noise = torch.randn(count, *image.shape[1:], generator=generator).to(image.device, image.dtype)
            noise.requires_grad_()
            # Not the leaf itself: a model may change its input in place.
            value = reach(model, *_with_image(inputs, image, noise.clone()), layer)
            if value is None or value.ndim != _MAP_AXES or value.shape[0] != count or not value.requires_grad:
                return None
            maps = value.movedim(-1, 1) if channel_last else value
            if probes is None:
                # The first image only told the size of the map.
                rows, columns = maps.shape[2:]
                probes = _probes(rows, columns)
                boxes = [None] * len(probes)
                continue
            grown = [_union(box, new) for box, new in zip(boxes, _reached(maps, noise, probes, generator), strict=True)]
            if grown == boxes:
                break
            boxes = grown
    measured = [box for box in boxes if box is not None]
    if probes is None or len(measured) < len(boxes):
        return None
    down = _fit([probe[0] for probe in probes], [(box[0], box[2]) for box in measured], rows, height)
    across = _fit([probe[1] for probe in probes], [(box[1], box[3]) for box in measured], columns, width)
    return ReceptiveField(
        size=(down[0], across[0]), stride=(down[1], across[1]), origin=(down[2], across[2]), image=(height, width)
    )


def _with_image(inputs: Any, image: Tensor, new: Tensor) -> Any:
    return pytree.tree_map(lambda leaf: new if leaf is image else leaf, inputs)


def _probes(rows: int, columns: int) -> list[tuple[int, int]]:
    """Choose positions on a diagonal: both corners, their neighbours, and the middle."""

    def along(count: int) -> list[int]:
        return [0, min(1, count - 1), count // 2, max(count - 2, 0), count - 1]

    return list(dict.fromkeys(zip(along(rows), along(columns), strict=True)))


def _reached(
    maps: Tensor, noise: Tensor, probes: list[tuple[int, int]], generator: torch.Generator
) -> list[tuple[int, int, int, int] | None]:
    """Return, for each image and its probed position, the box of pixels that the gradient reaches."""
    picked = torch.stack([maps[index, :, row, column] for index, (row, column) in enumerate(probes)])
    # As large as leaves room to both sides: a block scaled by 1e-6, as in a new ConvNeXt, must not underflow to zero.
    scale = torch.finfo(picked.dtype).max ** 0.5
    weights = torch.randn(picked.shape, generator=generator).to(picked) * scale
    try:
        (gradient,) = torch.autograd.grad(picked, noise, weights, allow_unused=True)
    except RuntimeError:  # an operation on the way has no derivative
        return [None] * len(probes)
    if gradient is None:
        return [None] * len(probes)
    boxes: list[tuple[int, int, int, int] | None] = []
    for touched in (gradient != 0).any(dim=1).cpu():
        down, across = touched.any(dim=1).nonzero(), touched.any(dim=0).nonzero()
        if not len(down):
            boxes.append(None)
            continue
        boxes.append((int(down[0]), int(across[0]), int(down[-1]) + 1, int(across[-1]) + 1))
    return boxes


def _union(
    one: tuple[int, int, int, int] | None, other: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _fit(indices: list[int], spans: list[tuple[int, int]], count: int, length: int) -> tuple[int, float, int]:
    """Fit size, stride and origin along one axis to measured spans.

    A span that touches the border of the image may be cut there, so only inner edges count.

    Args:
        indices: probed positions.
        spans: first pixel and the one after the last, for each.
        count: number of positions.
        length: number of pixels.
    """
    lows = sorted({(index, low) for index, (low, _) in zip(indices, spans, strict=True) if low > 0})
    highs = sorted({(index, high) for index, (_, high) in zip(indices, spans, strict=True) if high < length})
    if count == 1:
        return spans[0][1] - spans[0][0], 0.0, spans[0][0]
    if not lows and not highs:
        return length, 0.0, 0
    slopes = [
        (edges[-1][0] - edges[0][0], (edges[-1][1] - edges[0][1]) / (edges[-1][0] - edges[0][0]))
        for edges in (lows, highs)
        if len(edges) > 1 and edges[-1][0] > edges[0][0]
    ]
    # The longest baseline; when each edge was seen once, the sizes of image and map must do.
    stride = max(slopes)[1] if slopes else length / count
    start = min((low - stride * index for index, low in lows), default=-stride * (count - 1))
    end = max((high - stride * index for index, high in highs), default=float(length))
    return math.ceil(end - start), stride, math.floor(start)
