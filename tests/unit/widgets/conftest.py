"""What the panels send, caught where they hand it to their channel."""

import pytest

from innerview import wire
from innerview.panels.panel import Panel


@pytest.fixture
def sent(monkeypatch):
    """Every frame that any panel sends, as the browser would read it: (panel, header, arrays)."""
    frames = []
    monkeypatch.setattr(Panel, "_send", lambda panel, frame: frames.append((panel, *wire.decode(bytes(frame)))))
    return frames
