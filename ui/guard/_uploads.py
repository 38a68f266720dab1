"""Which uploads may arrive at a time, so that those that do not come keep nobody out."""

from __future__ import annotations

from collections import OrderedDict

from gradio.routes import file_upload_statuses

from diabolo.ui.guard.exchange import RATE, Exchange

__all__ = ["Uploads"]

_ARRIVING = 16  # at a time; how much room there is on the disk shows only when they have arrived
_WAITING = 200  # whose beginning has not come yet
_PROGRESS = 1000  # names of uploads that gradio is left to know; without this it knows them for ever


class Uploads:
    """The places of uploads.

    One has a place from when the beginning of its body is here. Where there is none, the slowest of those
    that have one loses it; of those that wait for their beginning, the oldest.
    """

    def __init__(self) -> None:
        self._waiting: list[Exchange] = []
        self._arriving: list[Exchange] = []
        self._named: OrderedDict[str, None] = OrderedDict()

    async def begin(self, exchange: Exchange) -> None:
        """Wait for the beginning of an upload, and take a place.

        Raises:
            TooMuchError: it did not come in time, or there is no place.
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
                exchange.refuse(503, "too many uploads at a time. Try again in a few seconds.")
            self._arriving.remove(slowest)
            slowest.drop()
        self._arriving.append(exchange)

    def end(self, exchange: Exchange) -> None:
        """Give the place of an upload back."""
        if exchange in self._arriving:
            self._arriving.remove(exchange)

    def follow(self, name: str) -> None:
        """Somebody asks for the progress of the upload of this name, or begins it: forget the oldest."""
        self._named[name] = None
        self._named.move_to_end(name)
        while len(self._named) > _PROGRESS:
            oldest, _ = self._named.popitem(last=False)
            file_upload_statuses.stop_tracking(oldest)
            file_upload_statuses._signals.pop(oldest, None)
