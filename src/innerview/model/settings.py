"""Settings of torch, which are everybody's, put back where a model's forward changes them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def settings_kept() -> Iterator[None]:
    """Put the default type and device, deterministic algorithms and the detection of anomalies back afterwards."""
    dtype, device = torch.get_default_dtype(), _device()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    anomalies, checks = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if _device() != device:
            torch.set_default_device(device)
        if torch.are_deterministic_algorithms_enabled() is not deterministic:
            torch.use_deterministic_algorithms(deterministic, warn_only=warns)
        torch.set_anomaly_enabled(anomalies, checks)


def _device() -> torch.device | None:
    """The default device that was set; ``torch.get_default_device()`` says "cpu" where none was."""
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)  # noqa: SLF001 - no public way
    return None if context is None else context.device
