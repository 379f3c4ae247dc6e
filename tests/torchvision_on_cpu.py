"""Lets torchvision be imported beside a CPU build of torch.

The torchvision wheel on PyPI is linked against CUDA. Beside a CPU build of torch its extension cannot load, and then
its import fails with "operator torchvision::nms does not exist" (pytorch/vision, `torchvision/_meta_registrations.py`).
The two operators that the import needs are declared here, and nms gets a plain implementation, so that detection models
run.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch


def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Keep the best box, drop those that overlap it too much, go on with the next; [N, 4] and [N] to indices [K]."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = scores.argsort(descending=True, stable=True)
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        overlap = torch.minimum(boxes[best, 2:], boxes[order, 2:]) - torch.maximum(boxes[best, :2], boxes[order, :2])
        shared = overlap.clamp(min=0).prod(dim=1)
        order = order[shared / (area[best] + area[order] - shared) <= iou_threshold]
    return torch.stack(kept) if kept else order


def _extension_loads() -> bool:
    found = find_spec("torchvision")
    if found is None or not found.submodule_search_locations:
        return True
    try:
        for library in Path(found.submodule_search_locations[0]).glob("_C*"):
            torch.ops.load_library(str(library))
    except OSError:
        return False
    return True


if not _extension_loads():
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.impl("nms", _nms, "CPU")
    import torchvision.ops.boxes

    torchvision.ops.boxes._assert_has_ops = lambda: None
