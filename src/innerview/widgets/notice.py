"""The notice: progress and errors of a view that is made of several widgets."""

from __future__ import annotations

from innerview.widgets.frame_widget import FrameWidget, static


class Notice(FrameWidget):
    """A thin progress bar and an error banner, shown while there is something to say.

    It also brings the views' style sheet to a view that is otherwise made of ipywidgets.
    """

    _esm = static("notice.js")

    def say(self, scope: str, message: str) -> None:
        """Tell why there is nothing to show, where nothing failed; "" takes it away."""
        if message:
            self.push({"kind": "error", "scope": scope, "message": message, "detail": ""})
        else:
            self.clear_error(scope)
