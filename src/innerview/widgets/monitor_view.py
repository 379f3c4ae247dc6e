"""The view of a training run, as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.arguments import strict
from innerview.panels import monitor_view
from innerview.widgets.page import Page
from innerview.widgets.waiting_clicks import WaitingClicks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.session.inspector import Inspector
    from innerview.training.history import History
    from innerview.training.monitor import Monitor


class MonitorView(Page):
    """A ``Monitor`` in a notebook: the state of the run, a row for each layer, and charts of those chosen.

    Several views of one monitor may be open.

    Args:
        monitor: the run; or the ``History`` of one that is over.
        compare: another run, drawn dashed in the same charts: a monitor or a history.
        inspector: of the same model: its layer is the first one in the charts, and its channel is the one whose range
            is drawn; what is chosen in one of them is chosen in the other.

    Attributes:
        panel: what the view shows.

    Raises:
        TypeError: an argument of another kind.
    """

    @strict
    def __init__(
        self,
        monitor: Monitor | History,
        *,
        compare: Monitor | History | None = None,
        inspector: Inspector | None = None,
    ) -> None:
        self.panel = monitor_view.MonitorView(monitor, compare=compare, inspector=inspector)
        super().__init__({"monitor": self.panel, "weights": self.panel.weights}, first=["monitor"])
        self._clicks = WaitingClicks(self)
        if self.panel.monitor is not None and not self.heard:
            self.panel.monitor.listen(self._clicks.answer, every_step=True)

    @property
    def layers(self) -> list[str]:
        """Names of the layers in the charts; channel and weights are those of the first one."""
        return self.panel.layers

    @layers.setter
    def layers(self, layers: Sequence[str]) -> None:
        self.panel.layers = layers

    @property
    def channel(self) -> int | None:
        """The channel of the first layer whose range is drawn; None for none."""
        return self.panel.channel

    @channel.setter
    def channel(self, channel: int | None) -> None:
        self.panel.channel = channel

    def zoom(self, first: float | None = None, last: float | None = None) -> None:
        """Show the steps from ``first`` to ``last`` in all charts; the whole run without arguments."""
        self.panel.zoom(first, last)

    def close(self) -> None:
        """Close the view; the monitor goes on."""
        if not self.closed and self.panel.monitor is not None:
            self.panel.monitor.unlisten(self._clicks.answer)
        super().close()
