"""The dashboard: which of its tabs is looked at, and what on it is worth room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Unicode

from innerview.errors import DataError
from innerview.panels.frames import selected
from innerview.panels.inspector_panel import InspectorPanel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector


class Dashboard(InspectorPanel):
    """The root of the Explorer's page: tabs, and the panels on each by name.

    Attributes:
        tab: the title of the tab that is looked at (observable).
    """

    view = "dashboard"

    tab = Unicode()

    def __init__(self, inspector: Inspector, tabs: Mapping[str, Sequence[str]]) -> None:
        super().__init__(inspector)
        self._tabs = {title: list(panels) for title, panels in tabs.items()}
        self.tab = next(iter(tabs))
        self.follow(selected, "layer")
        self.follow(_selection, "brush")
        self.observe(lambda _: self.push(*self._frame()), "tab")
        self.push(*self._frame())

    def want_tab(self, tab: str) -> None:
        """A tab was opened."""
        if tab not in self._tabs:
            raise DataError(f"there is no tab {tab!r}; there are {', '.join(self._tabs)}")
        self.tab = tab

    def _frame(self) -> Frame:
        tabs: list[dict[str, Any]] = [{"title": title, "panels": names} for title, names in self._tabs.items()]
        return {"kind": "dashboard", "tabs": tabs, "tab": self.tab}, {}


def _selection(inspector: Inspector) -> Frame:
    return {"kind": "selection", "count": len(inspector.brush)}, {}
