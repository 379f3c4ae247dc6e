"""innerview: see inside any PyTorch model, live, in your notebook.

Names are loaded when they are first used (PEP 562), so that importing the package costs next to nothing and the
Jupyter server can load `innerview.server_extension` without loading torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from innerview import datasets as datasets
    from innerview import demo as demo
    from innerview import errors as errors
    from innerview import training as training
    from innerview.analysis.projections.projection import fit_projection as fit_projection
    from innerview.analysis.spaces.quality import embedding_quality as embedding_quality
    from innerview.analysis.spaces.similarity import cosine_histogram as cosine_histogram
    from innerview.session.inspector import Inspector as Inspector
    from innerview.training.history import History as History
    from innerview.training.monitor import Monitor as Monitor
    from innerview.widgets.explorer import Explorer as Explorer
    from innerview.widgets.explorer import explore as explore
    from innerview.widgets.monitor_view import MonitorView as MonitorView
    from innerview.widgets.views import BrushPanel as BrushPanel
    from innerview.widgets.views import ChannelGrid as ChannelGrid
    from innerview.widgets.views import CompressionPanel as CompressionPanel
    from innerview.widgets.views import EmbeddingScatter as EmbeddingScatter
    from innerview.widgets.views import LayerPicker as LayerPicker
    from innerview.widgets.views import QualityTable as QualityTable
    from innerview.widgets.views import SamplePicker as SamplePicker
    from innerview.widgets.views import SimilarityView as SimilarityView

__version__ = "0.1.0"

_MODULES = ("datasets", "demo", "errors", "training")
_HOME = {
    "BrushPanel": "innerview.widgets.views",
    "ChannelGrid": "innerview.widgets.views",
    "CompressionPanel": "innerview.widgets.views",
    "EmbeddingScatter": "innerview.widgets.views",
    "Explorer": "innerview.widgets.explorer",
    "History": "innerview.training.history",
    "Inspector": "innerview.session.inspector",
    "LayerPicker": "innerview.widgets.views",
    "Monitor": "innerview.training.monitor",
    "MonitorView": "innerview.widgets.monitor_view",
    "QualityTable": "innerview.widgets.views",
    "SamplePicker": "innerview.widgets.views",
    "SimilarityView": "innerview.widgets.views",
    "cosine_histogram": "innerview.analysis.spaces.similarity",
    "embedding_quality": "innerview.analysis.spaces.quality",
    "explore": "innerview.widgets.explorer",
    "fit_projection": "innerview.analysis.projections.projection",
}
# How a notebook displays an object whose room knows nothing of widgets.
_SHOWN_BY = {"Monitor": "MonitorView"}

__all__ = [
    "BrushPanel",
    "ChannelGrid",
    "CompressionPanel",
    "EmbeddingScatter",
    "Explorer",
    "History",
    "Inspector",
    "LayerPicker",
    "Monitor",
    "MonitorView",
    "QualityTable",
    "SamplePicker",
    "SimilarityView",
    "cosine_histogram",
    "datasets",
    "demo",
    "embedding_quality",
    "errors",
    "explore",
    "fit_projection",
    "training",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"innerview.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'innerview' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_HOME[name]), name)
    if name in _SHOWN_BY:
        view = _SHOWN_BY[name]
        value._repr_mimebundle_ = lambda self, **how: __getattr__(view)(self)._repr_mimebundle_(**how)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
