"""What the browser says to a widget is heard while a cell runs, since ipykernel 7.4, whichever front end says it.

A *subshell* is a thread of the kernel that answers messages beside the one that runs cells. JupyterLab asks for one for
its widgets. Front ends that do not would have their clicks wait for the end of the cell; they get a subshell of ours.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets

_log = logging.getLogger("innerview")
_own: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()  # by the kernel's manager of subshells
_making = threading.Lock()


def hear_while_busy(widget: ipywidgets.Widget) -> None:
    """Let what is said to this widget be answered beside the cell that runs; other kernels are left as they are."""
    comm: Any = widget.comm
    if not hasattr(comm, "_reply_subshell_for"):
        return
    kernel = comm.kernel

    def route(_: object, subshell: str | None) -> str | None:
        # The kernel's thread that receives messages asks, with the subshell that the browser has named.
        return subshell if subshell is not None else _subshell_of(kernel)

    # ipykernel's own (`BaseComm._reply_subshell_for`) answers with the loop that sent the comm's last message. For a
    # message sent while a cell runs that is the busy main loop.
    comm._reply_subshell_for = route  # noqa: SLF001 - there is no public switch


def _subshell_of(kernel: Any) -> str | None:
    """The subshell of ours, made when first needed; None where this kernel makes none: the message then waits."""
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    if manager is None:
        return None
    try:
        with _making:
            if _own.get(manager) not in manager.list_subshell():
                _own[manager] = manager._create_subshell()  # noqa: SLF001 - the message for it takes a round trip
            return _own[manager]
    except Exception:  # noqa: BLE001 - another version of the kernel; clicks still come, after the cell
        _log.warning("clicks are answered after the cell: this ipykernel makes no subshell", exc_info=True)
        return None
