"""Answers that nobody fetches: gradio keeps them for a page that may still come for them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["MOST", "UnreadMessages"]

MOST = 200  # messages of one session; a page fetches them as they come
_PATIENCE = 60.0  # seconds that a message may wait for its reader
_PAUSE = 5.0  # seconds between two looks


class UnreadMessages:
    """Finds the sessions whose first message has been the same for a minute."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[Any, float]] = {}  # of each session: its first message, and since when
        self._next = 0.0

    def stale(self, messages: Mapping[str, Any]) -> Iterator[str]:
        """Sessions nobody reads for, not looked for too often.

        Args:
            messages: by session, gradio's `asyncio.Queue` of what is to be read.
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
