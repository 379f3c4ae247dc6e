"""The receptive field: the part of the input image that a position of a feature map depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from innerview.model.capture import reach
from innerview.model.outputs import tensors
from innerview.model.state import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from torch import nn

    Fed = tuple[nn.Module, tuple[Any, ...], Mapping[str, Any], bool]
    _Box = tuple[int, int, int, int]  # top, left, bottom, right; the last two exclusive

_MAP_AXES = 4  # batch, channels, height, width
_MOST_ROUNDS = 8
_CUTS = (Tensor.detach, torch.detach, vars(torch._C.TensorBase)["data"].__get__)  # noqa: SLF001 - what leaves the graph


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


def measuring(
    running: Callable[[], AbstractContextManager[Fed]], layer: str, *, channel_last: bool = False
) -> Generator[None, None, ReceptiveField | None]:
    """Measure the receptive field of a layer's maps by the gradient of the input, one image a step.

    The gradient of one position, its channels weighted at random, is taken for noise images: a pixel that it reaches
    is one that the position depends on. (Not their sum: behind a LayerNorm that is a constant.) A ReLU or a max
    pooling hides some pixels of each image, so the extent is the union over images, until new ones add nothing.
    Positions in the middle and at the corners give size, stride and origin, as in the formulas for chains of
    convolutions (Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019).
    A layer that mixes all positions, as attention or a normalisation over the whole map does, depends on the whole
    image.

    Args:
        running: entered for each step and left after it: the model, its ``args`` and ``kwargs`` with one image
            tensor ``[B, C, H, W]`` among them, on the model's device, and ``restore_rng`` as for ``quiet``.
        layer: name of the layer; its output is ``[B, C, h, w]``.
        channel_last: its output is ``[B, h, w, C]``.

    Yields:
        After each step, one forward and backward of one image, with nothing held.

    Returns:
        None when the input is not one image, the output is not a map, or no gradient connects the two.

    Raises:
        UnknownLayerError, ForwardError: as ``run``.
    """
    # A generator of its own: the same answer each time, and no random number is taken from the user.
    random = torch.Generator().manual_seed(0)
    # The first image only tells the size of the map.
    first = _look_back(running, layer, None, random, channel_last=channel_last)
    if first is None:
        return None
    (height, width), (rows, columns) = first.image, first.map
    yield
    probes = _probes(rows, columns)
    boxes: list[_Box | None] = [None] * len(probes)
    for _ in range(_MOST_ROUNDS):
        grown = list(boxes)
        for index, probe in enumerate(probes):
            if grown[index] == (0, 0, height, width):
                continue  # nothing is left to find
            seen = _look_back(running, layer, probe, random, channel_last=channel_last)
            # Another size: the model or the input was changed between two steps.
            if seen is None or (seen.image, seen.map) != (first.image, first.map):
                return None
            grown[index] = _union(boxes[index], seen.box)
            yield
        if grown == boxes:
            break
        boxes = grown
    measured = [box for box in boxes if box is not None]
    if len(measured) < len(boxes):
        return None
    down = _fit([probe[0] for probe in probes], [(box[0], box[2]) for box in measured], rows, height)
    across = _fit([probe[1] for probe in probes], [(box[1], box[3]) for box in measured], columns, width)
    return ReceptiveField(
        size=(down[0], across[0]), stride=(down[1], across[1]), origin=(down[2], across[2]), image=(height, width)
    )


class _Seen(NamedTuple):
    """Height and width of the image and of the map, and the box of pixels that one position was seen to depend on."""

    image: tuple[int, int]
    map: tuple[int, int]
    box: _Box | None


class _GradientsOn(TorchFunctionMode):
    """Keeps the graph of every function of torch, also where the model leaves it: pixels have an effect there too.

    A function that cannot have a graph, such as one that writes a weight in place, is called without.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        try:
            with torch.inference_mode(mode=False), torch.enable_grad():
                return (_kept_in_graph if func in _CUTS else func)(*args, **kwargs)
        except RuntimeError:
            with torch.no_grad():
                return func(*args, **kwargs)


def _kept_in_graph(tensor: Tensor) -> Tensor:
    # Of a leaf, such as a weight, a real one: it may be written in place.
    return tensor.detach() if tensor.is_leaf else tensor.view_as(tensor)


def _look_back(
    running: Callable[[], AbstractContextManager[Fed]],
    layer: str,
    probe: tuple[int, int] | None,
    random: torch.Generator,
    *,
    channel_last: bool,
) -> _Seen | None:
    """Feed one noise image; None when there is no image, no map, or no gradient between them."""
    with running() as (model, args, kwargs, restore_rng):
        inputs = (tuple(args), dict(kwargs))
        found = [tensor for _, tensor in tensors(inputs)]
        if len(found) != 1 or found[0].ndim != _MAP_AXES or not found[0].is_floating_point():
            return None
        image = found[0]
        with quiet(model, restore_rng=restore_rng), torch.enable_grad():
            noise = _noise((1, *image.shape[1:]), random).to(image.device, image.dtype)
            noise.requires_grad_()
            # Not the leaf itself: a model may change its input in place.
            fed, named = _with_image(inputs, image, noise.clone())
            with _GradientsOn():
                value = reach(model, fed, named, layer)
            if value is None or value.ndim != _MAP_AXES or value.shape[0] != 1 or not value.requires_grad:
                return None
            maps = value.movedim(-1, 1) if channel_last else value
            (rows, columns), (height, width) = maps.shape[2:], image.shape[2:]
            box = None if probe is None else _reached(maps[0, :, probe[0], probe[1]], noise, random)
    return _Seen((height, width), (rows, columns), box)


def _noise(shape: Sequence[int], random: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=random, dtype=torch.float32, device="cpu")


def _with_image(inputs: Any, image: Tensor, new: Tensor) -> Any:
    return pytree.tree_map(lambda leaf: new if leaf is image else leaf, inputs)


def _probes(rows: int, columns: int) -> list[tuple[int, int]]:
    """Choose positions on a diagonal: both corners, their neighbours, and the middle."""

    def along(count: int) -> list[int]:
        return [0, min(1, count - 1), count // 2, max(count - 2, 0), count - 1]

    return list(dict.fromkeys(zip(along(rows), along(columns), strict=True)))


def _reached(picked: Tensor, noise: Tensor, random: torch.Generator) -> _Box | None:
    """Return the box of pixels that the gradient of one position's channels reaches."""
    # As large as leaves room to both sides: a block scaled by 1e-6, as in a new ConvNeXt, must not underflow to zero.
    scale = torch.finfo(picked.dtype).max ** 0.5
    weights = _noise(picked.shape, random).to(picked) * scale
    try:
        (gradient,) = torch.autograd.grad(picked, noise, weights, allow_unused=True)
    except RuntimeError:  # an operation on the way has no derivative, or another thread has just changed the weights
        return None
    if gradient is None:
        return None
    touched = (gradient[0] != 0).any(dim=0).cpu()
    down, across = touched.any(dim=1).nonzero(), touched.any(dim=0).nonzero()
    if not len(down):
        return None
    return int(down[0]), int(across[0]), int(down[-1]) + 1, int(across[-1]) + 1


def _union(one: _Box | None, other: _Box | None) -> _Box | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _fit(indices: list[int], spans: list[tuple[int, int]], count: int, length: int) -> tuple[int, float, int]:
    """Fit size, stride and origin along one axis, of ``count`` positions and ``length`` pixels, to measured spans.

    A span (first pixel, the one after the last) that touches the border of the image may be cut there, so only inner
    edges count.
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
