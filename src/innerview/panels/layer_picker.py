"""The layer picker: a searchable tree of every layer, to choose one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.panels.frames import selected
from innerview.panels.inspector_panel import InspectorPanel

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector


class LayerPicker(InspectorPanel):
    """Every layer of the inspector's model with its kind, shape, size and parameters; click one to choose it.

    Args:
        inspector: whose ``layer`` is shown and set.
    """

    view = "layer_picker"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self.watch(lambda _: self._list(), "version")
        self._list()
        self.follow(selected, "layer")

    def _list(self) -> None:
        self.run("layers", "listing the layers", _layers)


def _layers(inspector: Inspector, _: Job) -> Generator[Frame, None, None]:
    rows = [
        {name: getattr(row, name) for name in ("name", "kind", "size", "parameters", "calls", "note")}
        | {"shape": None if row.shape is None else list(row.shape), "status": row.status.value}
        for row in inspector.layers.values()
    ]
    parameters = sum(p.numel() for p in inspector.model.parameters())
    name = type(inspector.model).__name__
    yield {"kind": "layers", "model": name, "parameters": parameters, "rows": rows}, {}
