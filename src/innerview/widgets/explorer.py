"""The Explorer: all views of one model on one page, sharing one selection."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, Literal

from traitlets import dlink

from innerview.arguments import strict
from innerview.panels.brush_panel import BrushPanel
from innerview.panels.channel_grid import ChannelGrid
from innerview.panels.compression_panel import CompressionPanel
from innerview.panels.dashboard import Dashboard
from innerview.panels.embedding_scatter import EmbeddingScatter
from innerview.panels.inspector_panel import require_inspector
from innerview.panels.layer_picker import LayerPicker
from innerview.panels.quality_table import QualityTable
from innerview.panels.sample_picker import SamplePicker
from innerview.panels.similarity_view import SimilarityView
from innerview.panels.status_bar import StatusBar
from innerview.session.inspector import Inspector
from innerview.widgets.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor, nn

    from innerview.panels.inspector_panel import InspectorPanel

_AT_ONCE = ["dashboard", "status", "layers", "samples", "channels"]  # panels that the page opens with


class Explorer(Page):
    """The dashboard of an Inspector: status, layers and sample around the views to choose from.

    Args:
        inspector: whose selection the views share.

    Attributes:
        inspector: the Inspector; its ``layer``, ``sample``, ``channel`` and ``brush`` can be set from Python too.
        layers, samples, status: the panels that are always there.
        channels, embedding, brush, similarity, compression, quality: the panels on the tabs; ``embedding`` is followed
            by ``baseline_embedding`` when the Inspector has a baseline.
        dashboard: its ``tab`` is the title of the tab that is looked at, and can be set.
    """

    @strict
    def __init__(self, inspector: Inspector) -> None:
        require_inspector(self, inspector)
        self.inspector = inspector
        against = inspector.baseline
        self.status = StatusBar(inspector)
        self.layers = LayerPicker(inspector)
        self.samples = SamplePicker(inspector)
        self.channels = ChannelGrid(inspector)
        self.embedding = EmbeddingScatter(inspector, model="trained" if against else "", active=False)
        self.baseline_embedding: EmbeddingScatter | None = None
        self.brush = BrushPanel(inspector, active=False)
        self.similarity = SimilarityView(inspector, active=False)
        self.compression = CompressionPanel(inspector, active=False)
        self.quality = QualityTable(inspector, active=False)
        self._tabs: dict[str, dict[str, InspectorPanel]] = {
            "Channels": {"channels": self.channels},
            "Embedding": {"embedding": self.embedding, "brush": self.brush},
            "Similarity": {"similarity": self.similarity},
            "Compression": {"compression": self.compression},
            "Quality": {"quality": self.quality},
        }
        if against is not None:
            made = EmbeddingScatter(against, model="untrained", beside=self.embedding, active=False)
            self.baseline_embedding = made
            self._tabs["Embedding"] = {"embedding": self.embedding, "baseline": made, "brush": self.brush}
            self._follow = dlink(
                (inspector, "layer"), (against, "layer"), lambda name: name if name in against.layers else None
            )
        self.dashboard = Dashboard(inspector, {title: list(panels) for title, panels in self._tabs.items()})
        around = {"dashboard": self.dashboard, "status": self.status, "layers": self.layers, "samples": self.samples}
        panels = {name: panel for tab in self._tabs.values() for name, panel in tab.items()}
        super().__init__(around | panels, first=_AT_ONCE)
        self._activate()
        self.dashboard.observe(lambda _: self._activate(), "tab")
        self.brush.observe(self._show_channel, "clicked")
        self.observe(lambda change: self._seen(shown=change["new"]), "shown")

    def close(self) -> None:
        """Close the views and the Inspector; nothing of the model is kept."""
        super().close()
        self.inspector.close()

    def rest(self) -> None:
        """Do nothing until a page shows it again; for an Explorer whose cell was run again and shows another one."""
        self.want_shown(shown=False)

    def _seen(self, *, shown: bool) -> None:
        self.inspector.resting = not shown
        if shown:
            self.inspector.refresh()
        self._activate()

    def _activate(self) -> None:
        """Let only the panels compute that are looked at."""
        for title, panels in self._tabs.items():
            for panel in panels.values():
                panel.active = self.shown and title == self.dashboard.tab

    def _show_channel(self, change: Any) -> None:
        if change["new"] is not None:
            self.dashboard.tab = "Channels"


@strict
def explore(
    model: nn.Module,
    data: Any,
    *,
    classes: Sequence[str] | Mapping[Any, Any] | None = None,
    labels: Any = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
    baseline: nn.Module | Literal["untrained"] | None = None,
    training: Any = None,
) -> Explorer:
    """See inside a model: its layers, every channel's response to a sample, and the model's prediction.

    Args:
        model: any ``torch.nn.Module``; nothing of it is changed.
        data: a DataLoader, a Dataset, a tensor of inputs, a pair ``(inputs, labels)``, or a dict of tensors.
        classes: a name for each label, in order, or a dict from number to name or from name to number.
        labels: the labels, one a sample, as numbers or names; or the part of a batch that holds them, by its position
            or name. None: they are found by name, position and meaning; in doubt the header says which they are.
        mean: the mean of the inputs' normalisation, undone for display; found in the data's transform when it has one.
        std: the standard deviation of the inputs' normalisation; found as the mean is.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` for data of an unusual form.
        baseline: a model to compare with, of the same layers; "untrained" draws this one's parameters anew.
        training: samples that projections are fitted to, in any form of ``data``; None: a part of ``data``.

    Returns:
        The Explorer: display it, or use its ``inspector`` from Python.

    Raises:
        DataError: data that cannot be used as given.
        ForwardError: the model rejects the data; the message describes the input.
    """
    inspector = Inspector(
        model,
        data,
        classes=classes,
        labels=labels,
        mean=mean,
        std=std,
        unpack=unpack,
        baseline=baseline,
        training=training,
    )
    try:
        inspector.layer = _first_choice(inspector)
        made = Explorer(inspector)
    except BaseException:
        inspector.close()
        raise
    _rest_those_before(made)
    return made


_made: dict[str, list[tuple[str, weakref.ref[Explorer]]]] = {}  # by cell: which run of it, and what it made


def _rest_those_before(made: Explorer) -> None:
    """Let the Explorers rest that earlier runs of this cell have made: their output is gone."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    parent = getattr(shell, "get_parent", None)
    request = None if parent is None else parent()
    cell = (request or {}).get("metadata", {}).get("cellId")
    if request is None or cell is None:  # a front end that does not tell
        return
    run = str(request["header"]["msg_id"])
    others = [(number, one) for number, one in _made.get(cell, []) if one() is not None]
    for number, one in others:
        explorer = one()
        if number != run and explorer is not None:
            explorer.rest()
    _made[cell] = [*others, (run, weakref.ref(made))]


def _first_choice(inspector: Inspector) -> str | None:
    """The first layer worth looking at: one that makes maps, else the first that can be seen."""
    seen = [row for row in inspector.layers.values() if row.shape is not None]
    leaves = [row for row in seen if not any(other.path.startswith(f"{row.path}.") for other in seen)]
    maps = [row for row in leaves if row.shape is not None and len(row.shape) == 3]  # noqa: PLR2004 - [C, H, W]
    chosen = next(iter([*maps, *leaves, *seen]), None)
    return None if chosen is None else chosen.name
