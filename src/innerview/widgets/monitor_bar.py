"""The controls between the table and the charts of a training run, and what is wrong with what was asked for."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from innerview.widgets.page import reachable

if TYPE_CHECKING:
    from collections.abc import Callable


class MonitorBar(ipywidgets.VBox):
    """A channel to be typed, buttons for the weights and for the whole run, and a line for errors below them.

    ``picked`` is called with the channel that was typed, or None for none; ``weights`` is None where there are none.
    """

    def __init__(
        self,
        picked: Callable[[int | None], None],
        weights: Callable[[], None] | None,
        whole: Callable[[], None],
        *,
        compared: bool,
    ) -> None:
        self._picked = picked
        self._said: dict[str, str] = {}
        self.number = ipywidgets.Text(
            placeholder="number",
            description="Channel",
            tooltip="Draw the range of this channel of the first chosen layer",
            continuous_update=False,
            layout={"width": "140px"},
            style={"description_width": "initial"},
        )
        self.number.observe(self._typed, "value")
        self.weights = ipywidgets.Button(
            description="Weights now",
            tooltip="The first chosen layer's weights of this moment",
            layout={"width": "auto", "display": "none" if weights is None else "inline-flex"},
        )
        if weights is not None:
            self.weights.on_click(lambda _: weights())
        self.whole = ipywidgets.Button(
            description="Whole run", tooltip="Show all steps", layout={"width": "auto", "display": "none"}
        )
        self.whole.on_click(lambda _: whole())
        hint = ipywidgets.Label(
            "Drag across a chart to zoom into its steps, click for the whole run"
            + (" · dashed: the run compared with" if compared else ""),
            layout={"margin": "0 2px"},
        )
        self._controls = ipywidgets.Box(
            [self.number, self.weights, self.whole, hint],
            layout={"flex_flow": "row wrap", "align_items": "center", "margin": "0 6px"},
        )
        self.error = ipywidgets.HTML(
            layout={"display": "none", "margin": "0 8px"}, style={"text_color": "var(--jp-error-color1, #c62828)"}
        )
        super().__init__([self._controls, self.error])
        for part in (self.number, self.weights, self.whole):
            reachable(part)

    def show(self, channel: int | None) -> None:
        """The channel that is chosen now."""
        self.say("typed", "")
        self.number.value = "" if channel is None else str(channel)

    def zoomed(self, between: tuple[float, float] | None) -> None:
        """The steps that are shown now; None for all."""
        self.whole.layout.display = "none" if between is None else "inline-flex"

    def say(self, about: str, message: str) -> None:
        """Say what is wrong with something, in place of what was said about it before; "" for nothing."""
        self._said[about] = message
        text = "<br>".join(escape(one) for one in self._said.values() if one)
        if self.error.value != text:
            self.error.value = text
            self.error.layout.display = "flex" if text else "none"

    def close(self) -> None:
        """Close it and its parts."""
        for part in [*self._controls.children, *self.children]:
            part.close()
        super().close()

    def _typed(self, change: Any) -> None:
        text = change["new"].strip()
        if text and not text.isdecimal():
            self.say("typed", f"{text!r} is not a channel: give a number from 0, or nothing")
            return
        self.say("typed", "")
        self._picked(int(text) if text else None)
