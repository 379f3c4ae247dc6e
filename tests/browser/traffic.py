"""What crosses between kernel and page, read from the page's own websocket."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocket


class Traffic:
    """The messages that a page has received from its kernels since `restart`; to be made before it opens a notebook."""

    def __init__(self, page: Page) -> None:
        self.messages: list[bytes] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framereceived", lambda data: isinstance(data, bytes) and self.messages.append(data))

    def restart(self) -> None:
        self.messages.clear()

    def of(self, kind: str) -> list[bytes]:
        return [message for message in self.messages if header(message)["msg_type"] == kind]

    @property
    def bytes(self) -> int:
        return sum(map(len, self.messages))


def header(message: bytes) -> dict[str, Any]:
    """The header of a message of the protocol "v1.kernel.websocket.jupyter.org": offsets, channel, header, ..."""
    offsets = struct.unpack_from("<3Q", message, 8)
    return json.loads(message[offsets[1] : offsets[2]])
