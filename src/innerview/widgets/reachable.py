"""Lets what the browser says to a widget reach the kernel while a cell runs."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets

_log = logging.getLogger("innerview")
_ROUTE = "_reply_subshell_for"  # what ipykernel 7.4 asks a comm on its listening thread: which subshell hears this?

_own: str | None = None  # the subshell that this kernel made for our widgets


def reachable(widget: ipywidgets.Widget) -> bool:
    """Let what the browser says to a widget be heard while a cell runs; whether the kernel can do so by itself.

    It can since ipykernel 7.4, whatever the front end. From 7.0 on it can where the front end has subshells.
    """
    if widget.comm is None or not hasattr(type(widget.comm), _ROUTE):
        return False
    # By itself it would choose the loop that sent the comm's last message. For one sent while a cell runs that is the
    # busy main loop: clicks would wait for the end of the cell.
    setattr(widget.comm, _ROUTE, _route)
    return True


def _route(_: Any, addressed: str | None) -> str | None:
    """Where the browser has addressed a message to, else a subshell of our own; comes on the listening thread.

    JupyterLab addresses its own subshell; VS Code, and JupyterLab where that is switched off, the main loop.
    """
    global _own  # noqa: PLW0603 - one for all widgets, so that what is said to them keeps its order
    if addressed is not None:
        return addressed
    try:
        manager = sys.modules["IPython"].get_ipython().kernel.shell_channel_thread.manager
        if _own not in manager.list_subshell():
            _own = manager._create_subshell()  # noqa: SLF001 - the public way is a message from the front end
    except Exception:  # noqa: BLE001 - a message must not be lost for this
        _log.debug("no subshell for what the browser says", exc_info=True)
        return None
    return _own
