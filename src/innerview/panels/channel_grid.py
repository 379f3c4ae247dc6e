"""The channel grid: every channel of the chosen layer for the chosen sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.analysis.pictures.picture import display_pixels
from innerview.analysis.pictures.tiles import channel_values
from innerview.analysis.statistics.channels import active_channels
from innerview.analysis.statistics.vanished import vanished
from innerview.data.inputs import main_input, picture
from innerview.errors import DataError, InnerviewError
from innerview.jobs.worker import BACKGROUND, SOON, steps
from innerview.panels.frames import enlarged, grid, within
from innerview.panels.inspector_panel import InspectorPanel, jobs_of
from innerview.study.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.analysis.pictures.axes import Layout
    from innerview.data.samples import Batch
    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector, Look

# Over how many samples a channel must stay silent to be called dead, and over how many this is looked at in the end.
# One that is silent in a hundred is active in less than three of a hundred, with 95 % confidence (the rule of three:
# J. A. Hanley and A. Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983).
_DEAD_LEAST, _DEAD_SAMPLES = 100, 256


class ChannelGrid(InspectorPanel):
    """Every channel of the inspector's layer as a tile, for the inspector's sample; click one to enlarge it.

    Args:
        inspector: whose ``layer``, ``sample`` and ``channel`` are shown; a click sets ``channel``.
    """

    view = "channel_grid"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._slices: list[int] = []
        self._folded = True
        self._channel_axis: int | None = None
        self.watch(self._new_layer, "layer")
        self.watch(lambda _: self._draw(), "sample", "version")
        self.watch(lambda _: self._enlarge(), "channel")
        self.watch(lambda _: self._seek_dead(), "version")
        self._draw()
        self._seek_dead()

    def want_slices(self, slices: list[int]) -> None:
        """A slice slider was moved."""
        self._slices = [int(index) for index in slices]
        self._draw()

    def want_folded(self, folded: bool) -> None:  # noqa: FBT001 - a want carries one value
        """The tokens of a vision transformer are to be shown as maps, or as tokens."""
        self._folded = folded
        self._draw()

    def want_channelAxis(self, axis: int | None) -> None:  # noqa: N802 - the key of the front end
        """Another axis of the activation is to be read as its channels."""
        self._channel_axis = axis
        self._slices = []
        self._inspector.channel = None
        self._draw()
        self._seek_dead()

    def _new_layer(self, _: object) -> None:
        # How one layer's axes were read means nothing for another's.
        self._slices, self._channel_axis = [], None
        self._draw()
        self._seek_dead()

    def _draw(self) -> None:
        if self._inspector.layer is not None:
            self.run("grid", f"channels of {self._inspector.layer}", self._grid)

    def _seek_dead(self) -> None:
        if self._inspector.layer is not None:
            self.run("dead", f"dead channels of {self._inspector.layer}", self._dead, priority=BACKGROUND)

    def _enlarge(self) -> None:
        if self._inspector.layer is not None:
            self.run("channel", "one channel in full", self._channel)

    def _look(self, inspector: Inspector) -> tuple[Look, Layout, list[int]]:
        """The activation to draw, how its axes are read, and the index shown of each axis that is left over."""
        if inspector.layer is None:
            raise DataError("no layer is chosen")
        look = inspector.look(inspector.layer, inspector.sample).unpadded(inspector.axes)
        layout = inspector.axes.layout(
            inspector.layer, tuple(look.values.shape), channel_axis=self._channel_axis, fold=self._folded
        )
        return look, layout, within(layout, self._slices, middle=True)

    def _grid(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        look, layout, slices = self._look(inspector)
        measured = look.values.is_floating_point() and look.values.numel()
        gone = vanished(float(look.values.float().abs().amax())) if measured else ""
        note = "; ".join(filter(None, [look.note, gone]))
        about = {"layer": look.layer.name, "layerKind": look.layer.kind, "sample": look.sample, "note": note}
        yield grid(look.values, layout, slices, **about)
        if inspector.channel is not None:
            # The enlarged channel follows the sample.
            yield from self._channel(inspector, job)

    def _channel(self, inspector: Inspector, _: Job) -> Generator[Frame | None, None, None]:
        look, layout, slices = self._look(inspector)
        channel = inspector.channel
        if channel is None:
            yield enlarged(look.layer.name, look.sample, None, None)
            return
        if channel >= layout.channels:
            raise DataError(
                f"{look.layer.name!r} has no channel {channel}: its channels are 0 to {layout.channels - 1}"
            )
        batch, subject = inspector.batch(look.sample), inspector.subject
        value = main_input(batch)
        values = channel_values(look.values, layout, channel, slices)
        header, arrays = enlarged(look.layer.name, look.sample, channel, values)
        shown = picture(value)
        if shown is not None:
            arrays["image"] = display_pixels(shown, inspector.data.mean, inspector.data.std)[0]
            header["input"] = list(shown.shape[-2:])  # the receptive field counts in its pixels, not in those sent
            if layout.kind == "maps" and not layout.folded and look.values.ndim == 3:  # noqa: PLR2004 - [C, H, W]
                last = layout.channel_axis == 2  # noqa: PLR2004 - [H, W, C]
                if subject.field_known(look.layer.name, batch, channel_last=last):
                    field = yield from subject.receptive_field(look.layer.name, batch, channel_last=last)
                    if field is not None:
                        header["receptive"] = {"size": field.size, "stride": field.stride, "origin": field.origin}
                else:
                    self._seek_field(look.layer.name, batch, channel_last=last)
        yield header, arrays

    def _seek_field(self, layer: str, batch: Batch, *, channel_last: bool) -> None:
        """Measure the receptive field aside, unless that is under way; then send the channel again with it."""
        label = f"receptive field of {layer}"
        if any(job.label == label for job in jobs_of(self._inspector, self, "receptive")):
            return

        def work(inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
            subject = inspector.subject
            try:
                for _ in subject.receptive_field(layer, batch, channel_last=channel_last):
                    if inspector.layer != layer or inspector.channel is None:
                        return
                    yield None
            except InnerviewError:
                return  # it was not asked for, and the channel is there without it
            if inspector.channel is not None and subject.field_known(layer, batch, channel_last=channel_last):
                yield from self._channel(inspector, job)

        self.run("receptive", label, work, priority=SOON)

    def _dead(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        """Find the channels that stay silent, over some samples at first and over more of them after that.

        Over a few samples a merely selective channel is silent too, so nothing is said before enough of them, or all
        there are, were looked at.
        """
        if inspector.layer is None:
            return
        name, there = inspector.layer, len(inspector.data)
        if there == 1:
            return  # the grid itself shows the silent channels of this one
        axis, subject = self._look(inspector)[1].channel_axis, inspector.subject
        least, total = min(_DEAD_LEAST, there), min(_DEAD_SAMPLES, there)
        order = subject.data.order()
        dead: np.ndarray | None = None
        said = False
        for part in steps(total, job):
            try:
                looked = sweep(subject, name, order[part.start : part.stop].tolist())
                silent = ~active_channels(torch.cat([found.unpadded for found in looked]), axis)
            except (InnerviewError, RuntimeError):
                return  # it was not asked for: a layer whose samples cannot be compared shows no dead channels
            dead = silent if dead is None else dead & silent
            if part.stop == total or (part.stop >= least and not said):
                said = True
                header = {"kind": "dead", "layer": name, "samples": part.stop, "all": part.stop == there}
                yield header, {"dead": dead.astype(np.uint8)}
            else:
                yield None
