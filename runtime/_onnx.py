"""A look into an .onnx file before onnxruntime gets it: does it want other files?

A tensor may lie in a file of its own, at a path that the graph names. A bundle has none such: whatever is
read must be listed in model.json with its hash. The file is protobuf
(https://protobuf.dev/programming-guides/encoding/, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto);
only the fields that lead to tensors are followed, the weights themselves are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["external_tensors"]

# message: the fields of it that lead on, by number
_INSIDE = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14  # of a tensor
_DEEPEST = 100  # messages inside messages


def external_tensors(raw: bytes) -> list[str]:
    """The names of tensors whose values are to be read from another file.

    Raises:
        ValueError: these bytes are no .onnx file.
    """
    return list(_walk(memoryview(raw), "model", 0))


def _walk(raw: memoryview, message: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if message == "tensor":
        values = dict(_fields(raw))
        if _EXTERNAL_DATA in values or values.get(_DATA_LOCATION, 0) == 1:
            name = values.get(_NAME, b"")
            yield bytes(name).decode("utf-8", "replace") if not isinstance(name, int) else ""
        return
    for number, value in _fields(raw):
        inner = _INSIDE[message].get(number)
        if inner is not None and not isinstance(value, int):
            yield from _walk(value, inner, depth + 1)


def _fields(raw: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """The numbers and values of a message's fields: bytes, or a whole number."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(raw, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(raw, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("it is no protobuf")
        if at + size > len(raw):
            raise ValueError("it is cut short")
        yield key >> 3, raw[at : at + size]
        at += size


def _varint(raw: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(raw):
            raise ValueError("it is cut short")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is no protobuf")
