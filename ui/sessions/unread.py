"""Finds sessions that do not fetch their messages, which Gradio would keep for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["MOST", "UnreadMessages"]

MOST = 200  # messages of one session; a page fetches them as they arrive
_PATIENCE = 60.0  # seconds that a message may stay unread
_PAUSE = 5.0  # seconds between two checks


class UnreadMessages:
    """Finds sessions whose oldest message has been unread for a minute."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[Any, float]] = {}  # per session: the oldest message, and since when
        self._next = 0.0

    def stale(self, messages: Mapping[str, Any]) -> Iterator[str]:
        """The sessions that do not fetch their messages; checks at most every five seconds.

        Args:
            messages: Gradio's `asyncio.Queue` of unread messages, by session.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        before, self._first = self._first, {}
        for name, waiting in list(messages.items()):
            if waiting.empty():
                continue
            first = waiting._queue[0]
            known, since = before.get(name, (None, now))
            self._first[name] = (first, since if known is first else now)
            if now - self._first[name][1] > _PATIENCE:
                del self._first[name]
                yield name
