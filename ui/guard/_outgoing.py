"""An answer on its way to a client, which has to take it."""

from __future__ import annotations

import asyncio
import time

from diabolo.ui.guard.answers import Message, Send

__all__ = ["Outgoing"]

_PIECE = 64 << 10  # bytes; a server takes a whole piece into its memory before the client does
_RATE = 10_000  # bytes a second that a client must take: a slow line, shared by the page's files


class Outgoing:
    """Sends in small pieces, and gives up clients that do not take them.

    Only the time that the client takes counts, so that lines with long silences stay open.

    Args:
        send: of the server.
        seconds: for one piece, at most; and for all of them, besides a second for each 10 kB.

    Attributes:
        stuck: whether the client was given up. What is sent then goes nowhere, as with one who has left.
    """

    def __init__(self, send: Send, seconds: float) -> None:
        self._send, self._seconds = send, seconds
        self._sent, self._waited = 0, 0.0
        self.stuck = False

    async def send(self, message: Message) -> None:
        """Send one message of the answer."""
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
