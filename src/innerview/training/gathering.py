"""The histories of all processes of a distributed job, brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import distributed

from innerview.training.history import History

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


def gather(history: History, group: ProcessGroup | None = None) -> History:
    """Merge the histories of all ranks into a new one; to be called on each of them, which all get the same answer.

    What travels is the content of files without pickle. Where nothing is distributed the answer is a copy.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return history.copy()
    nccl = distributed.get_backend(group) == "nccl"
    device = torch.device("cuda", torch.cuda.current_device()) if nccl else torch.device("cpu")
    content = torch.from_numpy(np.frombuffer(history.to_bytes(), np.uint8).copy()).to(device)
    size = torch.tensor([len(content)], dtype=torch.int64, device=device)
    sizes = [torch.zeros_like(size) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(sizes, size, group=group)
    longest = max(int(each) for each in sizes)
    padded = torch.zeros(longest, dtype=torch.uint8, device=device)
    padded[: len(content)] = content
    found = [torch.empty_like(padded) for _ in sizes]
    distributed.all_gather(found, padded, group=group)
    histories = [
        History.from_bytes(each[: int(length)].cpu().numpy().tobytes())
        for each, length in zip(found, sizes, strict=True)
    ]
    return histories[0].merge(*histories[1:])
