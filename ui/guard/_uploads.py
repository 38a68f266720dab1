"""Limits concurrent uploads, so that stalled ones do not keep others out."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from gradio.routes import file_upload_statuses

from diabolo.ui.guard.exchange import Exchange

__all__ = ["Uploads"]

_ARRIVING = 16  # at a time; the disk space that they need is known only once they have arrived
_WAITING = 200  # uploads whose first bytes have not arrived yet, and as many that wait for a slot
_SLOW = 20_000  # bytes a second; a class that shares a line may be as slow, and its uploads are not given up
_PATIENCE = 120.0  # seconds that an upload waits for a slot
_LOOK = 0.05  # seconds between two looks at the slots
_FULL = "too many concurrent uploads. Try again in a few seconds."
_PROGRESS = 1000  # upload ids that Gradio keeps; without this limit it keeps them for ever


class Uploads:
    """Slots for uploads.

    An upload takes a slot when the first bytes of its body have arrived. If all slots are taken, the slowest
    upload loses its slot if it is very slow; otherwise the new one waits until a slot is free, behind those
    that wait already. If too many uploads are still waiting for their first bytes, the oldest is dropped.
    """

    def __init__(self) -> None:
        self._waiting: list[Exchange] = []
        self._queue: list[Exchange] = []
        self._arriving: list[Exchange] = []
        self._named: OrderedDict[str, None] = OrderedDict()

    async def begin(self, exchange: Exchange) -> None:
        """Wait for the first bytes of an upload, then take a slot.

        Raises:
            TooMuchError: they did not arrive in time, or no slot is free.
        """
        if len(self._waiting) >= _WAITING:
            self._waiting.pop(0).drop()
        self._waiting.append(exchange)
        try:
            await exchange.begin()
        finally:
            if exchange in self._waiting:
                self._waiting.remove(exchange)
        if self._queue or not self._room():
            await self._wait(exchange)
        self._arriving.append(exchange)

    def _room(self) -> bool:
        """Whether a slot is free; the slowest upload gives its slot up if it hardly moves."""
        if len(self._arriving) < _ARRIVING:
            return True
        slowest = min(self._arriving, key=lambda arriving: arriving.rate)
        if slowest.rate >= _SLOW:
            return False
        self._arriving.remove(slowest)
        slowest.drop()
        return True

    async def _wait(self, exchange: Exchange) -> None:
        """Wait for a slot, first come, first served; meanwhile the client has to keep its data.

        Raises:
            TooMuchError: no slot became free in time, or too many uploads are in the queue.
        """
        begun = time.monotonic()
        own = sum(other.address == exchange.address for other in self._queue)
        if len(self._queue) >= _WAITING or own >= _WAITING // 2:
            exchange.refuse(503, _FULL)
        self._queue.append(exchange)
        try:
            while self._queue[0] is not exchange or not self._room():
                if time.monotonic() - begun > _PATIENCE:
                    exchange.refuse(503, _FULL)
                await asyncio.sleep(_LOOK)
        finally:
            self._queue.remove(exchange)
        exchange.excuse(time.monotonic() - begun)

    def end(self, exchange: Exchange) -> None:
        """Free the slot of an upload."""
        if exchange in self._arriving:
            self._arriving.remove(exchange)

    def follow(self, name: str) -> None:
        """Note the id of an upload that was started or polled for progress; forget the oldest ids."""
        self._named[name] = None
        self._named.move_to_end(name)
        while len(self._named) > _PROGRESS:
            oldest, _ = self._named.popitem(last=False)
            file_upload_statuses.stop_tracking(oldest)
            file_upload_statuses._signals.pop(oldest, None)
