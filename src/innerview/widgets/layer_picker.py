"""The layer picker: a searchable tree of every layer, to choose one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.widgets.base import View
from innerview.widgets.frame_widget import static

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.session.inspector import Inspector
    from innerview.widgets.frame_widget import Frame


class LayerPicker(View):
    """Every layer of the inspector's model with its kind, shape, size and parameters; click one to choose it.

    Args:
        inspector: whose ``layer`` is shown and set.
    """

    _esm = static("layer_picker.js")

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self.watch(lambda _: self._push_selected(), "layer")
        self.watch(lambda _: self._list(), "version")
        self._list()
        self._push_selected()

    def want_layer(self, name: str) -> None:
        """A row was chosen."""
        if self.inspector is not None:
            self.inspector.layer = name

    def _push_selected(self) -> None:
        if self.inspector is not None:
            self.push({"kind": "selected", "layer": self.inspector.layer})

    def _list(self) -> None:
        self.run("layers", "listing the layers", self._layers)

    def _layers(self, _: Job) -> Generator[Frame, None, None]:
        inspector = self.inspector
        if inspector is None:
            return
        rows = [
            {
                "name": row.name,
                "kind": row.kind,
                "shape": None if row.shape is None else list(row.shape),
                "size": row.size,
                "parameters": row.parameters,
                "calls": row.calls,
                "status": row.status.value,
                "note": row.note,
            }
            for row in inspector.layers.values()
        ]
        parameters = sum(p.numel() for p in inspector.model.parameters())
        name = type(inspector.model).__name__
        yield {"kind": "layers", "model": name, "parameters": parameters, "rows": rows}, {}
