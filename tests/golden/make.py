"""Write the golden frames: each NAME.bin is the frame that NAME.json describes.

Run ``python tests/golden/make.py`` after a change of the byte layout, and commit what it writes. Both pytest
(tests/unit/test_wire.py) and vitest (js/test/wire.test.ts) read these files, so that neither end of the wire can
change alone.

JSON has no NaN and no infinity: such values of an array are written as the strings that both ``float`` in Python
and ``Number`` in JavaScript read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from innerview.wire import DTYPES, encode

HERE = Path(__file__).parent
FLOAT32 = np.finfo(np.float32)


def frames() -> dict[str, tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """Name -> (header, arrays) of every golden frame."""
    every = {}
    for dtype in DTYPES:
        limits = np.finfo(dtype) if dtype.startswith("float") else np.iinfo(dtype)
        every[dtype] = np.array([limits.min, 0, 1, limits.max], dtype)
    tiles = (np.arange(2 * 3 * 5) * 8 % 253).astype(np.uint8).reshape(2, 3, 5)
    return {
        "header_only": ({"kind": "selected", "layer": None}, {}),
        "every_dtype": ({"kind": "dtypes"}, every),
        "shapes": (
            {"kind": "shapes"},
            {
                "scalar": np.float32(0.5).reshape(()),
                "one": np.array([7], np.uint8),
                "empty": np.empty((0, 3), np.float64),
                "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
                "empty_last": np.empty((2, 0), np.uint32),
            },
        ),
        "special_values": (
            {"kind": "special"},
            {
                "float32": np.array([np.nan, np.inf, -np.inf, -0.0, FLOAT32.tiny, 1e-45], np.float32),
                "float64": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.1], np.float64),
            },
        ),
        "text": (
            {
                "kind": "error",
                "message": 'naïve café, 层, λ, 🙂, "quoted", back\\slash, tab\t, line\n, \u2028, \x00, \x7f',
                "nested": {"list": [1, -2, 0.25, True, False, None, []], "object": {}},
                "ключ": "",
            },
            {"Δ": np.array([1, 2, 3], np.int8), "": np.array([4], np.uint16)},
        ),
        "grid": (
            {"kind": "grid", "layer": "conv1", "sample": 12, "shape": [2, 3, 5], "nonfinite": 1},
            {
                "tiles": tiles,
                "low": np.array([-1.5, 0.0], np.float32),
                "high": np.array([2.25, np.inf], np.float32),
                "nonfinite": np.array([0, 1], np.uint32),
            },
        ),
    }


def as_json(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The description of a frame: its header, and each array as dtype, shape and flat list of values."""
    return {
        "header": header,
        "arrays": {
            name: {"dtype": array.dtype.name, "shape": list(array.shape), "values": _values(array)}
            for name, array in arrays.items()
        },
    }


def _values(array: np.ndarray) -> list[float | int | str]:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return [names.get(str(value), value) for value in array.ravel().tolist()]


if __name__ == "__main__":
    for frame_name, (frame_header, frame_arrays) in frames().items():
        (HERE / f"{frame_name}.bin").write_bytes(encode(frame_header, frame_arrays))
        text = json.dumps(as_json(frame_header, frame_arrays), ensure_ascii=False, allow_nan=False, indent=1)
        (HERE / f"{frame_name}.json").write_text(text + "\n", encoding="utf-8")
