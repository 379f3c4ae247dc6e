"""Run only what comes after a layer: record the forward of a batch once, then try many values of the layer's output.

Every operation of the recorded forward goes by a ``TorchDispatchMode``. When it is replayed, the model's own Python runs
again, but the operations before the layer's return are skipped: each returns, without computing, a tensor of the
recorded shape and strides. Those that are read after the layer, or that outlive the forward, hold their recorded values;
the others hold zeros, so that whatever reads them past torch (``tensor.numpy()``) does the same in every replay.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode

from innerview.model.calls import Calls, locate, modules_of
from innerview.model.intervene import explain_unseen, forward_with, laid_out, put_back
from innerview.model.outputs import activation, copied, mapped, tensors
from innerview.model.state import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import UntypedStorage
