"""The view of a training run: a table of layers above live charts."""

from __future__ import annotations

import logging
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from innerview.errors import InnerviewError
from innerview.inspector import Inspector
from innerview.training.diagnosis import Finding, diagnose
from innerview.training.history import History
from innerview.training.monitor import Monitor
from innerview.widgets.bqplot_parts import COLOURS
from innerview.widgets.frame_widget import reachable
from innerview.widgets.monitor_charts import MonitorCharts
from innerview.widgets.monitor_table import MonitorTable
from innerview.widgets.refresher import Refresher
from innerview.widgets.waiting_clicks import WaitingClicks
from innerview.widgets.weight_grid import WeightGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger("innerview")
_MOST = 6  # layers in the charts
_FIRST = 3  # that are chosen at first
_JUDGE_SHARE = 0.02  # of the time, that diagnosing may take
_TOLD = 4  # events in words


class MonitorView(ipywidgets.VBox):
    """What a ``Monitor`` displays itself as: the state of the run, a row for each layer, and charts of those chosen.

    It is brought up to date on a thread of its own, from copies of the history: the training thread only says that
    there is something new. Several views of one monitor may be open.

    Args:
        monitor: the run; or the ``History`` of one that is over.
        compare: another run, drawn dashed in the same charts: a monitor or a history.
        inspector: of the same model: the layer chosen there is the first in the charts.

    Attributes:
        layers: names of the layers in the charts (settable).
        channel: the channel whose range is drawn (settable); None for none.

    Raises:
        TypeError: an argument of another kind.
    """

    _open = False  # until it is made

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
        self._judged, self._judging = 0.0, 0.0
        self._shown_weights = ""
        self._lock = threading.RLock()
        self._charts = MonitorCharts(self._zoomed)
        self._make_parts()
        super().__init__(
            [self.table, self._bar, self._error, self._charts.grid, self._told, self._weights_box],
            layout={"width": "100%", "min_width": "0"},
        )
        self.add_class("innerview")
        self.add_class("innerview-monitor")
        self._open = True
        self._refresh()
        self._refresher = Refresher(self._refresh)
        self._clicks = WaitingClicks(self)
        if self.monitor is not None:
            self.monitor.listen(self._refresher.ask)
            self.monitor.listen(self._clicks.answer, every_step=True)
        if inspector is not None:
            inspector.observe(self._follow, "layer")

    # --- what is chosen ------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[str]:
        """Names of the layers in the charts."""
        return list(self._layers)

    @layers.setter
    def layers(self, layers: Sequence[str]) -> None:
        for layer in layers:
            self._source().series(layer)  # raises for one that is not known
        self._layers = list(layers)[:_MOST]
        self._refresher.ask(at_once=True)

    @property
    def channel(self) -> int | None:
        """The channel whose range is drawn."""
        return self._channel

    @channel.setter
    def channel(self, channel: int | None) -> None:
        self._channel = channel
        self._refresher.ask(at_once=True)

    def zoom(self, first: float | None = None, last: float | None = None) -> None:
        """Show the steps from ``first`` to ``last`` in all charts; the whole run without arguments."""
        with self._lock:
            self._charts.time.zoom(None if first is None or last is None else (float(first), float(last)))

    def close(self) -> None:
        """Close the view and its charts; the monitor goes on."""
        if self._open:
            self._open = False
            if self.monitor is not None:
                self.monitor.unlisten(self._refresher.ask)
                self.monitor.unlisten(self._clicks.answer)
            if self.inspector is not None:
                self.inspector.unobserve(self._follow, "layer")
            self._refresher.close()
            with self._lock:
                self._charts.close()
            for part in [*self._bar.children, *self._weights_box.children, *self.children]:
                part.close()
        super().close()

    # --- parts ---------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.table = MonitorTable(self.monitor, self._choose, self._changed, _MOST)
        self.weights = WeightGrid(self._tile)
        self.table.add_class("innerview-monitor-table")
        self.weights.add_class("innerview-monitor-weights")
        self._whole = ipywidgets.Button(description="Whole run", tooltip="Show all steps", layout={"width": "auto"})
        self._whole.on_click(lambda _: self.zoom())
        self._whole.layout.display = "none"
        self._ask_weights = ipywidgets.Button(
            description="Weights now",
            tooltip="The first chosen layer's weights of this moment",
            layout={"width": "auto"},
        )
        self._ask_weights.on_click(lambda _: self._show_weights())
        self._pick = ipywidgets.Text(
            placeholder="number",
            description="Channel",
            tooltip="Draw the range of this channel of the first chosen layer",
            continuous_update=False,
            layout={"width": "140px"},
            style={"description_width": "initial"},
        )
        self._pick.observe(self._picked, "value")
        self._hint = ipywidgets.Label(
            "Drag across a chart to zoom into its steps, click for the whole run", layout={"margin": "0 8px"}
        )
        live = [self._ask_weights] if self.monitor is not None else []
        self._bar = ipywidgets.Box(
            [self._pick, *live, self._whole, self._hint], layout={"flex_flow": "row wrap", "align_items": "center"}
        )
        self._error = ipywidgets.HTML(
            layout={"display": "none"}, style={"text_color": "var(--jp-error-color1, #c62828)"}
        )
        self._told = ipywidgets.HTML(layout={"margin": "0 8px"})
        self._weights_box = ipywidgets.Box([self.weights], layout={"display": "none", "width": "100%"})
        for part in (self._whole, self._ask_weights, self._pick):
            reachable(part)

    # --- what the user does --------------------------------------------------------------------------------------

    def _choose(self, layers: list[str]) -> None:
        self.layers = layers
        inspector = self.inspector
        if inspector is not None and layers and layers[-1] in inspector.layers:
            inspector.layer = layers[-1]

    def _follow(self, change: Any) -> None:
        layer = change["new"]
        if layer is not None and layer in self._source().layers and layer not in self._layers:
            self.layers = [layer]

    def _changed(self) -> None:
        self._refresher.ask(at_once=True)

    def _zoomed(self, between: tuple[float, float] | None) -> None:
        self._whole.layout.display = "none" if between is None else "inline-flex"
        self._refresher.ask(at_once=True)

    def _picked(self, change: Any) -> None:
        text = change["new"].strip()
        if text and not text.isdecimal():
            self._say(f"{text!r} is no channel: a number from 0, or nothing")
            return
        self._say("")
        self.channel = int(text) if text else None

    def _tile(self, channel: int | None) -> None:
        self._pick.value = "" if channel is None else str(channel)

    def _show_weights(self) -> None:
        monitor = self.monitor
        if monitor is None:
            return
        try:
            self.weights.show(monitor.model, self._layers, self._source().step)
        except InnerviewError as error:
            self._say(str(error))
        else:
            self._say("")
            self._weights_box.layout.display = "flex"

    def _say(self, message: str) -> None:
        self._error.value = escape(message)
        self._error.layout.display = "flex" if message else "none"

    # --- drawing -------------------------------------------------------------------------------------------------

    def _refresh(self) -> bool:
        """Draw the run as it is, on the refresher's thread; whether it is still going on."""
        with self._lock:
            if not self._open:
                return False
            # Asked first: a run that ends now is drawn once more.
            going = self.monitor is not None and self.monitor.recording
            history = self._source()
            other = None if self._other is None else self._other()
            self._judge(history)
            if not self._layers:
                self._layers = _first_choice(history)
            self.table.show(history, self._findings, self._layers, COLOURS)
            self._charts.draw(history, other, self.layers, self._channel)
            words = [event for event in history.events if event.kind != "epoch"][-_TOLD:]
            told = "<br>".join(escape(f"step {event.step:,}: {event.text}") for event in words)
            if self._told.value != told:
                self._told.value = told
            return going

    def _judge(self, history: History) -> None:
        """Diagnose now and then: it looks at the whole history."""
        if time.monotonic() < self._judged + self._judging / _JUDGE_SHARE:
            return
        begun = time.thread_time()
        try:
            self._findings = diagnose(history, classes=getattr(self.monitor, "classes", None))
        except Exception:  # noqa: BLE001 - the charts go on
            _log.exception("a training run could not be diagnosed")
        self._judging, self._judged = time.thread_time() - begun, time.monotonic()


def _history_of(given: Any, argument: str) -> Callable[[], History]:
    """How to get a snapshot of what was given."""
    if isinstance(given, Monitor):
        return lambda: given.history.copy()  # noqa: PLW0108 - the monitor may get another history
    if isinstance(given, History):
        return given.copy
    raise TypeError(f"{argument}={given!r}: a Monitor or a History is shown, not {type(given).__name__}")


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
