"""The view of a training run: its state and a row for each layer, above live charts of those chosen."""

from __future__ import annotations

import logging
import threading
import time
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.statistics.accumulators import EDGES
from innerview.errors import LayoutError, UnseenLayerError
from innerview.panels.event_marks import marks_of
from innerview.panels.monitor_state import glance, in_words, state, verdicts
from innerview.panels.panel import Panel
from innerview.panels.refresher import Refresher
from innerview.panels.tracks import Sent, of_channel, of_run
from innerview.panels.weight_grid import WeightGrid
from innerview.session.inspector import Inspector
from innerview.training.diagnosis import Finding, diagnose
from innerview.training.history import History
from innerview.training.monitor import Monitor

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
_PIECES = 256  # after so many the whole run is sent again, so that what is kept for other pages does not grow


class MonitorView(Panel):
    """A ``Monitor`` on a page; see ``innerview.widgets.monitor_view.MonitorView``, whose arguments it takes.

    It is brought up to date on a thread of its own, from copies of the history: the training thread only says that
    there is something new. Several views of one monitor may be open.
    """

    view = "monitor_view"

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
        self.weights = WeightGrid(self._tile)
        self._weights_shown = False
        self._layers: list[str] = []
        self._channel: int | None = None
        self._between: tuple[float, float] | None = None
        self._findings: Sequence[Finding] | None = None  # until it was judged
        self._judged, self._judging = 0.0, 0.0  # when it was, and how long that took
        self._judging_now = 0.0  # in this round
        self._judged_whole: Any = None  # what there was when that was after its end: a run may go on later
        self._sent, self._said, self._pieces = Sent(), {}, 0
        self._lock = threading.RLock()
        super().__init__()
        self._open = True
        self._refresher = Refresher(self._refresh, self._rest)
        self._refresh()
        if self.monitor is not None:
            self.monitor.listen(self._ask)
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
        if self.inspector is not None and self._layers[:1] == [self.inspector.layer]:
            self.inspector.channel = self._channel

    def zoom(self, first: float | None = None, last: float | None = None) -> None:
        """Show the steps from ``first`` to ``last`` in all charts; the whole run without arguments."""
        self._between = None if first is None or last is None else (float(first), float(last))
        self._refresher.ask(at_once=True)

    def close(self) -> None:
        """Close the view; the monitor goes on."""
        if self._open:
            self._open = False
            if self.monitor is not None:
                self.monitor.unlisten(self._ask)
            if self.inspector is not None:
                self.inspector.unobserve(self._follow_layer, "layer")
                self.inspector.unobserve(self._follow_channel, "channel")
            self._refresher.close()
        super().close()

    def want_layers(self, layers: list[str]) -> None:
        """Rows were clicked."""
        self.layers = [str(layer) for layer in layers]

    def want_channel(self, channel: int | None) -> None:
        """A channel was typed, or none."""
        if channel != self._channel:
            self.channel = channel

    def want_zoom(self, between: list[float] | None) -> None:
        """An interval of the steps was brushed, or the whole run asked for."""
        self._between = None if between is None else (float(between[0]), float(between[1]))
        self._refresher.ask(at_once=True)

    def want_paused(self, paused: bool) -> None:  # noqa: FBT001 - a want carries one value
        """Recording is to rest, or to go on."""
        if self.monitor is not None:
            (self.monitor.pause if paused else self.monitor.resume)()
            self._refresher.ask(at_once=True)

    def want_budget(self, budget: float | None) -> None:
        """Another limit of what recording may cost."""
        if self.monitor is not None:
            self.monitor.budget = None if budget is None else float(budget)
            self._refresher.ask(at_once=True)

    def want_undo(self, _: object) -> None:
        """The last action is to be taken back."""
        if self.monitor is not None:
            self.monitor.undo()
            self._refresher.ask(at_once=True)

    def want_weights(self, _: object) -> None:
        """The weights of this moment are to be shown, of the first chosen layer that has any."""
        if self.monitor is not None:
            self.weights.show(self.monitor.model, self._layers, self._source().step)
            self._weights_shown = True
            self._refresher.ask(at_once=True)

    def _tile(self, layer: str, channel: int | None) -> None:
        """A tile of the weights was clicked, or the enlarged one closed."""
        if channel is not None:
            self._put_first(layer)
            self.channel = channel
        elif self._layers[:1] == [layer]:
            self.channel = None

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
            self._send_run(history, other, layers)
            return going

    def _send_run(self, history: History, other: History | None, layers: list[str]) -> None:
        """Send what is new since the last time, in one frame; now and then all of it."""
        whole = self._pieces % _PIECES == 0
        if whole:
            self._sent, self._said = Sent(), {}
        self._pieces += 1
        tracks, missing = of_run(history, layers), ""
        if other is not None:
            tracks |= of_run(other, layers, "other ")
        if layers and self._channel is not None:
            ranges, missing = of_channel(history, layers[0], self._channel)
            tracks |= ranges
        changed, gone, arrays = self._sent.changes(tracks)
        header = {"kind": "monitor", "follows": not whole, **state(self.monitor, history), "tracks": changed}
        if gone:
            header["gone"] = gone
        told = [event for event in history.events if event.kind != "epoch"][-_TOLD:]
        chosen = {"layers": layers, "channel": self._channel, "between": self._between, "missing": missing}
        said: dict[str, Any] = {
            "rows": [[name, history.kind(name)] for name in history.layers],
            "findings": None if self._findings is None else [in_words(finding) for finding in self._findings],
            "verdicts": verdicts(self._findings or ()),
            "chosen": chosen,
            "marks": [list(mark) for mark in marks_of(history.events, self._findings or ())],
            "otherMarks": [list(mark) for mark in marks_of(other.events, ())] if other else [],
            "told": [[event.step, event.text] for event in told],
            "can": {"weights": self.monitor is not None, "compared": other is not None, "layers": _MOST},
            "weights": self._weights_shown,
            "end": max(1, history.step, other.step if other else 0),
        }
        header |= {name: value for name, value in said.items() if name not in self._said or self._said[name] != value}
        self._said = said
        if whole:
            arrays["edges"] = EDGES
        self.push(header, arrays | glance(history))

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
