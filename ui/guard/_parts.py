"""Counts and checks the parts of a multipart upload while it streams through."""

from __future__ import annotations

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

__all__ = ["Parts"]


class Parts:
    """Reads a multipart body with the parser that Gradio uses.

    Args:
        kind: the request's Content-Type; without a boundary the body is not parsed.

    Attributes:
        count: the number of parts so far.
        fields: whether any part is not a file. Gradio keeps such parts in memory, whatever their size.
        fault: the parser's error; "" if there is none.
    """

    def __init__(self, kind: bytes) -> None:
        self.count = 0
        self.fields = False
        self.fault = ""
        self._name, self._value, self._disposition = bytearray(), bytearray(), b""
        boundary = parse_options_header(kind)[1].get(b"boundary", b"")
        self._parser = self._made(boundary) if boundary else None

    def take(self, piece: bytes) -> None:
        """Parse the next piece of the body."""
        if self._parser is None or self.fault or not piece:
            return
        try:
            self._parser.write(piece)
        except MultipartParseError as error:
            self.fault = str(error)

    def _made(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._headers,
            },
        )

    def _begin(self) -> None:
        self.count += 1
        self._disposition = b""

    def _header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _headers(self) -> None:
        if b"filename" not in parse_options_header(self._disposition)[1]:
            self.fields = True
