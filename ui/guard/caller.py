"""Whether the caller of the current event is still connected, so that long work can stop."""

from __future__ import annotations

import threading
from contextvars import ContextVar

from gradio.context import LocalContext

__all__ = ["LEFT", "gone"]

LEFT: ContextVar[threading.Event | None] = ContextVar("diabolo_left", default=None)  # set by the guard


def gone() -> bool:
    """Whether the caller of this thread's event has disconnected or closed the page."""
    left = LEFT.get()
    if left is not None and left.is_set():
        return True
    blocks, number = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or number is None:
        return False
    event = blocks._queue.event_ids_to_events.get(number)
    return event is not None and not event.alive
