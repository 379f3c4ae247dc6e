"""The view of a training run: a table of layers above live charts."""

from __future__ import annotations

import logging
import threading
import time
from html import escape
from numbers import Integral
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from innerview.arguments import strict
from innerview.errors import InnerviewError, LayoutError, UnseenLayerError
from innerview.panels.monitor_table import MonitorTable
from innerview.panels.refresher import Refresher
from innerview.panels.weight_grid import WeightGrid
from innerview.session.inspector import Inspector
from innerview.training.diagnosis import Finding, diagnose
from innerview.training.history import History
from innerview.training.monitor import Monitor
from innerview.widgets.bqplot_parts import COLOURS
from innerview.widgets.monitor_bar import MonitorBar
from innerview.widgets.monitor_charts import MonitorCharts
from innerview.widgets.page import Page
from innerview.widgets.waiting_clicks import WaitingClicks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger("innerview")
_MOST = 6  # layers in the charts
_FIRST = 3  # that are chosen at first
_SHARE = 0.05  # of the time, that showing may take of a processor
_OF_BUDGET = 0.5  # of what recording and showing may cost together, showing takes so much at most
_LEAST = 0.001  # of the time for showing, whatever the budget says
_JUDGING = 0.25  # of what showing takes goes into diagnosing, the rest into drawing
_TOLD = 4  # events in words


class MonitorView(ipywidgets.VBox):
    """A ``Monitor`` in a notebook: the state of the run, a row for each layer, and charts of those chosen.

    It is brought up to date on a thread of its own, from copies of the history: the training thread only says that
    there is something new. Several views of one monitor may be open.

    Args:
        monitor: the run; or the ``History`` of one that is over.
        compare: another run, drawn dashed in the same charts: a monitor or a history.
        inspector: of the same model: its layer is the first one in the charts, and its channel is the one whose range
            is drawn; what is chosen in one of them is chosen in the other.

    Attributes:
        layers: names of the layers in the charts (settable); channel and weights are those of the first one.
        channel: the channel of the first layer whose range is drawn (settable); None for none.

    Raises:
        TypeError: an argument of another kind.
    """

    _open = False  # until it is made

    @strict
    def __init__(
        self,
        monitor: Monitor | History,
        *,
        compare: Monitor | History | None = None,
        inspector: Inspector | None = None,
    ) -> None:
        self._source = _history_of(monitor, "monitor")
        self._other = None if compare is None else _history_of(compare, "compare")
        if inspector is not None and not isinstance(inspector, Inspector):
            raise TypeError(f"inspector={inspector!r}: an innerview.Inspector of the same model")
        self.monitor = monitor if isinstance(monitor, Monitor) else None
        self.inspector = inspector
        self._layers: list[str] = []
        self._channel: int | None = None
        self._findings: Sequence[Finding] | None = None  # until it was judged
        self._judged, self._judging = 0.0, 0.0  # when it was, and how long that took
        self._judging_now = 0.0  # in this round
        self._judged_whole: Any = None  # what there was when that was after its end: a run may go on later
        self._lock = threading.RLock()
        self._charts = MonitorCharts(self._zoomed)
        weights = None if self.monitor is None else self._show_weights
        self._bar = MonitorBar(self._picked, weights, self.zoom, compared=compare is not None)
        self.table = MonitorTable(self.monitor, self._choose, self._changed, _MOST)
        self.weights = WeightGrid(self._tile)
        self._pages = [Page({"table": self.table}), Page({"weights": self.weights})]
        self._pages[0].add_class("innerview-monitor-table")
        self._pages[1].add_class("innerview-monitor-weights")
        self._weights_box = ipywidgets.Box([self._pages[1]], layout={"display": "none", "width": "100%"})
        self._told = ipywidgets.HTML(layout={"margin": "0 8px"})
        super().__init__(
            [self._pages[0], self._bar, self._charts.grid, self._told, self._weights_box],
            layout={"width": "100%", "min_width": "0"},
        )
        self.add_class("innerview")
        self.add_class("innerview-monitor")
        self._open = True
        self._refresher = Refresher(self._refresh, self._rest)
        self._clicks = WaitingClicks(self)
        self._refresh()
        if self.monitor is not None:
            self.monitor.listen(self._ask)
            self.monitor.listen(self._clicks.answer, every_step=True)
        if inspector is not None:
            inspector.observe(self._follow_layer, "layer")
            inspector.observe(self._follow_channel, "channel")

    @property
    def layers(self) -> list[str]:
        """Names of the layers in the charts."""
        return list(self._layers)

    @layers.setter
    def layers(self, layers: Sequence[str]) -> None:
        history = self._source()
        for layer in layers:
            history.kind(layer)  # raises for one that is not known
        before, self._layers = self._layers, list(layers)[:_MOST]
        self._refresher.ask(at_once=True)
        if self._layers[:1] != before[:1]:
            # A channel of one layer means nothing in another.
            self.channel = None
        self._lead()

    @property
    def channel(self) -> int | None:
        """The channel whose range is drawn."""
        return self._channel

    @channel.setter
    def channel(self, channel: int | None) -> None:
        if channel is not None and (not isinstance(channel, Integral) or channel < 0):
            raise LayoutError(f"channel={channel!r}: a number from 0, or None for none")
        self._channel = None if channel is None else int(channel)
        self._refresher.ask(at_once=True)
        self._bar.show(self._channel)
        if self.inspector is not None and self._layers[:1] == [self.inspector.layer]:
            self.inspector.channel = self._channel

    def zoom(self, first: float | None = None, last: float | None = None) -> None:
        """Show the steps from ``first`` to ``last`` in all charts; the whole run without arguments."""
        with self._lock:
            self._charts.time.zoom(None if first is None or last is None else (float(first), float(last)))

    def close(self) -> None:
        """Close the view and its charts; the monitor goes on."""
        if self._open:
            self._open = False
            if self.monitor is not None:
                self.monitor.unlisten(self._ask)
                self.monitor.unlisten(self._clicks.answer)
            if self.inspector is not None:
                self.inspector.unobserve(self._follow_layer, "layer")
                self.inspector.unobserve(self._follow_channel, "channel")
            self._refresher.close()
            with self._lock:
                self._charts.close()
            for part in [self._pages[1], *self.children]:
                part.close()
        super().close()

    def _choose(self, layers: list[str]) -> None:
        self.layers = layers

    def _put_first(self, layer: str) -> None:
        """Have the charts begin with a layer; one that is not in them yet takes the place of the first."""
        if self._layers[:1] != [layer]:
            others = self._layers if layer in self._layers else self._layers[1:]
            self.layers = [layer, *(other for other in others if other != layer)]

    def _lead(self) -> None:
        """Have the inspector look at the first layer, if it can."""
        inspector = self.inspector
        if inspector is not None and self._layers and self._layers[0] in inspector.layers:
            try:
                inspector.layer = self._layers[0]
            except UnseenLayerError:
                _log.info("%s is recorded, but the inspector cannot see it", self._layers[0])

    def _follow_layer(self, change: Any) -> None:
        layer, channel = change["new"], change["owner"].channel
        if layer in self._source().layers:
            self._put_first(layer)
            self.channel = channel

    def _follow_channel(self, change: Any) -> None:
        # Before the inspector changes its layer, it has no channel of the old one any more.
        if self._layers[:1] == [change["owner"].layer] and change["new"] != self._channel:
            self.channel = change["new"]

    def _changed(self) -> None:
        self._refresher.ask(at_once=True)

    def _zoomed(self, between: tuple[float, float] | None) -> None:
        self._bar.zoomed(between)
        self._refresher.ask(at_once=True)

    def _picked(self, channel: int | None) -> None:
        if channel != self._channel:
            self.channel = channel

    def _tile(self, layer: str, channel: int | None) -> None:
        if channel is not None:
            self._put_first(layer)
            self.channel = channel
        elif self._layers[:1] == [layer]:
            self.channel = None

    def _show_weights(self) -> None:
        monitor = self.monitor
        if monitor is None:
            return
        try:
            self.weights.show(monitor.model, self._layers, self._source().step)
        except InnerviewError as error:
            self._bar.say("weights", str(error))
        else:
            self._bar.say("weights", "")
            self._weights_box.layout.display = "flex"

    def _refresh(self) -> bool:
        """Draw the run as it is, on the refresher's thread; whether it is still going on."""
        with self._lock:
            if not self._open:
                return False
            # Asked first: a run that ends now is drawn once more.
            going = self.monitor is not None and self.monitor.recording
            history = self._source()
            other = None if self._other is None else self._other()
            self._judge(history, going)
            if not self._layers:
                self._begin(history)
            layers = self.layers
            self.table.show(history, self._findings, layers, COLOURS)
            missing = self._charts.draw(history, other, self._findings or (), layers, self._channel)
            self._bar.say("channel", missing)
            words = [event for event in history.events if event.kind != "epoch"][-_TOLD:]
            told = "<br>".join(escape(f"step {event.step:,}: {event.text}") for event in words)
            if self._told.value != told:
                self._told.value = told
            return going

    def _ask(self) -> None:
        """Draw soon; at once what is the last word of a run."""
        self._refresher.ask(at_once=self.monitor is None or not self.monitor.recording)

    def _rest(self, taken: float) -> float:
        """Return for how long drawing rests after a round that took a processor this long, which the budget counts."""
        if self.monitor is not None and self.monitor.recording:
            self.monitor.charge(taken)
        # Diagnosing rests by itself, for much longer.
        return (taken - self._judging_now) / ((1 - _JUDGING) * self._share())

    def _share(self) -> float:
        """Return the part of the time that showing may take: a training needs the processor, too."""
        budget = self.monitor.budget if self.monitor is not None and self.monitor.recording else None
        return _SHARE if budget is None else max(min(_SHARE, _OF_BUDGET * budget), _LEAST)

    def _begin(self, history: History) -> None:
        """Choose the first layers, and what the inspector has chosen."""
        chosen = _first_choice(history)
        inspector = self.inspector
        if inspector is not None and inspector.layer in history.layers:
            chosen = [inspector.layer, *(layer for layer in chosen if layer != inspector.layer)][:_FIRST]
        self._layers = chosen
        if inspector is not None and chosen[:1] == [inspector.layer]:
            self.channel = inspector.channel if self._channel is None else self._channel

    def _judge(self, history: History, going: bool) -> None:  # noqa: FBT001 - one of two
        """Diagnose now and then, since it looks at the whole history, and when the run has ended."""
        whole = None if going else (history.step, history.events[-1:])
        last = whole is not None and whole != self._judged_whole
        self._judging_now = 0.0
        if not last and time.monotonic() < self._judged + self._judging / (_JUDGING * self._share()):
            return
        self._judged_whole = whole
        begun = time.thread_time()
        try:
            self._findings = diagnose(history, classes=getattr(self.monitor, "classes", None))
        except Exception:  # noqa: BLE001 - the charts go on
            _log.exception("a training run could not be diagnosed")
        self._judging = self._judging_now = time.thread_time() - begun
        self._judged = time.monotonic()


def _history_of(given: Any, argument: str) -> Callable[[], History]:
    """Return a function that takes a snapshot of a run."""
    if isinstance(given, Monitor):
        return lambda: given.history.copy()  # noqa: PLW0108 - the monitor may get another history
    if isinstance(given, History):
        return given.copy
    name = type(given).__name__
    # All the modules of a model would hide what is to be said.
    what = repr(given) if "\n" not in repr(given) else f"{name}(...)"
    raise TypeError(f"{argument}={what}: a Monitor or a History is shown, not a {name}")


def _first_choice(history: History) -> list[str]:
    """A first, a middle and a last layer of those that were recorded and hold no others."""
    glance = history.overview()
    seen = [
        name
        for name, std in zip(glance.layers, glance.std, strict=True)
        if np.isfinite(std) and not any(other.startswith(f"{name}.") for other in glance.layers)
    ]
    places = np.unique(np.linspace(0, len(seen) - 1, min(_FIRST, len(seen))).astype(int)) if seen else []
    return [seen[place] for place in places]
