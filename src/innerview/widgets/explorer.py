"""The Explorer: all views of one model on one page, sharing one selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from innerview.inspector import Inspector
from innerview.widgets.channel_grid import ChannelGrid
from innerview.widgets.layer_picker import LayerPicker
from innerview.widgets.sample_picker import SamplePicker
from innerview.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn


class Explorer(ipywidgets.Box):
    """The dashboard of an Inspector: status, layers, channels and sample.

    Args:
        inspector: whose selection the views share.

    Attributes:
        inspector: the Inspector; its ``layer``, ``sample`` and ``channel`` can be set from Python too.
        layers, channels, samples, status: the views.
    """

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector
        self.status = StatusBar(inspector)
        self.layers = LayerPicker(inspector)
        self.channels = ChannelGrid(inspector)
        self.samples = SamplePicker(inspector)
        parts = {"status": self.status, "layers": self.layers, "main": self.channels, "sample": self.samples}
        for name, view in parts.items():
            view.add_class(f"innerview-explorer-{name}")
        body = ipywidgets.Box(list(parts.values()))
        body.add_class("innerview-explorer-body")
        super().__init__([body])
        self.add_class("innerview-explorer")

    def close(self) -> None:
        """Close the views and the Inspector; nothing of the model is kept."""
        for body in self.children:
            for view in body.children:
                view.close()
            body.close()
        self.inspector.close()
        super().close()


def explore(
    model: nn.Module,
    data: Any,
    *,
    classes: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
) -> Explorer:
    """See inside a model: its layers, what every channel does for a sample, and what the model says of it.

    Args:
        model: any ``torch.nn.Module``; nothing of it is changed.
        data: a DataLoader, a Dataset, a tensor of inputs, a pair ``(inputs, labels)``, or a dict of tensors.
        classes: a name for each label.
        mean: of the inputs' normalisation, undone for display; found in the data's transform when it has one.
        std: likewise.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` for data of an unusual form.

    Returns:
        The Explorer: display it, or use its ``inspector`` from Python.

    Raises:
        DataError: data that cannot be used as given.
        ForwardError: the model rejects the data; says what was fed.
    """
    inspector = Inspector(model, data, classes=classes, mean=mean, std=std, unpack=unpack)
    try:
        inspector.layer = _first_choice(inspector)
        return Explorer(inspector)
    except BaseException:
        inspector.close()
        raise


def _first_choice(inspector: Inspector) -> str | None:
    """The first layer worth looking at: one that makes maps, else the first that can be seen."""
    seen = [row for row in inspector.layers.values() if row.shape is not None]
    leaves = [row for row in seen if not any(other.path.startswith(f"{row.path}.") for other in seen)]
    maps = [row for row in leaves if row.shape is not None and len(row.shape) == 3]  # noqa: PLR2004 - [C, H, W]
    chosen = next(iter([*maps, *leaves, *seen]), None)
    return None if chosen is None else chosen.name
