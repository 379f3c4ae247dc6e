"""The charts of a training run, and how they are drawn from its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from innerview.training.series import gaps
from innerview.widgets.bqplot_parts import COLOURS, GREY
from innerview.widgets.event_marks import EventMark, marks_of
from innerview.widgets.line_marks import Line
from innerview.widgets.live_charts import HeatChart, LiveChart
from innerview.widgets.time_axis import TimeAxis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np

    from innerview.training.diagnosis import Finding
    from innerview.training.history import History
    from innerview.training.series import LayerSeries


_TITLE = 46  # letters


class MonitorCharts:
    """The loss, the range of a channel, what the layers do, and a heat map for each of them: over the same steps.

    ``zoomed`` is called after another interval of the steps was chosen; with it, or with None for the whole run.
    """

    def __init__(self, zoomed: Callable[[tuple[float, float] | None], None]) -> None:
        self.time = TimeAxis(zoomed)
        self.loss = LiveChart(self.time, "loss · learning rate, dotted", right=True, right_logarithmic=True)
        self.std = LiveChart(self.time, "standard deviation of the activations", logarithmic=True)
        self.mean = LiveChart(self.time, "mean of the activations")
        self.near = LiveChart(self.time, "fraction near zero", tick_format=".6~%")
        self.heat: list[HeatChart] = []
        self.ranges: list[LiveChart] = []
        self.loss.figure.layout.order = "-2"
        self.grid = ipywidgets.GridBox(
            layout={
                "grid_template_columns": "repeat(auto-fit, minmax(300px, 1fr))",
                "width": "100%",
                "grid_gap": "4px 8px",
                "overflow": "hidden",
            }
        )
        self._lay_out(0, 0)

    def draw(
        self,
        history: History,
        other: History | None,
        findings: Iterable[Finding],
        layers: Sequence[str],
        channel: int | None,
    ) -> str:
        """Draw a run, and dashed the one that it is compared with: layers, which it knows, and a channel of the first.

        Returns:
            Why there is no range of the channel that was asked for; "" when there is.
        """
        self.time.show(max(history.step, other.step if other else 0))
        events = marks_of(history.events, findings)
        self._draw_run(history, other, events)
        heat = self._draw_layers(history, other, layers, events)
        ranges, missing = 0, ""
        if layers and channel is not None:
            ranges = self._draw_channel(history, layers[0], channel, events)
            missing = "" if ranges else _no_channel(history.series(layers[0]), channel)
        self._lay_out(heat, ranges)
        return missing

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        for chart in [self.loss, self.std, self.mean, self.near, *self.heat, *self.ranges]:
            chart.close()
        self.time.close()
        self.grid.close()

    def _draw_run(self, history: History, other: History | None, events: Sequence[EventMark]) -> None:
        def metric(of: History, name: str) -> list[Line]:
            return [Line(*of.metric(name), GREY)] if name in of.metrics else []

        self.loss.show(
            metric(history, "loss"),
            dashed=metric(other, "loss") if other else (),
            right=metric(history, "lr"),
            events=events,
        )

    def _draw_layers(
        self, history: History, other: History | None, layers: Sequence[str], events: Sequence[EventMark]
    ) -> int:
        """Draw what the layers do; how many heat maps there are."""
        colours = dict(zip(layers, COLOURS, strict=False))
        now = [history.series(layer) for layer in layers]
        before = [other.series(layer) for layer in layers if layer in other.layers] if other else []
        for chart, what in ((self.std, "std"), (self.mean, "mean"), (self.near, "near_zeros")):
            solid, dashed = (
                [_line(series, getattr(series, what), colours[series.layer]) for series in run] for run in (now, before)
            )
            chart.show(solid, dashed=dashed, events=events)
        theirs = marks_of(other.events, ()) if other else []
        wanted = [(series, "", events) for series in now]
        wanted += [(series, ", compared", theirs) for series in before]
        wanted.sort(key=lambda one: layers.index(one[0].layer))  # what is compared side by side
        while len(self.heat) < len(wanted):
            self.heat.append(HeatChart(self.time))
        for chart, (series, what, happened) in zip(self.heat, wanted, strict=False):
            chart.show(series, _title(series.layer, what), colours[series.layer], happened)
        return len(wanted)

    def _draw_channel(self, history: History, layer: str, channel: int, events: Sequence[EventMark]) -> int:
        """Draw the range of a channel; how many charts that takes."""
        probes = [(history.probe(number, layer), f"probe {number}") for number in range(history.probes)]
        shown = [(series, of) for series, of in probes if len(series.steps) > 1] or [(history.series(layer), "batches")]
        shown = [(series, of) for series, of in shown if channel < series.channel_low.shape[1]]
        while len(self.ranges) < len(shown):
            self.ranges.append(LiveChart(self.time, "", right=True))
            self.ranges[-1].figure.layout.order = "-1"
        for chart, (series, of) in zip(self.ranges, shown, strict=False):
            colour = COLOURS[0]
            low, high = series.channel_low[:, channel], series.channel_high[:, channel]
            chart.show(
                (),
                bands=[_line(series, high, colour), _line(series, low, colour)],
                right=[_line(series, series.channel_std[:, channel], GREY)],
                events=events,
                title=_title(layer, f" channel {channel}, {of} · std dotted"),
            )
        return len(shown)

    def _lay_out(self, heat: int, ranges: int) -> None:
        """Put the charts that show something into the page.

        Those that may come and go are the last of the children, wherever they stand: ipywidgets makes all again from
        the first one on that is another, and bqplot fails in one that is removed while it is being made.
        """
        charts = [self.loss, self.std, self.mean, self.near, *self.heat[:heat], *self.ranges[:ranges]]
        figures = tuple(chart.figure for chart in charts)
        if self.grid.children != figures:
            self.grid.children = figures


def _line(series: LayerSeries, values: np.ndarray, colour: str) -> Line:
    return Line(series.steps, values, colour, gaps(series.steps, series.spans))


def _title(layer: str, what: str) -> str:
    """A title that fits above the narrowest chart: of a long name the end, which tells layers apart."""
    room = _TITLE - len(what)
    layer = f"layer {layer}" if layer.isdecimal() else layer  # in a Sequential the name is a mere number
    return (layer if len(layer) <= room else f"…{layer[1 - room :]}") + what


def _no_channel(series: LayerSeries, channel: int) -> str:
    count = series.channel_low.shape[1]
    if not count:
        return f"{series.layer} has no channel {channel}: none of its channels were recorded"
    return f"{series.layer} has no channel {channel}: it has {count}, from 0 to {count - 1}"
