"""Courses over the steps of a run, sent piece by piece: what was sent before is not sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.panels.value_codes import codes, filled, value_ticks
from innerview.training.series import gaps, interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from innerview.training.history import History
    from innerview.training.series import LayerSeries

_MOST = 1024  # records of a track; of more, neighbours are taken together


class Track(NamedTuple):
    """Numbers over steps: ``[R]`` each, and maybe the histograms of the values, ``[R, B]``."""

    steps: np.ndarray
    spans: np.ndarray
    numbers: Mapping[str, np.ndarray]
    histogram: np.ndarray | None = None


class Sent:
    """What a page has of the tracks of a run."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._shown: dict[str, tuple[int, int] | None] = {}  # bins

    def changes(self, tracks: Mapping[str, Track]) -> tuple[list[dict[str, Any]], list[str], dict[str, np.ndarray]]:
        """What is new of these tracks: a header for each that changed, the names of those that are gone, the arrays.

        The records from the header's ``from`` on are replaced. Arrays are named by the header's place: the steps, the
        spans if any is not 1, the numbers ``[K, R]``, and the codes of the values' histograms.
        """
        headers: list[dict[str, Any]] = []
        arrays: dict[str, np.ndarray] = {}
        gone = [name for name in self._known if name not in tracks]
        for name in gone:
            del self._known[name]
            self._shown.pop(name, None)
        for name, whole in tracks.items():
            track = thinned(whole)
            start = self._start(name, track)
            if start is None:
                continue
            place, header = len(headers), self._header(name, track, start)
            arrays[f"{place}.steps"] = track.steps[start:].astype(np.uint32)
            if (track.spans[start:] != 1).any():
                arrays[f"{place}.spans"] = track.spans[start:].astype(np.uint32)
            arrays[f"{place}.numbers"] = np.stack(
                [values[start:] for values in track.numbers.values()], dtype=np.float32
            )
            if track.histogram is not None and (new := filled(track.histogram[start:])) is not None:
                header["bins"] = list(new)
                arrays[f"{place}.codes"] = codes(track.histogram[start:])[:, new[0] : new[1]]
            headers.append(header)
        return headers, gone, arrays

    def _start(self, name: str, track: Track) -> int | None:
        """The first record that the page has not got, or has otherwise; None when it has all."""
        before = self._known.get(name)
        self._known[name] = track.steps, track.spans
        if before is None:
            return 0
        shared = min(len(before[0]), len(track.steps))
        differ = (before[0][:shared] != track.steps[:shared]) | (before[1][:shared] != track.spans[:shared])
        start = int(differ.argmax()) if differ.any() else shared
        return None if start == shared == len(track.steps) == len(before[0]) else start

    def _header(self, name: str, track: Track, start: int) -> dict[str, Any]:
        header: dict[str, Any] = {"name": name, "from": start}
        if start == 0:
            header["numbers"] = list(track.numbers)
        if (anew := np.flatnonzero(gaps(track.steps, track.spans))).size:
            header["anew"] = anew.tolist()
        if (usual := interval(track.steps, track.spans)) != 1:
            header["interval"] = usual
        shown = None if track.histogram is None else filled(track.histogram)
        if shown is not None and (start == 0 or shown != self._shown.get(name)):
            header["shown"] = list(shown)
            header["ticks"] = [[at, text] for text, at in value_ticks(*shown).items()]
        self._shown[name] = shown
        return header


def thinned(track: Track) -> Track:
    """At most so many records as a chart can show: neighbours are taken together, by twos, fours, ..."""
    count = len(track.steps)
    each = 2 ** max(0, int(np.ceil(np.log2(max(1, count) / _MOST))))
    if each == 1:
        return track
    starts = np.arange(0, count, each)
    lasts = np.minimum(starts + each, count) - 1
    numbers = {}
    for name, values in track.numbers.items():
        there = np.add.reduceat(np.isfinite(values).astype(float), starts)
        sums = np.add.reduceat(np.where(np.isfinite(values), values, 0.0), starts)
        numbers[name] = np.where(there > 0, sums / np.maximum(there, 1), np.nan)
    counts = None if track.histogram is None else np.add.reduceat(track.histogram, starts)
    spans = track.steps[lasts] + track.spans[lasts] - track.steps[starts]
    return Track(track.steps[starts], spans, numbers, counts)


def of_run(history: History, layers: Sequence[str], prefix: str = "") -> dict[str, Track]:
    """The loss, the learning rate, and these layers with the histograms of their values."""
    tracks: dict[str, Track] = {}
    for name in ("loss", "lr"):
        if name in history.metrics:
            steps, values = history.metric(name)
            tracks[f"{prefix}metric {name}"] = Track(steps, np.ones(len(steps), np.int64), {"value": values})
    for layer in layers:
        if layer in history.layers:
            series = history.series(layer)
            numbers = {"mean": series.mean, "std": series.std, "near": series.near_zeros}
            tracks[f"{prefix}layer {layer}"] = Track(series.steps, series.spans, numbers, series.histogram)
    return tracks


def of_channel(history: History, layer: str, channel: int) -> tuple[dict[str, Track], str]:
    """The range of a channel, for each probe sample that was run or over the batches; or why there is none."""
    probes = [(history.probe(number, layer), f"probe {number}") for number in range(history.probes)]
    batches = history.series(layer)
    courses = [(series, of) for series, of in probes if len(series.steps) > 1] or [(batches, "batches")]
    tracks = {f"channel {of}": _range(series, channel) for series, of in courses if channel < _channels(series)}
    if tracks:
        return tracks, ""
    count = _channels(batches)
    if not count:
        return {}, f"{layer} has no channel {channel}: none of its channels were recorded"
    return {}, f"{layer} has no channel {channel}: it has {count}, from 0 to {count - 1}"


def _channels(series: LayerSeries) -> int:
    return series.channel_low.shape[1]


def _range(series: LayerSeries, channel: int) -> Track:
    numbers = {"low": series.channel_low, "high": series.channel_high, "std": series.channel_std}
    return Track(series.steps, series.spans, {name: values[:, channel] for name, values in numbers.items()})
