"""Every error innerview raises on purpose; each is also a builtin one, for code that knows nothing of innerview."""

from __future__ import annotations

import re


class InnerviewError(Exception):
    """Base of all errors raised by innerview on purpose."""


class UnknownLayerError(InnerviewError, KeyError):
    """A layer name that the model does not have; the nearest names are offered."""

    def __str__(self) -> str:
        # KeyError.__str__ shows the repr of its argument; a sentence reads better without the quotes.
        return str(self.args[0]) if self.args else ""


class UnseenLayerError(InnerviewError, ValueError):
    """The layer exists, but its output cannot be seen; the message says why."""


class ForwardError(InnerviewError, RuntimeError):
    """The model rejected its input; the model's own error is the cause."""

    def spell(self, first: str, label: str) -> None:
        """Put the parts of this data's batches in the place of ``batch[0]`` and ``batch[1]`` in what is proposed."""
        names = {"batch[0]": first, "batch[1]": label}
        self.args = (re.sub(r"batch\[[01]\]", lambda found: names[found[0]], str(self)),)


class ChangedError(InnerviewError, RuntimeError):
    """The model was changed while something was computed from it; ask again."""


class DataError(InnerviewError, ValueError):
    """The data cannot be used as given: empty, labels of another length, ..."""


class ImageError(InnerviewError, ValueError):
    """A file or array that cannot be shown to the model as an image."""


class LayoutError(InnerviewError, ValueError):
    """An axis, slice or channel that the activation does not have."""


class HistoryError(InnerviewError, ValueError):
    """A file that is not the history of a training run, or not a whole one."""


class WireError(InnerviewError, ValueError):
    """Bytes that are not a frame, or values that no frame can carry."""
