"""A history as a file: an .npz of plain arrays, without pickle, with a version in it."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from innerview.errors import HistoryError
from innerview.training.record import Event
from innerview.training.tables import LayerTable, Tables, WeightTable, metric_timeline

if TYPE_CHECKING:
    from innerview.training.history import History
    from innerview.training.timeline import Timeline

FORMAT = "innerview history"
VERSION = 1
# What reading an .npz raises when it is something else, or not whole.
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, AttributeError)


def write(history: History, file: IO[bytes]) -> None:
    """Write a history to an open file."""
    tables = history.tables
    about = {
        "format": FORMAT,
        "version": VERSION,
        "memory": history.memory,
        "step": history.step,
        "overhead": history.overhead,
        "layers": [(name, history.kind(name)) for name in history.layers],
        "phases": {phase: [table.names, table.widths] for phase, table in tables.layers.items()},
        "parameters": tables.weights.names,
        "metrics": list(tables.metrics),
        "events": [asdict(event) for event in history.events],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for number, table in enumerate(tables.layers.values()):
        arrays.update(_arrays(f"phase{number}", table.timeline))
    arrays.update(_arrays("weights", tables.weights.timeline))
    for number, timeline in enumerate(tables.metrics.values()):
        arrays.update(_arrays(f"metric{number}", timeline))
    np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType] - the names are ours


def read(history: History, file: IO[bytes], name: str) -> None:
    """Fill an empty history from an open file.

    Raises:
        HistoryError: it is no history, of another version, or cut short; ``name`` says which file.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            about = _about(arrays, name)
            tables = Tables(WeightTable(tuple(about["parameters"])))
            _fill(tables.weights.timeline, arrays, "weights")
            for number, (phase, (names, widths)) in enumerate(about["phases"].items()):
                table = tables.layers[phase] = LayerTable()
                table.widen(dict(zip(names, widths, strict=True)))
                _fill(table.timeline, arrays, f"phase{number}")
            for number, metric in enumerate(about["metrics"]):
                _fill(tables.metrics.setdefault(metric, metric_timeline()), arrays, f"metric{number}")
            history.memory, history.step, history.overhead = int(about["memory"]), int(about["step"]), about["overhead"]
            events = [Event(**event) for event in about["events"]]
            history.fill({str(layer): str(kind) for layer, kind in about["layers"]}, tables, events)
    except HistoryError:
        raise
    except _BROKEN as error:
        raise HistoryError(f"{name} is no history of a training run, or it was cut short ({error})") from error


def _about(arrays: Any, name: str) -> dict[str, Any]:
    about = json.loads(arrays["about"].tobytes())
    if about["format"] != FORMAT:
        raise ValueError(about["format"])
    if about["version"] != VERSION:
        raise HistoryError(
            f"{name} is a history of version {about['version']}, and this innerview reads version {VERSION}: "
            "read it with the innerview that wrote it"
        )
    return about


def _columns(timeline: Timeline) -> dict[str, np.ndarray]:
    return {"steps": timeline.steps, "spans": timeline.spans, **timeline.columns()}


def _arrays(prefix: str, timeline: Timeline) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": column for name, column in _columns(timeline).items()}


def _fill(timeline: Timeline, arrays: Any, prefix: str) -> None:
    empty = _columns(timeline)
    rows = {name: arrays[f"{prefix}.{name}"] for name in empty}
    for name, column in empty.items():
        if rows[name].shape != (len(rows["steps"]), *column.shape[1:]) or rows[name].dtype != column.dtype:
            raise ValueError(f"{prefix}.{name} is of another shape")
    timeline.load(rows.pop("steps"), rows.pop("spans"), rows)
