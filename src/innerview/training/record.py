"""Records of one step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from innerview.analysis.statistics.accumulators import Statistics


@dataclass(frozen=True)
class Event:
    """Something that happened during a run.

    Attributes:
        step: when.
        kind: "epoch", "pause", "resume", "action", "undo", "error", "layer", "loss", ...
        text: a sentence for people.
        layer: the layer that it is about, if any.
    """

    step: int
    kind: str
    text: str
    layer: str = ""


class WeightSample(NamedTuple):
    """One parameter around one optimizer step, in the numbers of ``Weights``; NaN for what was not seen."""

    rms: float
    gradient_rms: float
    update_ratio: float
    near_zeros: float


@dataclass(frozen=True)
class Record:
    """Statistics of one step, of some or all of the layers, with the class of each, and of parameters.

    The layers are in the order in which they started; ``order`` has that of more of them, where it is known.
    """

    step: int
    layers: Mapping[str, Statistics]
    kinds: Mapping[str, str]
    phase: str = "train"  # or "eval", "probe 0", ...
    weights: Mapping[str, WeightSample] = field(default_factory=dict)
    order: Sequence[str] = ()
