"""When many calls come at once, those who asked for the least so far are served first."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["FairShare"]

_HALF_LIFE = 5.0  # seconds after which half of what somebody used is forgotten
_LONGEST = 1.0  # seconds of one call that count: a longer one has mostly waited
_ENTRY = 0.005  # seconds that count at once, so that many calls of one caller do not all look like the first
_FORGOTTEN = 1e-3  # seconds of use


class FairShare:
    """Lets calls begin, a few at a time; of those that wait, the one whose caller used the least time lately.

    A call that lasts leaves its slot to others, and goes on: what is limited is how many begin at once, since
    all of them share one interpreter. With a single caller the order is that of arrival. All methods are
    called in the event loop.

    Args:
        slots: how many calls begin at a time.
        seconds: after which a call's slot is free again.
    """

    def __init__(self, slots: int = max(2, os.cpu_count() or 1), seconds: float = 0.1) -> None:
        self._free, self._seconds = slots, seconds
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []  # in the order of arrival
        self._used: dict[str, tuple[float, float]] = {}  # seconds of each caller, as of a time

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Wait until a call may begin.

        Args:
            caller: whose call it is, such as the network address.
        """
        await self._enter(caller)
        self._count(caller, _ENTRY)
        begun, slot = time.monotonic(), _Slot(self)
        timer = asyncio.get_running_loop().call_later(self._seconds, slot.leave)
        try:
            yield
        finally:
            timer.cancel()
            slot.leave()
            self._count(caller, min(_LONGEST, time.monotonic() - begun))

    def used(self, caller: str) -> float:
        """Seconds that a caller's latest calls took, older ones counting less."""
        seconds, then = self._used.get(caller, (0.0, 0.0))
        return float(seconds * 0.5 ** ((time.monotonic() - then) / _HALF_LIFE))

    async def _enter(self, caller: str) -> None:
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((caller, admitted))
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self.leave()  # admitted and called off in the same moment
            elif (caller, admitted) in self._waiting:  # `leave` may have dropped it already
                self._waiting.remove((caller, admitted))
            raise

    def leave(self) -> None:
        """Give a slot back, and let the next call begin."""
        self._free += 1
        while self._free > 0 and self._waiting:
            used = {caller: self.used(caller) for caller, _ in self._waiting}
            first = min(self._waiting, key=lambda one: used[one[0]])
            self._waiting.remove(first)
            if not first[1].done():
                self._free -= 1
                first[1].set_result(None)

    def _count(self, caller: str, seconds: float) -> None:
        self._used[caller] = self.used(caller) + seconds, time.monotonic()
        if len(self._used) > 1000:
            self._used = {one: it for one, it in self._used.items() if self.used(one) > _FORGOTTEN}


class _Slot:
    """One call's slot, given back once."""

    def __init__(self, share: FairShare) -> None:
        self._share: FairShare | None = share

    def leave(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            share.leave()
