"""How many files an upload brings, counted as its bytes go by."""

from __future__ import annotations

from python_multipart.multipart import parse_options_header

__all__ = ["Parts"]


class Parts:
    """Counts the parts of a multipart body, RFC 2046.

    Args:
        kind: the request's Content-Type.
    """

    def __init__(self, kind: bytes) -> None:
        boundary = parse_options_header(kind)[1].get(b"boundary", b"")  # as gradio reads it
        self._mark = b"--" + boundary if boundary else b""
        self._tail = b""
        self._marks = 0

    def count(self, piece: bytes) -> int:
        """The parts so far, with this next piece of the body; the mark at the end is none."""
        if self._mark:
            seen = self._tail + piece
            self._marks += seen.count(self._mark)
            self._tail = seen[-(len(self._mark) - 1) :]
        return self._marks - 1
