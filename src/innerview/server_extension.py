"""Jupyter server extension: small widget messages leave at once.

A kernel answers a click with several small messages (busy, the answer, idle). jupyter_server leaves Nagle's
algorithm on for the websocket that carries them, so every message after the first waits until the browser
has acknowledged the one before, and the browser's TCP delays that acknowledgement by about 40 ms. Setting
TCP_NODELAY when the websocket opens removes the wait; tornado recommends it in the documentation of
`WebSocketHandler.set_nodelay`, and jupyter_server 2.21 never calls that.

Installing innerview enables the extension. One line in `jupyter_server_config.py` turns it off:

    c.InnerviewServer.tcp_nodelay = False

On a server whose websocket handler it does not recognise it changes nothing and says so in the log. This
module imports nothing but what the server has already loaded; in particular no torch.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from traitlets import Bool
from traitlets.config import Configurable

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp
    from tornado.websocket import WebSocketHandler

# Where each server application keeps its own answer: the handler class is shared by all servers of a process,
# and one of them may have the option turned off.
_SETTING = "innerview_tcp_nodelay"


class InnerviewServer(Configurable):
    """The part of a server's configuration that innerview reads."""

    tcp_nodelay = Bool(
        default_value=True, help="Set TCP_NODELAY on kernel websockets, so that widgets answer sooner."
    ).tag(config=True)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "innerview.server_extension"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Prepare `serverapp` so that its kernel websockets get TCP_NODELAY. Never raises."""
    try:
        if not InnerviewServer(parent=serverapp).tcp_nodelay:
            serverapp.log.info("innerview: kernel websockets left as they are (tcp_nodelay is False)")
            return
        _wrap_open()
        serverapp.web_app.settings[_SETTING] = True
        serverapp.log.info("innerview: TCP_NODELAY will be set on kernel websockets")
    except Exception as error:  # noqa: BLE001 - a speed-up must never keep a server from starting
        serverapp.log.warning("innerview: kernel websockets left as they are (%s: %s)", type(error).__name__, error)


def _wrap_open() -> None:
    """Make `KernelWebsocketHandler.open` set the option first. Wrapping twice is the same as wrapping once.

    Raises:
        ImportError, TypeError: there is no such handler class where jupyter_server 2 has it, or it lacks a method.
    """
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler  # noqa: PLC0415 - may be missing

    original = getattr(KernelWebsocketHandler, "open", None)
    if getattr(original, "sets_tcp_nodelay", False):
        return
    if not inspect.iscoroutinefunction(original):
        raise TypeError("KernelWebsocketHandler.open is not a coroutine function")
    if not callable(getattr(KernelWebsocketHandler, "set_nodelay", None)):
        raise TypeError("KernelWebsocketHandler has no set_nodelay method")

    @functools.wraps(original)
    async def open_without_delay(self: Any, *args: Any, **kwargs: Any) -> Any:
        _set_nodelay(self)
        return await original(self, *args, **kwargs)

    open_without_delay.sets_tcp_nodelay = True  # pyright: ignore[reportAttributeAccessIssue] - a mark of our own
    KernelWebsocketHandler.open = open_without_delay


def _set_nodelay(handler: WebSocketHandler) -> None:
    """Set TCP_NODELAY on an open websocket whose server wants it; a failure is logged and goes no further."""
    if not handler.settings.get(_SETTING):
        return
    try:
        handler.set_nodelay(True)
    except Exception as error:  # noqa: BLE001 - the websocket works without it, only slower
        handler.settings[_SETTING] = False  # one line in the log, not one a websocket
        handler.settings["serverapp"].log.warning(
            "innerview: kernel websockets left as they are, TCP_NODELAY could not be set (%s: %s)",
            type(error).__name__,
            error,
        )
