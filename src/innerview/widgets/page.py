"""The page: one widget, with one comm, that carries panels to the front end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict

from innerview.widgets import modules
from innerview.widgets.reachable import reachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from innerview.panels.panel import Panel

_log = logging.getLogger("innerview")
_SENT: set[str] = set()  # files that this kernel has sent to some page


class Page(anywidget.AnyWidget):
    """Panels on a page, drawn by the modules of js/src/views.

    Args:
        panels: by name; the first is the page's root, whose view lays out the others.
        first: names of the panels that are seen at once; the modules of the others travel when they are opened.

    Attributes:
        shown: whether any place shows it (observable).
        heard: whether the kernel hears what is said to it while a cell runs, whatever the front end.
    """

    # Its text, not its path: given a path, anywidget 0.11 watches the file and keeps every widget alive for it.
    _esm = modules.text("widget.js")

    # What there is: {"root": panel, "style": file, "panels": {panel: file}}. Set once.
    contents = Dict().tag(sync=True)

    # Browser to kernel: {"panel/key": {"value": ..., "at": stamp}}. An echo would double the messages of every click.
    want = Dict().tag(sync=True, echo_update=False)

    shown = Bool(default_value=True)

    closed = True  # until it is made

    def __init__(self, panels: Mapping[str, Panel], first: Sequence[str] | None = None, **kwargs: Any) -> None:
        self._panels = dict(panels)
        self._answered: dict[str, str] = {}
        self.closed = False
        contents = {
            "root": next(iter(panels)),
            "style": modules.built("style"),
            "panels": {name: modules.built(panel.view) for name, panel in panels.items()},
        }
        super().__init__(contents=contents, **kwargs)
        self.heard = reachable(self)
        self.on_msg(self._receive)
        self.observe(self._wanted, "want")
        # Unasked, since a kernel that goes on with a long cell may be deaf; a page that has lost them asks.
        views = [panel.view for name, panel in self._panels.items() if first is None or name in first]
        self._send_modules(["style", *views], _SENT)
        for name, panel in self._panels.items():
            panel.open(lambda frame, name=name: self.send({"type": "frame", "panel": name}, [memoryview(frame)]))

    def close(self) -> None:
        """Close the page and its panels."""
        if not self.closed:  # nor ever open, where its making failed
            self.closed = True
            for panel in self._panels.values():
                panel.close()
        super().close()

    def want_shown(self, shown: bool) -> None:  # noqa: FBT001 - a want carries one value
        """Note that the last place where it was open is gone, or that there is one again."""
        self.shown = bool(shown)
        for panel in self._panels.values():
            panel.shown = self.shown

    def _wanted(self, change: Any) -> None:
        """Answer the wants that are new; comes on the kernel's main thread or, since ipykernel 7, on a subshell's."""
        asked: dict[str, Panel] = {}
        for path, wanted in change["new"].items():
            if self.closed or self._answered.get(path) == wanted["at"]:
                continue
            self._answered[path] = wanted["at"]
            name, _, key = path.partition("/")
            if name in self._panels:
                self._panels[name].answer(key, wanted["value"])
                asked[name] = self._panels[name]
            elif path == "page/shown":
                self.want_shown(wanted["value"])
            else:
                _log.warning("%s was asked for %r, which it does not know", type(self).__name__, path)
        for panel in asked.values():
            panel.answered()

    def _receive(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if self.closed:
            return
        if kind == "ready":
            self.want_shown(shown=True)
            for panel in self._panels.values():
                panel.repeat()
        elif kind == "modules":
            known = {file: name for name, file in modules.files().items()}
            self._send_modules([known[file] for file in content["files"] if file in known], content["have"])
        elif kind == "frame" and buffers and content.get("panel") in self._panels:
            self._panels[content["panel"]].receive(buffers[0])

    def _send_modules(self, names: Iterable[str], have: Iterable[str]) -> None:
        files = modules.needed(names, have)
        if files:
            _SENT.update(files)
            self.send({"type": "modules", "files": files}, [modules.text(file).encode() for file in files])
