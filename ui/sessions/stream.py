"""A page's stream of answers stays open for a while after the last one.

Gradio ends the stream when nothing is pending. An event that the page sends at that moment is never answered:
the server has closed the stream, but the page does not know it yet and does not open another one. All later
events of that kind then wait for this one. A drawing sends several events a second, so the stream is ended
only after the page has sent nothing for `QUIET` seconds.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, MutableMapping
from typing import Any

from gradio.server_messages import ProcessCompletedMessage

__all__ = ["QUIET", "OpenStreams", "is_page"]

QUIET = 20.0  # seconds; a browser has six connections for all pages of one server, so streams must end
_EVENT = "stream"  # the start of the names of events that count as pending, so that the stream stays open


def is_page(request: Any) -> bool:
    """Whether a request was sent by Gradio's page; other clients wait for the end of the stream."""
    return request is not None and request.headers.get("x-gradio-user") == "app"


class OpenStreams:
    """The streams that are kept open, by session."""

    def __init__(
        self, pending: MutableMapping[str, set[str]], messages: Callable[[str], asyncio.Queue[Any] | None]
    ) -> None:
        """
        Args:
            pending: Gradio's ids of the events that a session waits for, by session.
            messages: returns the queue of messages that a session has not read yet; None if it has left.
        """
        self._pending, self._messages = pending, messages
        self._ends: dict[str, float] = {}  # when, in the event loop's seconds
        self._events: dict[str, str] = {}  # a new one after each end, which may still be unread
        self._numbers = itertools.count()

    def keep(self, session: str) -> None:
        """Keep a session's stream open from now on for `QUIET` seconds; to be called in the event loop."""
        loop = asyncio.get_running_loop()
        waits = session in self._ends
        self._ends[session] = loop.time() + QUIET
        if not waits:
            self._events[session] = f"{_EVENT}-{next(self._numbers)}"
            loop.call_later(QUIET, self._look, session)
        self._pending.setdefault(session, set()).add(self._events[session])

    def _look(self, session: str) -> None:
        loop = asyncio.get_running_loop()
        if (left := self._ends[session] - loop.time()) > 0:
            loop.call_later(left, self._look, session)
            return
        del self._ends[session]
        event = self._events.pop(session)
        if (unread := self._messages(session)) is not None:
            # Gradio removes the event when this is read, and ends the stream if no other is pending
            unread.put_nowait(ProcessCompletedMessage(event_id=event, output={}, success=True))
        else:
            self._pending.get(session, set()).discard(event)
