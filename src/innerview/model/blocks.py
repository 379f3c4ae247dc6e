"""The blocks that a model is made of: parts of one kind, one after the other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from innerview.model.layers import Layer, Layers

_CONTAINERS = (nn.Sequential.__name__, nn.ModuleList.__name__, nn.ModuleDict.__name__)
_DIMENSIONS = 2  # of a block's output, at least: fewer cannot become fewer


def blocks_of(layers: Layers) -> list[str]:
    """Name the blocks in execution order: the outermost modules with modules inside whose class comes more than once.

    ResNet's are its residual blocks, a transformer's its layers. Where there are none they are the layers with weights
    but for the last, whose output is the model's. Only those are named whose output is made of floating-point numbers
    with an axis for the samples; of a module that is called several times, the first call.
    """
    rows = [row for row in layers.values() if row.call == 1]
    outer = {row.path.rpartition(".")[0] for row in rows}
    whole = [row for row in rows if row.path in outer and row.kind not in _CONTAINERS and row.path]
    kinds = Counter(row.kind for row in whole)
    repeated = [row for row in whole if kinds[row.kind] > 1]
    found = [row for row in repeated if not any(row.path.startswith(f"{other.path}.") for other in repeated)]
    if not found:
        found = [row for row in rows if row.parameters and row.path not in outer][:-1]
    return [row.name for row in found if _compressible(row)]


def _compressible(row: Layer) -> bool:
    shape = row.shape
    return bool(shape) and row.batch_axis is not None and "float" in str(row.dtype) and max(shape) >= _DIMENSIONS
