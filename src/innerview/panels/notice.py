"""A progress bar and an error banner, for a view that is otherwise made of ipywidgets."""

from __future__ import annotations

from innerview.panels.panel import Panel


class Notice(Panel):
    """Progress and errors, and the style sheet."""

    view = "notice"

    def say(self, scope: str, message: str) -> None:
        """Tell why there is nothing to show, where nothing failed; "" takes it away."""
        if message:
            self.push({"kind": "error", "scope": scope, "message": message, "detail": ""})
        else:
            self.clear_error(scope)
