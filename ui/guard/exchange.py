"""One request and its response: both are measured and timed, and the response gets its headers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from typing import Any, NoReturn

from diabolo.ui.guard._outgoing import Outgoing
from diabolo.ui.guard._parts import Parts
from diabolo.ui.guard.access import Access, is_upload
from diabolo.ui.guard.answers import Message, Receive, Send, answer, protected, status_of
from diabolo.ui.guard.compression import Compression, accepts_gzip

__all__ = ["Exchange", "TooMuchError"]

_RATE = 100_000  # bytes a second that a body must reach
# routes that compute while the request is open, so that a disconnect can be noticed
_EVENTS = re.compile(r"/gradio_api/(run|api|component_server)(/|$)")
_FILES = re.compile(r"/gradio_api/file[=/]")
_BEGINNING = 64 << 10  # bytes
_BEGINNING_SECONDS = 10.0
_MEASURED = 5.0  # seconds after which the rate of a body says something
_LONGEST = 64 << 10  # bytes of an error


class TooMuchError(Exception):
    """A body is too large or too slow."""


class Exchange:
    """Wraps ASGI's `receive` and `send` for one request.

    Attributes:
        left: set when the caller disconnects, on routes that compute while the request is open; None on
            other routes.
        address: the network address that the request comes from.
        refused: the status and the reason if the request was refused, else None.
        started: whether a response has begun.
    """

    def __init__(self, scope: Any, receive: Receive, send: Send, access: Access) -> None:
        self._path: str = scope["path"]
        self._receive, self._access = receive, access
        self._out = Outgoing(send, access.seconds)
        self._pass = Compression(self._out.send).send if _packed(scope) else self._out.send
        self._event = scope["method"] == "POST" and bool(_EVENTS.search(self._path))
        self._taken = self._values = 0  # bytes; commas and brackets, which count JSON values
        kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
        self._parts = Parts(kinds[0] if kinds else b"") if is_upload(self._path) else None
        self.address = str((scope.get("client") or ("",))[0])
        self._begun = time.monotonic()
        self._whole = self._dropped = False
        self._early: list[Message] = []
        self._coming: asyncio.Future[Message] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._held: Message | None = None  # the start of an error response: its body determines the status
        self.left = threading.Event() if self._event else None
        self.refused: tuple[int, str] | None = None
        self.started = False

    @property
    def rate(self) -> float:
        """Bytes per second at which the body arrives; infinity at first, and once it is complete."""
        seconds = time.monotonic() - self._begun
        return float("inf") if self._whole or seconds < _MEASURED else self._taken / seconds

    def drop(self) -> None:
        """Refuse the rest of the body, to free its slot for another upload."""
        self._dropped = True
        if self._coming is not None:
            self._coming.cancel()

    def excuse(self, seconds: float) -> None:
        """Do not count this time as the body's: it was not asked for."""
        self._begun += seconds

    async def begin(self) -> None:
        """Wait for the first 64 kB of the body, or for all of it if it is shorter.

        Raises:
            TooMuchError: the body is larger or slower than allowed.
        """
        seconds = min(_BEGINNING_SECONDS, self._access.seconds)
        while self._taken < _BEGINNING and not self._whole:
            late = f"the first {_BEGINNING >> 10} kB of the body took longer than {seconds:g} s."
            self._early.append(await self._next(self._begun + seconds, late))

    async def receive(self) -> Message:
        """The next ASGI message for the app.

        Raises:
            TooMuchError: the body is larger or slower than allowed.
        """
        if self._early:
            return self._early.pop(0)
        if not self._whole:
            seconds = self._access.seconds
            late = f"the body took too long: the limit is {seconds:g} s plus 1 s per 100 kB."
            return await self._next(self._begun + seconds + self._taken / _RATE, late)
        if self._watcher is None:
            self._watch()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _next(self, until: float, late: str) -> Message:
        """The next piece of the body, which must arrive before `until` (`time.monotonic`)."""
        message = await self._timed(until, late)
        self._whole = not message.get("more_body")
        piece = message.get("body", b"")
        self._taken += len(piece)
        if self._taken > (most := self._access.most(self._path)):
            self.refuse(413, f"the body is larger than {most >> 20} MB, the maximum here.")
        if self._parts is not None:
            self._check_parts(self._parts, piece)
        else:
            self._values += sum(piece.count(mark) for mark in (b",", b"[", b"{"))
            if self._values > self._access.values:
                self.refuse(413, f"the body has more than {self._access.values:,} JSON values, the maximum.")
        if message["type"] == "http.disconnect":
            self._leave()
        elif self._whole and self._event:
            self._watch()
        return message

    def _check_parts(self, parts: Parts, piece: bytes) -> None:
        parts.take(piece)
        if parts.count > self._access.files:
            self.refuse(413, f"an upload may have at most {self._access.files} files. Split it into several.")
        if parts.fields:
            self.refuse(422, "an upload may contain only files. Give each part of the form a filename.")
        if parts.fault:
            self.refuse(422, f"the body is not valid multipart/form-data ({parts.fault}).")

    async def _timed(self, until: float, late: str) -> Message:
        try:
            if self._dropped:
                raise asyncio.CancelledError
            self._coming = asyncio.ensure_future(self._receive())
            return await asyncio.wait_for(self._coming, max(0.0, until - time.monotonic()))
        except TimeoutError:
            self.refuse(408, late)
        except asyncio.CancelledError:
            if not self._dropped:
                raise
            self.refuse(503, "too many concurrent uploads, and this was the slowest. Try again later.")

    def refuse(self, status: int, detail: str) -> NoReturn:
        """End the request with this status and reason.

        Raises:
            TooMuchError: always.
        """
        self.refused = status, detail
        raise TooMuchError(detail)

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._watched())

    async def _watched(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        self._gone.set()
        if self.left is not None:
            self.left.set()

    async def send(self, message: Message) -> None:
        """Pass on an ASGI message of the app; discard it if the request was refused or the client dropped."""
        if self.refused is not None and not self.started:
            return  # the app's own response to a body that ended early
        if message["type"] == "http.response.start":
            message["headers"] = protected(list(message.get("headers", ())), self._path, self._access)
            if self._event and message["status"] == 500:
                self._held = message
                return
        elif self._held is not None and message["type"] == "http.response.body":
            self._held["status"] = status_of(message.get("body", b"")[:_LONGEST])
            await self._pass(self._held)
            self._held = None
        self.started = True
        await self._pass(message)
        if self._out.stuck:
            self._leave()

    async def end(self) -> None:
        """Send the response to a request that was refused meanwhile, and stop watching for a disconnect."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        if self.refused is None:
            return
        if self.started:  # end a response that the app began and did not finish
            with contextlib.suppress(Exception):
                await self._pass({"type": "http.response.body", "body": b"", "more_body": False})
            return
        self.started = True
        await answer(self._out.send, *self.refused, connection="close")


def _packed(scope: Any) -> bool:
    """Whether the response may be compressed; what visitors uploaded, and parts of files, may not."""
    named = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return (
        scope["method"] == "GET"
        and not _FILES.search(scope["path"])
        and accepts_gzip(named.get(b"accept-encoding", ""))
    )
