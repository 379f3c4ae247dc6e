"""How the axes of each layer's output are read, given the layers around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.analysis.pictures.layout import Layout, choose_layout, deciding_kind, find_token_grid

if TYPE_CHECKING:
    from innerview.model.layers import Layers


class Axes:
    """Layouts of the layers of one model, each worked out once.

    Args:
        layers: the layer table.
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._rows = list(layers.values())
        self._position = {row.name: position for position, row in enumerate(self._rows)}
        self._known: dict[tuple[object, ...], Layout] = {}

    def layout(
        self, layer: str, shape: tuple[int, ...], *, channel_axis: int | None = None, fold: bool = True
    ) -> Layout:
        """How to read an activation of a layer.

        Args:
            layer: a name in the layer table.
            shape: of one sample's activation, without the batch axis; it may differ from sample to sample.
            channel_axis: overrides the choice.
            fold: False shows a vision transformer's tokens as tokens.

        Raises:
            LayoutError: there is no such ``channel_axis``.
        """
        key = (layer, shape, channel_axis, fold)
        if key not in self._known:
            self._known[key] = self._read(layer, shape, channel_axis=channel_axis, fold=fold)
        return self._known[key]

    def _read(self, layer: str, shape: tuple[int, ...], *, channel_axis: int | None, fold: bool) -> Layout:
        position = self._position[layer]
        before, row = self._rows[:position], self._rows[position]
        inside = [other for other in self._rows[position:] if other.path.startswith(f"{row.path}.")]
        tokens = len(shape) == 2  # noqa: PLR2004 - [tokens, features]
        return choose_layout(
            shape,
            kind=deciding_kind(row.kind, shape, [(other.kind, other.shape) for other in (*before, *inside)]),
            token_grid=find_token_grid(shape[0], [other.shape for other in before if other.shape]) if tokens else None,
            channel_axis=channel_axis,
            fold=fold,
        )
