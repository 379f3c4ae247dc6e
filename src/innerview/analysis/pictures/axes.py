"""The reading of the axes of one sample's activation: which are channels, which are space, which are left over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from innerview.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Shape = tuple[int, ...]

# A vision transformer puts its class token, and up to a few registers, in front of the image's tokens
# (Darcet et al., Vision Transformers Need Registers, 2024, uses four).
MAX_EXTRA_TOKENS = 8

# Module class names that say where the channels are. The first pattern wins: timm's and torchvision's LayerNorm2d
# is channel-first. GPT-2's Conv1D of Hugging Face (capital D) is a linear layer in disguise.
_CHANNELS_FIRST = re.compile(r"[123]d")
_CHANNELS_LAST = re.compile(r"Linear|LayerNorm|RMSNorm|Embedding|Conv1D|Swin|ShiftedWindow|PatchMerging")
_ONE_DIMENSIONAL = re.compile(r"1d")


@dataclass(frozen=True)
class SliceAxis:
    """An axis of which one index is shown at a time: its position, its name for people, and its number of indices."""

    axis: int
    name: str
    size: int


@dataclass(frozen=True)
class Layout:
    """A way to read one sample's activation; made by :func:`choose_layout`.

    Attributes:
        kind: ``"maps"`` (each channel is an image), ``"strips"`` (each channel is a 1-D signal), ``"vector"`` (each
            channel is a number) or ``"tokens"`` (a matrix of tokens x features; the features are the channels).
        shape: of the activation, without the batch axis.
        channel_axis: the axis that holds the channels.
        spatial_axes: the axes that one channel is drawn along, in drawing order: two, one or none.
        slice_axes: all other axes.
        grid: height and width of the image that the tokens of a vision transformer came from; None for all else.
        extra: with ``grid``, the number of class and register tokens before those of the image.
    """

    kind: Literal["maps", "strips", "vector", "tokens"]
    shape: Shape
    channel_axis: int
    spatial_axes: tuple[int, ...] = ()
    slice_axes: tuple[SliceAxis, ...] = ()
    grid: tuple[int, int] | None = None
    extra: int = 0

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.shape[self.channel_axis] if self.shape else 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of one channel as drawn; strips and tokens are one row, a vector's channel one pixel."""
        if self.folded and self.grid is not None:
            return self.grid
        height, width = (1, 1, *(self.shape[axis] for axis in self.spatial_axes))[-2:]
        return height, width

    @property
    def folded(self) -> bool:
        """True if tokens are put back into the image they came from."""
        return self.kind == "maps" and self.grid is not None

    @property
    def foldable(self) -> bool:
        """True for tokens that can be shown both as maps and as tokens."""
        return self.grid is not None

    @property
    def extra_labels(self) -> list[str]:
        """Names of the extra tokens of folded maps."""
        names = ["class", *(f"register {i}" for i in range(1, self.extra))]
        return names[: self.extra] if self.folded else []


def choose_layout(
    shape: Iterable[int],
    *,
    kind: str = "",
    token_grid: tuple[int, int] | None = None,
    channel_axis: int | None = None,
    fold: bool = True,
) -> Layout:
    """Decide how to draw an activation.

    ======== ===========================================================================================
    axes     read as
    ======== ===========================================================================================
    none, 1  a vector
    2        strips ``[C, L]`` after a 1-D layer (``kind`` has "1d" in it: Conv1d, AvgPool1d, ...), else
             tokens ``[T, F]``; with a fitting ``token_grid``, maps ``[F, gh, gw]`` plus the extra tokens
    3        maps ``[C, H, W]``, or ``[H, W, C]`` when channels are last
    4 up     maps ``[C, ..., H, W]``, or ``[..., H, W, C]`` when channels are last; one slice of the rest
    ======== ===========================================================================================

    With three axes or more the channels are last if ``kind`` is a linear layer; they are first if it is a
    convolution, pooling or normalisation of named dimension ("2d"). Otherwise the last three sizes ``a, b, c`` decide,
    as most images are square: ``a == b != c`` says last, ``a != b == c`` says first. If they say nothing, the layers
    known to work on the last axis (LayerNorm, Embedding, Swin's blocks) are read as channels last, all others first.

    Args:
        shape: of one sample's activation, without the batch axis.
        kind: class name of the module that made it, or what :func:`deciding_kind` makes of that.
        token_grid: from :func:`find_token_grid`; used if the tokens are ``gh * gw`` and at most 8 more.
        channel_axis: overrides the choice; may be negative. Of two axes, 0 gives strips and 1 gives tokens.
        fold: False shows foldable tokens as tokens.

    Raises:
        LayoutError: there is no such ``channel_axis``.
    """
    shape = tuple(shape)
    axes = len(shape)
    if channel_axis is not None and not -axes <= channel_axis < axes:
        having = f"its axes are 0 to {axes - 1}" if axes else "it has no axes"
        raise LayoutError(f"channel_axis={channel_axis}: the activation has the shape {list(shape)}; {having}")
    if axes < 2:  # noqa: PLR2004 - one axis is channels, two are channels and space
        return Layout("vector", shape, 0)
    if channel_axis is not None:
        channel = channel_axis % axes
    elif axes == 2:  # noqa: PLR2004 - channels and space
        channel = 0 if _ONE_DIMENSIONAL.search(kind) else 1
    else:
        channel = axes - 1 if _channels_last(shape, kind) else 0
    others = tuple(axis for axis in range(axes) if axis != channel)
    if axes == 2:  # noqa: PLR2004 - channels and space
        return _matrix(shape, channel, others, token_grid, fold=fold)
    slices = tuple(SliceAxis(axis, f"axis {axis}", shape[axis]) for axis in others[:-2])
    return Layout("maps", shape, channel, others[-2:], slices)


def find_token_grid(tokens: int, earlier_shapes: Iterable[Shape]) -> tuple[int, int] | None:
    """Find the image that a vision transformer's tokens came from: the last earlier maps with as many pixels.

    ``tokens`` counts class and register tokens too; the shapes are the outputs for one sample of the layers before, in
    execution order. Returns height and width of the last ``[C, gh, gw]`` or ``[gh, gw, C]`` with
    ``0 <= tokens - gh * gw <= 8``, or None.
    """
    for shape in reversed(list(earlier_shapes)):
        if len(shape) == 3:  # noqa: PLR2004 - maps
            for grid in (shape[1:], shape[:2]):
                if _fits(tokens, (grid[0], grid[1])):
                    return grid[0], grid[1]
    return None


def deciding_kind(kind: str, shape: Shape, others: Iterable[tuple[str, Shape | None]]) -> str:
    """Choose the class name to give :func:`choose_layout` for a module whose own name says nothing of its axes.

    An activation function or a container has the axes of the layers around it: a ReLU of shape ``[16, 200]`` after a
    Conv1d holds 16 strips, after a Linear 16 tokens. ``others`` are class name and output shape of the layers before it
    and of those inside it, in execution order: the last telling name among those of the same shape is taken.
    """
    if _telling(kind):
        return kind
    found = [name for name, other in others if other == shape and _telling(name)]
    return found[-1] if found else kind


class _Row(Protocol):
    """One call of a module, as the layer table lists it: its path, its class, and its output's shape if it is seen."""

    @property
    def path(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Shape | None: ...


class Axes:
    """Layouts of the layers of one model, by its layer table, each worked out once."""

    def __init__(self, layers: Mapping[str, _Row]) -> None:
        self.layers = layers
        self._rows = list(layers.values())
        self._position = {name: position for position, name in enumerate(layers)}
        self._known: dict[tuple[object, ...], Layout] = {}

    def layout(self, layer: str, shape: Shape, *, channel_axis: int | None = None, fold: bool = True) -> Layout:
        """Choose the layout of an activation of a layer, given the layers around it.

        The shape, without the batch axis, may differ from sample to sample; the rest is as for :func:`choose_layout`.

        Raises:
            LayoutError: there is no such ``channel_axis``.
        """
        key = (layer, shape, channel_axis, fold)
        if key not in self._known:
            position = self._position[layer]
            before, row = self._rows[:position], self._rows[position]
            inside = [other for other in self._rows[position:] if other.path.startswith(f"{row.path}.")]
            kind = deciding_kind(row.kind, shape, [(other.kind, other.shape) for other in (*before, *inside)])
            shapes = [other.shape for other in before if other.shape]
            grid = find_token_grid(shape[0], shapes) if len(shape) == 2 else None  # noqa: PLR2004 - [tokens, features]
            self._known[key] = choose_layout(shape, kind=kind, token_grid=grid, channel_axis=channel_axis, fold=fold)
        return self._known[key]


def _telling(kind: str) -> bool:
    return bool(_CHANNELS_FIRST.search(kind) or _CHANNELS_LAST.search(kind))


def _channels_last(shape: Shape, kind: str) -> bool:
    if _CHANNELS_FIRST.search(kind):
        return False
    if "Linear" in kind:
        return True
    a, b, c = shape[-3:]
    if (a == b) != (b == c):
        return a == b
    return bool(_CHANNELS_LAST.search(kind))


def _fits(tokens: int, grid: tuple[int, int]) -> bool:
    return grid[0] * grid[1] > 1 and 0 <= tokens - grid[0] * grid[1] <= MAX_EXTRA_TOKENS


def _matrix(shape: Shape, channel: int, others: tuple[int, ...], grid: tuple[int, int] | None, *, fold: bool) -> Layout:
    if channel == 0:
        return Layout("strips", shape, channel, others)
    if grid is None or not _fits(shape[0], grid):
        return Layout("tokens", shape, channel, others)
    return Layout("maps" if fold else "tokens", shape, channel, others, (), grid, shape[0] - grid[0] * grid[1])
