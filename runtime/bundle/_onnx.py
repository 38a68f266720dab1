"""Find out whether an .onnx file refers to other files, before onnxruntime opens it.

A tensor may be stored in another file, at a path that the graph names. This is not allowed in a bundle, where
model.json lists every file with its hash. An .onnx file is protobuf
(https://protobuf.dev/programming-guides/encoding/, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
Only the fields that lead to tensors are read; all others, such as weights, are skipped by their length.
Encodings that protobuf's own readers may interpret differently are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["external_tensors"]

# message: the fields that lead to tensors, by number
_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {4: "operator", 5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14  # of a tensor
_CONTEXT = b"EPContext"  # an operator that may refer to a provider's compiled graph in another file
_DEEPEST = 100  # levels of nested messages, as in protobuf's readers
_FIELDS = 1_000_000
_ORT = b"ORTM"  # at byte 4 of a file in onnxruntime's own format


def external_tensors(raw: bytes, most: int = _FIELDS) -> list[str]:
    """The names of tensors whose values are stored in another file.

    Args:
        raw: the bytes of an .onnx file.
        most: the most fields that are read.

    Raises:
        ValueError: this is not an .onnx file, or it has too many or too deeply nested fields.
    """
    if raw[4:8] == _ORT:
        raise ValueError("it is in onnxruntime's own format")
    found, waiting, left = [], [("model", 0, len(raw), 0)], most
    while waiting:
        message, start, end, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} messages deep")
        inside, outside, name = _INSIDE[message], False, b""
        for number, at, size in _fields(raw, start, end):
            left -= 1
            if left < 0:
                raise ValueError(f"it is made of more than {most:,} fields")
            if message == "tensor":
                outside |= number == _EXTERNAL_DATA or (number == _DATA_LOCATION and size != 0)
                name = raw[at : at + size] if number == _NAME and at else name
            elif number in inside and at:
                if inside[number] == "operator":
                    outside |= raw[at : at + size] == _CONTEXT
                    name = _CONTEXT
                else:
                    waiting.append((inside[number], at, at + size, depth + 1))
        if outside:
            found.append(name[:200].decode("utf-8", "replace"))
    return found


def _fields(raw: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of the message from `at` to `end`: number, start and size in bytes.

    A field that is an integer has the start 0, and its value in the place of the size.
    """
    while at < end:
        key = raw[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(raw, at - 1, end)
        kind = key & 7
        if key < 8 or key >> 32:
            raise ValueError("it is not valid protobuf: a field's number is out of range")
        if kind == 0:
            value, at = _varint(raw, at, end)
            yield key >> 3, 0, value
            continue
        if kind == 2:
            size, at = _varint(raw, at, end)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("it is not valid protobuf")
        if size > end - at:
            raise ValueError("it is cut short")
        yield key >> 3, at, size
        at += size


def _varint(raw: bytes, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= end:
            raise ValueError("it is cut short")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is not valid protobuf")
