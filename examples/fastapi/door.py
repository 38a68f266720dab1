"""Admission: limit requests and their bodies, and notice clients that have disconnected."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from batching import Busy
from fastapi import HTTPException, Request
from limits import Limits
from starlette.requests import ClientDisconnect

Result = TypeVar("Result")

log = logging.getLogger("uvicorn.error")  # uvicorn's own log
EVERY = 60.0  # seconds

CLOSE = {"Connection": "close"}  # the rest of the body is not read
SWALLOWED = 8  # times the limit: read from a long body, since many clients read the answer only after sending


class OnceAMinute(logging.Filter):
    """Passes each kind of warning or error once a minute, since clients can cause any number of them."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[Any, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = (record.pathname, record.lineno, record.exc_info and record.exc_info[0])
        if record.levelno < logging.WARNING or record.created < self._told.get(kind, 0) + EVERY:
            return record.levelno < logging.WARNING
        self._told[kind] = record.created
        return True


class Visit:
    """One request, and the number of bytes of its body in memory."""

    def __init__(self, door: "Door", request: Request):
        self._door, self._request, self._held = door, request, 0

    async def body(self, most: int) -> bytes:
        """Read the body.

        Raises:
            HTTPException: 413 if it has more than `most` bytes, 408 if it has not arrived in time.
            Busy: the bodies of all requests together take too much memory.
            ClientDisconnect: the client has disconnected.
        """
        declared = self._request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > SWALLOWED * most:
            raise too_long(most)
        try:
            return await asyncio.wait_for(self._read(most), self._door.limits.body_seconds)
        except TimeoutError:
            self._door.slow += 1
            seconds = self._door.limits.body_seconds
            raise HTTPException(408, f"the body did not arrive within {seconds:g} seconds", CLOSE) from None

    async def _read(self, most: int) -> bytes:
        raw, length = bytearray(), 0
        async for chunk in self._request.stream():
            length += len(chunk)
            if length > most:
                self.forget()
                raw.clear()
                if length > SWALLOWED * most:
                    break
            else:
                self._hold(len(chunk))
                raw += chunk
        if length > most:
            raise too_long(most)
        return bytes(raw)

    def _hold(self, count: int) -> None:
        if self._door.held + count > self._door.limits.held_bytes:
            raise Busy
        self._door.held += count
        self._held += count

    def forget(self) -> None:
        """Note that the body is no longer in memory."""
        self._door.held -= self._held
        self._held = 0

    async def unless_gone(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`, which is cancelled if the client disconnects. The body must have been read.

        Raises:
            ClientDisconnect: the client has disconnected.
        """
        task, gone = asyncio.ensure_future(work), asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientDisconnect
            return task.result()
        finally:
            task.cancel()
            gone.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    async def _gone(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


class Door:
    """Counts requests: current, refused, too slow, and those whose client disconnected."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.inside = self.held = self.refused = self.slow = self.left = 0

    @contextlib.contextmanager
    def enter(self, request: Request) -> Iterator[Visit]:
        """Admit a request for the `with` block.

        Raises:
            Busy: too many requests are being processed.
        """
        if self.inside >= self.limits.waiting:
            raise Busy
        self.inside += 1
        visit = Visit(self, request)
        try:
            yield visit
        finally:
            self.inside -= 1
            visit.forget()

    def busy(self) -> dict[str, int]:
        """The number of current requests and the bytes of their bodies, each with its limit."""
        return {
            "requests": self.inside,
            "most_requests": self.limits.waiting,
            "body_bytes": self.held,
            "most_body_bytes": self.limits.held_bytes,
        }

    def counts(self) -> dict[str, int]:
        """How many requests since the start were refused, sent their body too slowly, or disconnected."""
        return {"refused": self.refused, "slow": self.slow, "left": self.left}

    async def report(self) -> None:
        """Log the counts once a minute if they have changed, until cancelled."""
        told = self.counts()
        while True:
            await asyncio.sleep(EVERY)
            if (now := self.counts()) != told:
                told = now
                log.info("since the start: %s", ", ".join(f"{count} {what}" for what, count in now.items()))


def too_long(most: int) -> HTTPException:
    """The error for a body that is too long."""
    return HTTPException(413, f"the body has more than {most} bytes", CLOSE)
