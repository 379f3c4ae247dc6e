"""A training run as a page has it: put together from the frames that a monitor's panel keeps."""

from typing import Any, NamedTuple

import numpy as np

from innerview import wire
from innerview.analysis.statistics.accumulators import BINS


class Shown(NamedTuple):
    """Words and numbers by name, the arrays of the last frame, tracks by name."""

    said: dict[str, Any]
    arrays: dict[str, np.ndarray]
    tracks: dict[str, Any]


_EACH_TIME = ("kind", "follows", "tracks", "gone")


def shown(view):
    """What the view shows."""
    said, arrays, tracks = {}, {}, {}
    for frame in view.panel._kept["monitor"]:
        header, arrays = wire.decode(bytes(frame))
        if not header["follows"]:
            said, tracks = {}, {}
        said |= {name: value for name, value in header.items() if name not in _EACH_TIME}
        for name in header.get("gone", ()):
            del tracks[name]
        for place, about in enumerate(header["tracks"]):
            pieces = {name.partition(".")[2]: values for name, values in arrays.items() if name.startswith(f"{place}.")}
            if "codes" in pieces:
                low, high = about["bins"]
                codes = np.zeros((len(pieces["steps"]), BINS), np.uint8)
                codes[:, low:high] = pieces["codes"]
                pieces["codes"] = codes
            before = tracks.get(about["name"], {"about": {}})
            names = about.get("numbers", before["about"].get("numbers"))
            pieces |= dict(zip(names, pieces.pop("numbers"), strict=True))
            pieces.setdefault("spans", np.ones(len(pieces["steps"]), np.uint32))
            tracks[about["name"]] = {
                name: np.concatenate([before.get(name, values[:0])[: about["from"]], values])
                for name, values in pieces.items()
            } | {"about": about | {"numbers": names}}
    return Shown(said, arrays, tracks)
