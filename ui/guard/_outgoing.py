"""Sends responses in small pieces and drops clients that read too slowly."""

from __future__ import annotations

import asyncio
import time

from diabolo.ui.guard.answers import Message, Send

__all__ = ["Outgoing"]

_PIECE = 64 << 10  # bytes; the server buffers a whole piece in memory before the client reads it
_RATE = 10_000  # bytes a second that a client must read: a slow connection, shared by the page's files


class Outgoing:
    """Sends a response in small pieces and stops sending to a client that does not read them.

    Only time spent waiting for the client counts, so connections with long silences stay open.

    Args:
        send: the server's ASGI `send`.
        seconds: the limit for one piece, and for all pieces together plus one second per 10 kB.

    Attributes:
        stuck: whether the client was dropped. Further messages are discarded, as after a disconnect.
    """

    def __init__(self, send: Send, seconds: float) -> None:
        self._send, self._seconds = send, seconds
        self._sent, self._waited = 0, 0.0
        self.stuck = False

    async def send(self, message: Message) -> None:
        """Send one ASGI message of the response."""
        body: bytes = message.get("body", b"")
        if len(body) <= _PIECE:
            await self._passed(message, len(body))
            return
        for start in range(0, len(body), _PIECE):
            more = start + _PIECE < len(body) or message.get("more_body", False)
            piece = body[start : start + _PIECE]
            await self._passed({**message, "body": piece, "more_body": more}, len(piece))

    async def _passed(self, message: Message, size: int) -> None:
        if self.stuck:
            return
        begun = time.monotonic()
        left = self._seconds + self._sent / _RATE - self._waited
        try:
            async with asyncio.timeout(min(self._seconds, max(0.0, left))):
                await self._send(message)
        except TimeoutError:
            self.stuck = True
        self._waited += time.monotonic() - begun
        self._sent += size
