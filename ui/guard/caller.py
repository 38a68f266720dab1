"""Whether whoever asked is still there: long work looks, and stops for nobody."""

from __future__ import annotations

import threading
from contextvars import ContextVar

from gradio.context import LocalContext

__all__ = ["LEFT", "gone"]

LEFT: ContextVar[threading.Event | None] = ContextVar("diabolo_left", default=None)  # set by the guard


def gone() -> bool:
    """Whether the caller of the event that this thread works for has hung up or closed the page."""
    left = LEFT.get()
    if left is not None and left.is_set():
        return True
    blocks, number = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or number is None:
        return False
    event = blocks._queue.event_ids_to_events.get(number)
    return event is not None and not event.alive
