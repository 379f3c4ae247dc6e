"""What would have worked where a model rejects its input: a line to give as ``unpack``, for what is usually amiss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_PLANES = (1, 3, 4)
_MISSING = re.compile(r"missing \d+ required positional argument")
_A_LIST = re.compile(r"must be Tensor, not (?:list|tuple)|'(?:list|tuple)' object has no attribute")
_TOO_MANY = re.compile(r"takes .* positional arguments? but|unexpected keyword argument")


def ways_out(error: Exception, given: Sequence[Tensor], *, floats: bool) -> list[str]:
    """Sentences on what to change, for bytes in place of floats, channels last, and another form of several inputs.

    Args:
        error: what the forward raised.
        given: the tensors that were fed.
        floats: whether the model's weights are floating point numbers.
    """
    text = str(error)
    if isinstance(error, TypeError) and (_MISSING.search(text) or _TOO_MANY.search(text)):
        return ["what is fed can be said: unpack=lambda batch: ((batch[0], batch[1]), {}, batch[2])"]
    if isinstance(error, (TypeError, AttributeError)) and _A_LIST.search(text):
        return ["a list was fed as one input; for several inputs: unpack=lambda batch: (tuple(batch[0]), {}, batch[1])"]
    if "more than 1 value per channel" in text:
        return [
            "a BatchNorm without running averages (track_running_stats=False) cannot see one sample alone: give more"
        ]
    image = next((tensor for tensor in given if tensor.ndim == 4), None)  # noqa: PLR2004 - [N, C, H, W]
    if image is None or not floats:
        return []
    amiss, made = [], "batch[0]"
    if image.shape[3] in _PLANES and image.shape[1] not in _PLANES:
        amiss.append("the input has its channels last")
        made += ".permute(0, 3, 1, 2)"
    if not image.is_floating_point():
        amiss.append("the input is whole numbers where the model's weights are floats")
        made += ".float() / 255"
    return [f"{'; '.join(amiss)}: unpack=lambda batch: (({made},), {{}}, batch[1])"] if amiss else []
