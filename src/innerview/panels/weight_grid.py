"""The weights of this moment, as tiles: one for each output channel of a convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from innerview.analysis.pictures.axes import Layout, choose_layout
from innerview.analysis.pictures.tiles import channel_values
from innerview.errors import InnerviewError
from innerview.panels.frames import enlarged, grid, within
from innerview.panels.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

_CONVOLUTION = 3  # axes from which on the last ones are the kernel's


class WeightGrid(Panel):
    """A copy of one parameter, drawn as the channel grid draws a layer: an output channel is a tile.

    ``chosen`` is called with the layer of the weights and the number of the tile that was clicked, or None.
    """

    view = "channel_grid"

    def __init__(self, chosen: Callable[[str, int | None], None]) -> None:
        self._chosen = chosen
        self._layer = ""
        self._kind = ""
        self._step = 0
        self._values: Tensor | None = None
        self._slices: list[int] = []
        self._channel: int | None = None
        super().__init__()

    def show(self, model: nn.Module, layers: Sequence[str], step: int) -> None:
        """Draw a copy of the weights of the first layer that has any; the weights are not touched.

        A layer that was called more than once is named with the call or without. InnerviewError when none has weights.
        """
        found = {layer: getattr(model.get_submodule(layer.partition("#")[0]), "weight", None) for layer in layers}
        layer, weight = next(((name, one) for name, one in found.items() if isinstance(one, Tensor)), ("", None))
        if weight is None:
            names = ", ".join(found) or "no layer"
            raise InnerviewError(f"{names} chosen, without weights of its own: choose a convolution or a linear layer")
        module = model.get_submodule(layer.partition("#")[0])
        if layer != self._layer:
            self._slices, self._channel = [], None
        self._layer, self._kind, self._step = layer, type(module).__name__, step
        self._values = weight.detach().to("cpu", copy=True)
        self._draw()

    def want_channel(self, channel: int | None) -> None:
        """A tile was clicked, or the enlarged one closed."""
        self._channel = channel
        self._enlarge()
        self._chosen(self._layer, channel)

    def want_slices(self, slices: list[int]) -> None:
        """Another input channel."""
        self._slices = [int(index) for index in slices]
        self._draw()
        self._enlarge()

    def _layout(self, values: Tensor) -> tuple[Layout, list[int]]:
        kind = "2d" if values.ndim >= _CONVOLUTION else "1d"
        layout = choose_layout(values.shape, kind=kind, channel_axis=0 if values.ndim > 1 else None)
        return layout, within(layout, self._slices, middle=False)

    def _draw(self) -> None:
        if self._values is None:
            return
        layout, slices = self._layout(self._values)
        about = {"layer": f"{self._layer}.weight", "layerKind": self._kind, "sample": self._step, "note": ""}
        header, arrays = grid(self._values, layout, slices, **about, of=f"after step {self._step:,}")
        for axis, shown in zip(layout.slice_axes, header["slices"], strict=True):
            if axis.axis == 1:
                shown["name"] = "input channel"
        self.push(header, arrays)

    def _enlarge(self) -> None:
        values = None
        if self._values is not None and self._channel is not None:
            layout, slices = self._layout(self._values)
            values = channel_values(self._values, layout, self._channel, slices)
        self.push(*enlarged(f"{self._layer}.weight", self._step, self._channel, values))
