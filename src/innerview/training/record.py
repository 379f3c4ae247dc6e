"""Records of one step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """One parameter around one optimizer step; NaN for what was not seen.

    Attributes:
        rms: root of the mean square of the values before the step.
        gradient_rms: of its gradient.
        update_ratio: root mean square of the step's change over ``rms``.
        near_zeros: fraction of the values at most ``NEAR_ZERO`` in size.
    """

    rms: float
    gradient_rms: float
    update_ratio: float
    near_zeros: float


@dataclass(frozen=True)
class Record:
    """Statistics of one step.

    Attributes:
        step: its number, from 0.
        phase: "train", "eval", or "probe 0" and so on.
        layers: by layer name, in the order in which the layers started.
        kinds: by layer name: the class of the module.
        weights: by name of the parameter.
    """

    step: int
    layers: Mapping[str, Statistics]
    kinds: Mapping[str, str]
    phase: str = "train"
    weights: Mapping[str, WeightSample] = field(default_factory=dict)
