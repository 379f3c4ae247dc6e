"""What the views send, caught where they hand it to Jupyter."""

import pytest

from innerview import wire
from innerview.widgets.frame_widget import FrameWidget


@pytest.fixture
def sent(monkeypatch):
    """Every frame that any view sends, as the browser would read it."""
    frames = []

    def send(self, content, buffers=None):
        assert content == {"type": "frame"}
        assert len(buffers) == 1
        frames.append((self, *wire.decode(bytes(buffers[0]))))

    monkeypatch.setattr(FrameWidget, "send", send)
    return frames
