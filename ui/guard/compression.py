"""Compresses the app's page, which is three quarters of a megabyte of text."""

from __future__ import annotations

import asyncio
import re
import zlib

from diabolo.ui.guard.answers import Message, Send

__all__ = ["Compression", "accepts_gzip"]

_LEVEL = 4  # a sixth of the size in 20 ms; level 9 would take twice as long for 7 % less
_GZIP = 16 + zlib.MAX_WBITS
_SMALLEST = 1000  # bytes
_LARGEST = 8 << 20  # bytes; what is larger is sent as it comes
_TEXT = re.compile(rb"(text/(html|css|plain|javascript)|application/(json|javascript)|image/svg\+xml)(;|$)")
_ACCEPTED = re.compile(r"(^|,)\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[\d.]+\s*)?(,|$)", re.IGNORECASE)


def accepts_gzip(header: str) -> bool:
    """Whether a client with this Accept-Encoding header takes gzip."""
    return bool(_ACCEPTED.search(header))


class Compression:
    """Compresses a response that is text, not compressed yet, and sent as a whole.

    Streams of events are none of these: they are passed on message by message.

    Args:
        send: the ASGI `send` that takes the response.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Send one ASGI message of the response."""
        if message["type"] == "http.response.start" and _is_text(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            await self._send(message)
            return
        if _is_whole(message):
            body = await asyncio.to_thread(_compressed, message["body"])
            start["headers"] = [*_kept(start["headers"]), *_described(len(body))]
            message = {**message, "body": body}
        await self._send(start)
        await self._send(message)


def _is_text(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return (
        start["status"] == 200
        and b"content-encoding" not in headers
        and bool(_TEXT.match(headers.get(b"content-type", b"")))
    )


def _is_whole(message: Message) -> bool:
    size = len(message.get("body", b""))
    return not message.get("more_body", False) and _SMALLEST <= size <= _LARGEST


def _compressed(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in (b"content-length", b"etag")]


def _described(size: int) -> list[tuple[bytes, bytes]]:
    length = str(size).encode()
    return [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"), (b"content-length", length)]
