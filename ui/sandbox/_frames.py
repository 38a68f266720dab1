"""Messages between the app and a worker: the length of a JSON header, the header, float32 values."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FrameError", "read_array", "read_header", "write"]

_LONGEST = 1 << 20  # bytes of a header, at most
_LENGTH = struct.Struct("<I")

_Array = NDArray[np.float32]


class FrameError(Exception):
    """The data received is not a valid message."""


def write(stream: IO[bytes], header: dict[str, Any], array: _Array | None = None) -> None:
    """Send a header, followed by the values of an array if there is one.

    Raises:
        OSError: the reader closed the pipe.
    """
    raw = json.dumps(header).encode("ascii")
    stream.write(_LENGTH.pack(len(raw)) + raw)
    if array is not None and array.size:
        stream.write(np.ascontiguousarray(array, "<f4").data.cast("B"))
    stream.flush()


def read_header(stream: IO[bytes]) -> dict[str, Any]:
    """Read the next header.

    Raises:
        EOFError: the pipe was closed.
        FrameError: the header is too long, or not a JSON object.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _LONGEST:
        raise FrameError(f"a header of {length} bytes")
    raw = _exactly(stream, length)
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise FrameError("a header that is not JSON") from None
    if not isinstance(header, dict):
        raise FrameError("a header that is not an object")
    return header


def read_array(stream: IO[bytes], shape: tuple[int, ...]) -> _Array:
    """Read the values that follow a header, a float32 array of this shape.

    Raises:
        EOFError: the pipe was closed before all values arrived.
        MemoryError: there is not enough memory for them.
    """
    array = np.empty(shape, "<f4")
    if array.size:
        _fill(stream, array.data.cast("B"))
    return array


def _exactly(stream: IO[bytes], count: int) -> bytes:
    raw = bytearray(count)
    _fill(stream, memoryview(raw))
    return bytes(raw)


def _fill(stream: IO[bytes], room: memoryview) -> None:
    while room:
        count = stream.readinto(room)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        room = room[count:]
