"""Limits concurrent uploads, so that stalled ones do not keep others out."""

from __future__ import annotations

from collections import OrderedDict

from gradio.routes import file_upload_statuses

from diabolo.ui.guard.exchange import RATE, Exchange

__all__ = ["Uploads"]

_ARRIVING = 16  # at a time; the disk space that they need is known only once they have arrived
_WAITING = 200  # uploads whose first bytes have not arrived yet
_PROGRESS = 1000  # upload ids that Gradio keeps; without this limit it keeps them for ever


class Uploads:
    """Slots for uploads.

    An upload takes a slot when the first bytes of its body have arrived. If all slots are taken, the slowest
    upload loses its slot. If too many uploads are still waiting for their first bytes, the oldest is dropped.
    """

    def __init__(self) -> None:
        self._waiting: list[Exchange] = []
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
        if len(self._arriving) >= _ARRIVING:
            slowest = min(self._arriving, key=lambda arriving: arriving.rate)
            if slowest.rate >= RATE:
                exchange.refuse(503, "too many concurrent uploads. Try again in a few seconds.")
            self._arriving.remove(slowest)
            slowest.drop()
        self._arriving.append(exchange)

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
