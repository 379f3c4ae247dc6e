"""The byte layout of a frame; its twin is ``js/src/wire.ts``. No other file knows it.

A frame is a small JSON header plus named arrays, in one buffer, all numbers little-endian::

    bytes 0-3    b"IVF1"
    bytes 4-7    uint32: length of the JSON header in bytes, with its padding
    bytes 8-     the header, UTF-8 JSON, padded with spaces so that the arrays start at a multiple of 8
    then         the arrays, each starting at a multiple of 8 from the start of the frame

The header holds what the sender gave, plus ``"arrays": [[name, dtype, shape, offset], ...]``; offsets count from
the end of the header. One buffer a frame, because jupyter_server limits messages a second, not their bytes.
"""

from __future__ import annotations

import json
import struct
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = b"IVF1"
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_ALIGN = 8
_PREFIX = struct.Struct("<4sI")


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytearray:
    """Pack a header and named arrays into one frame.

    Args:
        header: values that JSON can carry; ``"arrays"`` is taken by the frame itself. JSON has no NaN or infinity:
            send such numbers in an array.
        arrays: name -> array of any shape, with one of the dtypes in ``DTYPES``.

    Returns:
        The frame, ready to be the one buffer of a message.

    Raises:
        WireError: a header that JSON cannot carry, or an array of another dtype.
    """
    if "arrays" in header:
        raise WireError('a header cannot hold the key "arrays": the frame puts its table of arrays there')
    table: list[tuple[str, str, list[int], int]] = []
    bodies: list[tuple[int, np.ndarray]] = []
    end = 0
    for name, value in (arrays or {}).items():
        array = np.asarray(value)
        dtype = array.dtype.name
        if dtype not in DTYPES:
            raise WireError(f"array {name!r} is {dtype}; a frame carries {', '.join(DTYPES)}")
        start = _aligned(end)
        table.append((name, dtype, list(array.shape), start))
        bodies.append((start, array))
        end = start + array.nbytes
    try:
        text = json.dumps({**header, "arrays": table}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        encoded = text.encode()
    except (TypeError, ValueError) as error:
        raise WireError(f"this header cannot be sent as JSON ({error}): {dict(header)!r:.300}") from error
    base = _aligned(_PREFIX.size + len(encoded))
    frame = bytearray(base + end)
    _PREFIX.pack_into(frame, 0, MAGIC, base - _PREFIX.size)
    frame[_PREFIX.size : base] = encoded.ljust(base - _PREFIX.size)
    for start, array in bodies:
        if array.nbytes:
            target = np.frombuffer(frame, array.dtype.newbyteorder("<"), array.size, base + start)
            target.reshape(array.shape)[...] = array
    return frame


def decode(frame: bytes | bytearray | memoryview) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Unpack a frame; the arrays are views of its bytes.

    Raises:
        WireError: the bytes are not a frame, or it is cut short.
    """
    view = memoryview(frame).cast("B")
    if len(view) < _PREFIX.size:
        raise WireError(f"a frame has at least {_PREFIX.size} bytes; got {len(view)}")
    magic, length = _PREFIX.unpack_from(view)
    base = _PREFIX.size + length
    if magic != MAGIC:
        raise WireError(f"a frame starts with {MAGIC!r}; got {magic!r}")
    if len(view) < base:
        raise WireError(f"the frame's header ends at byte {base}, but the frame has {len(view)} bytes")
    try:
        header = json.loads(bytes(view[_PREFIX.size : base]))
        table = [(str(n), str(d), [int(s) for s in shape], int(o)) for n, d, shape, o in header.pop("arrays")]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise WireError(f"the frame's header is not JSON with a table of arrays: {error}") from error
    arrays = {}
    for name, dtype, shape, offset in table:
        if dtype not in DTYPES or offset < 0 or any(size < 0 for size in shape):
            raise WireError(f"array {name!r} is {dtype} {shape} at {offset}; a frame carries {', '.join(DTYPES)}")
        kind = np.dtype(dtype).newbyteorder("<")
        count = prod(shape)  # of Python's integers, which do not overflow
        stop = base + offset + count * kind.itemsize
        if stop > len(view):
            raise WireError(f"array {name!r} ends at byte {stop}, but the frame has {len(view)} bytes")
        # An empty array may sit at the very end, where numpy's frombuffer refuses the offset.
        flat = np.frombuffer(view, kind, count, base + offset) if count else np.empty(0, kind)
        try:
            arrays[name] = flat.reshape(shape)
        except (ValueError, OverflowError) as error:
            raise WireError(f"array {name!r} cannot have the shape {shape}: {error}") from error
    return header, arrays


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN
