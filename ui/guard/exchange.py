"""One request and its answer as they pass: the body is counted and timed, the answer gets its policies."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from typing import Any

from diabolo.ui.guard._parts import Parts
from diabolo.ui.guard.access import Access, is_upload
from diabolo.ui.guard.answers import Message, Receive, Send, answer, protected, status_of

__all__ = ["Exchange", "TooMuchError"]

# routes that compute within the request, so that the caller's leaving can be seen
_EVENTS = re.compile(r"/gradio_api/(run|api|component_server)(/|$)")
_RATE = 100_000  # bytes a second that a body must reach
_LONGEST = 64 << 10  # bytes of an error


class TooMuchError(Exception):
    """A body is too large or too slow."""


class Exchange:
    """A request on its way to the app, and the answer on its way back.

    Attributes:
        left: set when the caller has hung up, on routes that compute within the request; None on others.
        refused: why the request ends here, with the status; None while it does not.
        started: whether an answer has begun.
    """

    def __init__(self, scope: Any, receive: Receive, send: Send, access: Access) -> None:
        self._path: str = scope["path"]
        self._receive, self._send, self._access = receive, send, access
        self._event = scope["method"] == "POST" and bool(_EVENTS.search(self._path))
        self._upload = is_upload(self._path)
        self._taken = self._values = 0  # bytes, and marks of JSON between values
        kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
        self._parts = Parts(kinds[0] if kinds else b"") if self._upload else None
        self._begun = time.monotonic()
        self._watcher: asyncio.Task[None] | None = None
        self._held: Message | None = None  # an error's start: its status shows in its body
        self.left = threading.Event() if self._event else None
        self.refused: tuple[int, str] | None = None
        self.started = False

    async def receive(self) -> Message:
        """What the app receives.

        Raises:
            TooMuchError: the body is larger or slower than allowed.
        """
        if self._watcher is not None:
            await asyncio.shield(self._watcher)
            return {"type": "http.disconnect"}
        message = await self._timed()
        self._taken += len(message.get("body", b""))
        if self._taken > (most := self._access.most(self._path)):
            self._refuse(
                413, f"the body has more than {most >> 20} MB, which is the most that is taken here."
            )
        if self._parts is not None:
            if self._parts.count(message.get("body", b"")) > self._access.files:
                self._refuse(
                    413, f"an upload brings at most {self._access.files} files. Send them in several."
                )
        else:
            self._values += sum(message.get("body", b"").count(mark) for mark in (b",", b"[", b"{"))
            if self._values > self._access.values:
                self._refuse(413, f"the body has more than {self._access.values:,} values.")
        if self._event and message["type"] == "http.request" and not message.get("more_body"):
            self._watcher = asyncio.create_task(self._watch())
        return message

    async def _timed(self) -> Message:
        """The next piece of the body. Once it is whole, the wait for the end has no limit."""
        if self._begun == 0:
            return await self._receive()
        until = self._begun + self._access.seconds + self._taken / _RATE
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            self._refuse(408, f"the body took too long: {self._access.seconds:g} s and 1 s for each 100 kB.")
        if not message.get("more_body"):
            self._begun = 0
        return message

    def _refuse(self, status: int, detail: str) -> None:
        self.refused = status, detail
        raise TooMuchError(detail)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self.left is not None:
            self.left.set()

    async def send(self, message: Message) -> None:
        """What the app sends."""
        if self.refused is not None and not self.started:
            return  # the app's own words about a body that ended early
        if message["type"] == "http.response.start":
            message["headers"] = protected(list(message.get("headers", ())), self._path, self._access)
            if self._event and message["status"] == 500:
                self._held = message
                return
        elif self._held is not None and message["type"] == "http.response.body":
            self._held["status"] = status_of(message.get("body", b"")[:_LONGEST])
            await self._send(self._held)
            self._held = None
        self.started = True
        await self._send(message)

    async def end(self) -> None:
        """Answer a request that was refused on its way, and stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        if self.refused is None:
            return
        if self.started:  # a stream whose app failed on the way ends here
            with contextlib.suppress(Exception):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        self.started = True
        await answer(self._send, *self.refused, connection="close")
