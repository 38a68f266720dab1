"""A look into an .onnx file before onnxruntime gets it: does it want other files?

A tensor may lie in a file of its own, at a path that the graph names. A bundle has none such: whatever is
read must be listed in model.json with its hash. The file is protobuf
(https://protobuf.dev/programming-guides/encoding/, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto);
only the fields that lead to tensors are followed, all else, the weights among it, is skipped by its length.
What protobuf's own readers might read in another way is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["external_tensors"]

# message: the fields of it that lead on, by number
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
_CONTEXT = b"EPContext"  # an operator that may keep what a provider compiled in a file of its own
_DEEPEST = 100  # messages inside messages, as in protobuf's readers
_FIELDS = 1_000_000
_ORT = b"ORTM"  # at byte 4: onnxruntime's own format, which it recognises by these


def external_tensors(raw: bytes, most: int = _FIELDS) -> list[str]:
    """The names of tensors whose values are to be read from another file.

    Args:
        raw: an .onnx file.
        most: fields that may be looked at.

    Raises:
        ValueError: these bytes are no .onnx file, or have more fields or deeper ones than allowed.
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
    """The fields of the message from `at` to `end`: the number, and where its bytes are and how many; a whole
    number is at 0, and its value stands for their number."""
    while at < end:
        key = raw[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(raw, at - 1, end)
        kind = key & 7
        if key < 8 or key >> 32:
            raise ValueError("it is no protobuf: a field's number is out of range")
        if kind == 0:
            value, at = _varint(raw, at, end)
            yield key >> 3, 0, value
            continue
        if kind == 2:
            size, at = _varint(raw, at, end)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("it is no protobuf")
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
    raise ValueError("it is no protobuf")
