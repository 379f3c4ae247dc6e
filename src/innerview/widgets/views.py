"""The views that stand alone: pages of one panel each, to be displayed or put into a layout of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool

from innerview.arguments import refuse_unknown_to
from innerview.panels import (
    brush_panel,
    channel_grid,
    compression_panel,
    embedding_scatter,
    layer_picker,
    quality_table,
    sample_picker,
    similarity_view,
    status_bar,
)
from innerview.panels.inspector_panel import require_inspector
from innerview.widgets.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from innerview.analysis.spaces.similarity import CosineHistogram
    from innerview.panels.inspector_panel import InspectorPanel
    from innerview.session.inspector import Inspector
    from innerview.study.compression_results import CompressionSpec
    from innerview.study.embeddings import Embedding


class View(Page):
    """A page of one panel.

    Args:
        inspector: whose selection the view shows and changes.
        layout: the place of the view in a layout of ipywidgets; see ``ipywidgets.Layout``.

    Attributes:
        active: whether the view computes (observable); it catches up when ``active`` is set to true.
        panel: what the view shows; its traits can be observed.

    Raises:
        TypeError: the argument is not an Inspector, or a keyword is misspelt.
    """

    _panel: ClassVar[type[InspectorPanel]]

    active = Bool(default_value=True)

    panel: Any = None

    def __init__(self, inspector: Inspector, *, active: bool = True, **kwargs: Any) -> None:
        require_inspector(self, inspector)
        refuse_unknown_to(self, kwargs)
        layout = {name: kwargs.pop(name) for name in ("layout",) if name in kwargs}
        self.panel = self._panel(inspector, active=active, **kwargs)
        super().__init__({self.panel.view: self.panel}, active=active, **layout)
        self.observe(lambda change: self.panel.set_trait("active", change["new"]), "active")

    @property
    def inspector(self) -> Inspector | None:
        """The inspector; None after ``close()``."""
        return self.panel.inspector


class LayerPicker(View):
    """Every layer of the inspector's model with its kind, shape, size and parameters; click one to choose it.

    Args:
        inspector: whose ``layer`` is shown and set.
    """

    _panel = layer_picker.LayerPicker


class ChannelGrid(View):
    """Every channel of the inspector's layer as a tile, for the inspector's sample; click one to enlarge it.

    Args:
        inspector: whose ``layer``, ``sample`` and ``channel`` are shown; a click sets ``channel``.
    """

    _panel = channel_grid.ChannelGrid


class SamplePicker(View):
    """The inspector's sample with the model's five likeliest classes, and thumbnails of the others to choose from.

    Args:
        inspector: whose ``sample`` is shown and set.
    """

    _panel = sample_picker.SamplePicker


class EmbeddingScatter(View):
    """A layer's samples as points, coloured by class; lasso some, and every view shows what they are.

    PCA is drawn at once; t-SNE and UMAP start when asked for, here or in the view.

    Args:
        inspector: whose ``layer`` is embedded, and whose ``brush`` and ``sample`` are shown and set.
        layer: show this layer whatever the inspector's is.
        method: "pca", "tsne" or "umap".
        model: a word for the inspector's model where two are compared, such as "untrained".
        beside: the scatter of the other model, onto whose points these are turned.
    """

    _panel = embedding_scatter.EmbeddingScatter

    def __init__(
        self,
        inspector: Inspector,
        *,
        layer: str | None = None,
        method: str = "pca",
        model: str = "",
        beside: EmbeddingScatter | None = None,
        **kwargs: Any,
    ) -> None:
        other = None if beside is None else beside.panel
        super().__init__(inspector, layer=layer, method=method, model=model, beside=other, **kwargs)

    @property
    def embedding(self) -> Embedding | None:
        """What is drawn; None before there is anything."""
        return self.panel.embedding


class BrushPanel(View):
    """The classes of the brushed samples against the rest, and each channel's mean activation over them.

    Args:
        inspector: whose ``brush`` and ``layer`` are shown; a click on a channel sets ``channel``.
    """

    _panel = brush_panel.BrushPanel


class SimilarityView(View):
    """Histograms of the cosine similarity between samples: all pairs in grey, pairs of one class in red.

    It follows the inspector's layer and, where one sample is compared with the others, its sample.

    Args:
        inspector: whose model and data are looked at.
    """

    _panel = similarity_view.SimilarityView

    @property
    def histograms(self) -> dict[tuple[str, int | None], CosineHistogram]:
        """The histograms shown, by layer and PCA rank (None: not reduced)."""
        return self.panel.histograms


class CompressionPanel(View):
    """Compress the inspector's layer, and see the loss in its channels and the accuracy that the network keeps.

    Args:
        inspector: whose model and data are looked at.
    """

    _panel = compression_panel.CompressionPanel

    def to_frame(self) -> Any:
        """The results so far as a pandas DataFrame; see ``innerview.study.compression_results.compression_table``."""
        return self.panel.to_frame()

    def choose(self, spec: CompressionSpec, also: Iterable[CompressionSpec] = ()) -> None:
        """Compress a layer in this way, which becomes the inspector's layer, and evaluate what accuracy is left.

        Args:
            spec: the layer, its rank, basis ("off" for none) and axis.
            also: other layers to compress with it.

        Raises:
            UnknownLayerError, UnseenLayerError: there is no such layer, or its output cannot be seen.
            DataError: an unknown basis or axis, or a rank that the layer does not have.
        """
        self.panel.choose(spec, also)


class QualityTable(View):
    """A row for each layer, model and space: distances within and between classes, kNN accuracy, trustworthiness.

    Args:
        inspector: whose layers are measured, and those of its ``baseline`` beside them.
    """

    _panel = quality_table.QualityTable

    def to_frame(self) -> Any:
        """The rows measured so far as a pandas DataFrame, which has ``to_latex()``."""
        return self.panel.to_frame()


class StatusBar(View):
    """Model, data, chosen layer, accuracy and running jobs of an Inspector in one line."""

    _panel = status_bar.StatusBar
