"""A history as a file: an .npz of plain arrays, without pickle, with a version in it."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.errors import HistoryError
from innerview.training.record import Event
from innerview.training.tables import LayerTable, MetricTable, Tables, WeightTable

if TYPE_CHECKING:
    from innerview.training.step_table import Columns, StepTable

FORMAT = "innerview history"
VERSION = 2
# What reading an .npz raises when it is something else, or not whole.
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, AttributeError)


class Content(NamedTuple):
    """All that is kept of a history; ``kinds`` is the class of each layer, in execution order."""

    memory: int
    step: int
    recorded: int
    overhead: float | None
    kinds: dict[str, str]
    tables: Tables
    events: list[Event]


def write(content: Content, file: IO[bytes]) -> None:
    """Write the content of a history to an open file."""
    tables = content.tables
    about = {
        "format": FORMAT,
        "version": VERSION,
        "memory": content.memory,
        "step": content.step,
        "recorded": content.recorded,
        "overhead": content.overhead,
        "layers": list(content.kinds.items()),
        "phases": {
            phase: {name: table.channels for name, table in layers.items()} for phase, layers in tables.layers.items()
        },
        "parameters": list(tables.weights),
        "metrics": list(tables.metrics),
        "events": [asdict(event) for event in content.events],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for prefix, table in _named(tables):
        arrays.update({f"{prefix}.{name}": column for name, column in _columns(table).items()})
    np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType] - the names are ours


def read(file: IO[bytes], name: str) -> Content:
    """Read the content of a history; HistoryError, with the ``name``, for anything else, or when it is cut short."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            about = _about(arrays, name)
            tables = Tables()
            for phase, layers in about["phases"].items():
                tables.layers[phase] = {layer: LayerTable(channels) for layer, channels in layers.items()}
            tables.weights = {parameter: WeightTable() for parameter in about["parameters"]}
            tables.metrics = {metric: MetricTable() for metric in about["metrics"]}
            for prefix, table in _named(tables):
                _fill(table, arrays, prefix)
            kinds = {str(layer): str(kind) for layer, kind in about["layers"]}
            events = [Event(**event) for event in about["events"]]
            memory, step, recorded = (int(about[name]) for name in ("memory", "step", "recorded"))
            return Content(memory, step, recorded, about["overhead"], kinds, tables, events)
    except HistoryError:
        raise
    except _BROKEN as error:
        raise HistoryError(f"{name} is not a history of a training run, or it was cut short ({error})") from error


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


def _named(tables: Tables) -> list[tuple[str, StepTable]]:
    """Return every table with what its arrays are called in the file."""
    return [
        *(
            (f"phase{number}.layer{place}", table)
            for number, layers in enumerate(tables.layers.values())
            for place, table in enumerate(layers.values())
        ),
        *((f"weights{number}", table) for number, table in enumerate(tables.weights.values())),
        *((f"metric{number}", table) for number, table in enumerate(tables.metrics.values())),
    ]


def _columns(table: StepTable) -> Columns:
    return {"steps": table.steps, "spans": table.spans, **table.columns()}


def _fill(table: StepTable, arrays: Any, prefix: str) -> None:
    expected = _columns(table)
    columns = {name: arrays[f"{prefix}.{name}"] for name in expected}
    for name, column in expected.items():
        if columns[name].shape != (len(columns["steps"]), *column.shape[1:]) or columns[name].dtype != column.dtype:
            raise ValueError(f"{prefix}.{name} is of another shape")
    table.load(columns.pop("steps"), columns.pop("spans"), columns)
