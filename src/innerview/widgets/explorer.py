"""The Explorer: all views of one model on one page, sharing one selection."""

from __future__ import annotations

import sys
import weakref
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import ipywidgets
from traitlets import dlink

from innerview.arguments import strict
from innerview.session.inspector import Inspector
from innerview.widgets.compression_panel import CompressionPanel
from innerview.widgets.page import Page
from innerview.widgets.similarity_view import SimilarityView
from innerview.widgets.views import (
    BrushPanel,
    ChannelGrid,
    EmbeddingScatter,
    LayerPicker,
    QualityTable,
    SamplePicker,
    StatusBar,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor, nn


class Explorer(ipywidgets.Box):
    """The dashboard of an Inspector: status, layers and sample around the views to choose from.

    Args:
        inspector: whose selection the views share.

    Attributes:
        inspector: the Inspector; its ``layer``, ``sample``, ``channel`` and ``brush`` can be set from Python too.
        layers, samples, status: the views that are always there.
        channels, embedding, brush, similarity, compression, quality: the views on the tabs; ``embedding`` is followed
            by ``baseline_embedding`` when the Inspector has a baseline.
    """

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector
        self.status = StatusBar(inspector)
        self.layers = LayerPicker(inspector)
        self.channels = ChannelGrid(inspector)
        self.samples = SamplePicker(inspector)
        against = inspector.baseline
        self.embedding = EmbeddingScatter(inspector, model="trained" if against else "", active=False)
        self.baseline_embedding: EmbeddingScatter | None = None
        scatters = [self.embedding]
        if against is not None:
            self.baseline_embedding = EmbeddingScatter(against, model="untrained", beside=self.embedding, active=False)
            scatters.append(self.baseline_embedding)
        self.brush = BrushPanel(inspector, active=False)
        self.similarity = SimilarityView(inspector, active=False)
        self.compression = CompressionPanel(inspector, active=False)
        self.quality = QualityTable(inspector, active=False)
        self._tabs = {
            "Channels": [self.channels],
            "Embedding": [*scatters, self.brush],
            "Similarity": [self.similarity],
            "Compression": [self.compression],
            "Quality": [self.quality],
        }
        self._views = [self.status, self.layers, self.samples, *chain.from_iterable(self._tabs.values())]
        pages = [ipywidgets.Box() for _ in self._tabs]
        for title, page in zip(self._tabs, pages, strict=True):
            page.add_class(f"innerview-explorer-{title.lower()}")
        self._main = ipywidgets.Tab(pages, titles=list(self._tabs))
        self._open()
        self._main.observe(lambda _: self._open(), "selected_index")
        self.brush.panel.observe(self._show_channel, "clicked")
        parts = {"status": self.status, "layers": self.layers, "main": self._main, "sample": self.samples}
        for name, view in parts.items():
            view.add_class(f"innerview-explorer-{name}")
        body = ipywidgets.Box(list(parts.values()))
        body.add_class("innerview-explorer-body")
        super().__init__([body])
        self.add_class("innerview-explorer")
        self.status.observe(lambda change: self._seen(shown=change["new"]), "shown")
        if against is not None:
            self.add_class("innerview-explorer-two")
            self._main.children[1].add_class("innerview-explorer-compared")
            self._follow = dlink(
                (inspector, "layer"), (against, "layer"), lambda name: name if name in against.layers else None
            )

    def close(self) -> None:
        """Close the views and the Inspector; nothing of the model is kept."""
        for widget in [*self._views, *self._main.children, self._main, *self.children]:
            widget.close()
        self.inspector.close()
        super().close()

    def rest(self) -> None:
        """Do nothing until a page shows it again; for an Explorer whose cell was run again and shows another one."""
        for view in self._views:
            if isinstance(view, Page):
                view.want_shown(shown=False)

    def _seen(self, *, shown: bool) -> None:
        self.inspector.resting = not shown
        if shown:
            self.inspector.refresh()
        self._open()

    def _open(self) -> None:
        """Fill the page that is looked at, and let only its views compute."""
        for number, (page, views) in enumerate(zip(self._main.children, self._tabs.values(), strict=True)):
            shown = number == (self._main.selected_index or 0) and self.status.shown
            if shown and not page.children:
                # Only now, since a page that is never opened need not be drawn.
                page.children = views
            for view in views:
                panel = getattr(view, "panel", view)
                if panel.active != shown:
                    panel.active = shown

    def _show_channel(self, change: Any) -> None:
        if change["new"] is not None:
            self._main.selected_index = list(self._tabs).index("Channels")


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
