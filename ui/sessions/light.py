"""What a visitor's session costs: sessions of the app share what they have in common, and few are kept.

This file reaches into gradio's private parts. For each session gradio copies the settings of
every component, templates and scripts included: for this app half a megabyte and twenty milliseconds, and it
keeps ten thousand sessions. A call that names no session makes one as well. After each call that went through
its queue, gradio sums up all calls so far with pandas, and of each call it keeps an entry.

`lighten` changes that for one app and leaves all others of the process as they are:

- `SessionState`, a session: `_Session` holds what differs from the app, and puts the settings of components
  together when a deep link asks for them. Long values are left out unless the page offers deep links.
- `StateHolder`, the sessions of an app: `_Holder` keeps at most `SESSIONS` and drops those whose page was
  closed and that nobody has used for an hour. What their states hold is deleted as gradio does it, by
  `delete_callback`.
- `Queue`: `_Queue` drops the session that a single call made for itself when that call is done, and the
  entries of calls whose answer was fetched, or is not fetched within a minute. It sums up only where gradio's
  monitoring page shows the sums.

All that is replaced is first compared with gradio 6 as it was when this was written (`_same`). Where anything
differs, nothing is changed.
"""

from __future__ import annotations

import inspect
import weakref
from collections import ChainMap
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import gradio as gr
from gradio.blocks import BlocksConfig
from gradio.components import State
from gradio.queueing import Queue
from gradio.state_holder import SessionState, StateHolder

from diabolo.ui.sessions.unread import MOST, UnreadMessages

__all__ = ["SESSIONS", "lighten"]

SESSIONS = 1000  # kept at once; of more, those that were used last
_SMALL = 2000  # characters of a value
_ENTRIES = 100  # of calls, in gradio's queue; of more, those that are over are dropped

_MEMBERS = {
    SessionState: "__contains__ __getitem__ __init__ __setitem__ _update_config _update_value_in_config "
    "components get state_components",
    StateHolder: "__contains__ __getitem__ __init__ delete_all_expired_state delete_state set_blocks update",
}
_ATTRIBUTES = {
    SessionState: "STATE_TTL_WHEN_CLOSED _state_ttl blocks_config config_values is_closed state_data",
    StateHolder: "blocks capacity lock session_data time_last_used",
}
_QUEUE = {
    "compute_analytics_summary": ["self", "records"],
    "clean_events": ["self", "session_hash", "event_id"],
    "process_events": ["self", "events", "batch", "begin_time", "fn"],
    "push": ["self", "body", "request", "username"],
}
_KEPT = {
    "ANALYTICS_MAX_EVENTS",
    "cached_event_analytics_summary",
    "pending_event_ids_session",
    "pending_messages_per_session",
}


@dataclass(frozen=True)
class _Light:
    """What is known of an app whose sessions are light."""

    linked: bool  # its page offers deep links
    kept: int  # seconds that a session outlives its page


_light: weakref.WeakKeyDictionary[gr.Blocks, _Light] = weakref.WeakKeyDictionary()


def lighten(app: gr.Blocks) -> bool:
    """Make the sessions of an app small and few.

    Args:
        app: one that was launched, or mounted in a service.

    Returns:
        Whether it was done; False where gradio is not as expected.
    """
    if not _same(app):
        return False
    linked = any(isinstance(block, gr.DeepLinkButton) for block in app.blocks.values())
    _light[app] = _Light(linked=linked, kept=SessionState(app).STATE_TTL_WHEN_CLOSED)
    type.__setattr__(SessionState, "__new__", _new)
    app.state_session_capacity = app.state_holder.capacity = SESSIONS
    app.state_holder.__class__ = _Holder
    app._queue.__class__ = _Queue
    app._queue.unread = UnreadMessages()  # type: ignore[attr-defined]
    if not app.enable_monitoring:
        app._queue.ANALYTICS_MAX_EVENTS = _ENTRIES
    return True


def _new(cls: type[SessionState], blocks: Any = None) -> SessionState:
    """In the place of `SessionState.__new__`: whoever makes a session of a light app gets a light one."""
    return object.__new__(_Session if cls is SessionState and blocks in _light else cls)


class _Session(SessionState):
    """A session as gradio's, of which the components' settings are made when they are asked for."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        if not blocks.renderables:  # `gr.render` adds components and functions to a session
            self.blocks_config.fns = blocks.default_config.fns
            self.blocks_config.blocks = cast("dict[int, Any]", ChainMap({}, blocks.default_config.blocks))
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = _light[blocks].kept
        self._values: dict[int, Any] = {}  # of components; the others have those of the app
        self._linked = _light[blocks].linked

    @property
    def components(self) -> Iterator[dict[str, Any]]:
        """The settings of all components, as a deep link keeps them."""
        config = self.blocks_config
        for key in {**config.root_block.default_config.blocks, **self._values}:
            settings = config.config_for_block(key, [], config.blocks[key])
            if key in self._values and "props" in settings:
                settings["props"]["value"] = self._values[key]
            yield settings

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, State):
            self._state_ttl[key] = (block.time_to_live, datetime.now())
            self.state_data[key] = value
        else:
            # gradio numbers what it makes of `gr.update` anew, and then keeps the values under that number
            value._id = key
            self.blocks_config.blocks[key] = value
            self._values.pop(key, None)

    def _update_config(self, key: int) -> None:
        self._values.pop(key, None)

    def _update_value_in_config(self, key: int, value: Any) -> None:
        if self._linked or _is_small(value):
            self._values[key] = value
        else:
            self._values.pop(key, None)


class _Holder(StateHolder):
    """Sessions, of which those of closed pages are dropped after some time, or when there are too many."""

    def update(self, session_id: str) -> None:
        if len(self.session_data) > self.capacity:
            self.forget(self._least(session_id))
        super().update(session_id)

    def _least(self, wanted: str) -> str:
        """Of all but `wanted`: one whose page was closed, or else the one used the longest time ago."""
        others = [(name, session) for name, session in list(self.session_data.items()) if name != wanted]
        return next((name for name, session in others if session.is_closed), others[0][0])

    def delete_all_expired_state(self) -> None:
        super().delete_all_expired_state()  # type: ignore[no-untyped-call]
        for name, session in list(self.session_data.items()):
            kept = timedelta(seconds=session.STATE_TTL_WHEN_CLOSED)
            used = self.time_last_used.get(name, datetime.max)
            if session.is_closed and datetime.now() - used > kept:
                self.forget(name)

    def forget(self, name: str) -> None:
        """Drop a session, if it is there."""
        self.delete_state(name)
        with self.lock:
            self.session_data.pop(name, None)
            self.time_last_used.pop(name, None)


class _Queue(Queue):
    """A queue that keeps nothing of calls that are over."""

    unread: UnreadMessages

    def compute_analytics_summary(self, records: Any) -> Any:
        if self.blocks.enable_monitoring:
            return super().compute_analytics_summary(records)  # type: ignore[no-untyped-call]
        return self.cached_event_analytics_summary

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        messages = self.pending_messages_per_session.get(body.session_hash)
        if messages is not None and messages.qsize() > MOST:
            return False, "this session does not fetch its answers. Fetch them first.", "queue_full"
        return await super().push(body, request, username)

    async def process_events(self, events: list[Any], batch: bool, begin_time: float, fn: Any) -> None:
        try:
            await super().process_events(events, batch, begin_time, fn)
        finally:
            holder = self.blocks.state_holder
            for event in events:
                if event.session_hash == event._id and isinstance(holder, _Holder):
                    holder.forget(event._id)
            if len(self.pending_event_ids_session) > _ENTRIES:
                self._tidy()
            for name in self.unread.stale(self.pending_messages_per_session):
                self.pending_messages_per_session.pop(name, None)  # as gradio does when a reader goes away
                await self.clean_events(session_hash=name)
                self.pending_event_ids_session.pop(name, None)

    def _tidy(self) -> None:
        """Drop the entries of which nothing waits, and those whose answers gradio itself has given up."""
        messages = self.pending_messages_per_session
        for name, waiting in list(self.pending_event_ids_session.items()):
            if name not in messages:
                del self.pending_event_ids_session[name]
            elif not waiting and messages[name].empty():
                del self.pending_event_ids_session[name], messages[name]


def _is_small(value: Any) -> bool:
    """Whether a value of a component takes little memory."""
    room, todo = _SMALL, [value]
    while todo and room > 0:
        one = todo.pop()
        room -= len(one) if isinstance(one, str) else 8
        if isinstance(one, dict | list | tuple):
            todo.extend(one.values() if isinstance(one, dict) else one)
    return room > 0


def _same(app: gr.Blocks) -> bool:
    """Whether gradio is what this file was written for."""
    holder = getattr(app, "state_holder", None)
    if (
        not gr.__version__.startswith("6.")
        or type(holder) is not StateHolder
        or type(app._queue) is not Queue
    ):
        return False
    session = SessionState(app)
    return (
        SessionState.__new__ in (object.__new__, _new)
        and all(_members(known) == set(names.split()) for known, names in _MEMBERS.items())
        and all(set(vars(it)) == set(_ATTRIBUTES[type(it)].split()) for it in (session, holder))
        and type(session.blocks_config) is BlocksConfig
        and all(list(inspect.signature(getattr(Queue, name)).parameters) == it for name, it in _QUEUE.items())
        and vars(app._queue).keys() >= _KEPT
        and {one["id"] for one in session.components} == app.blocks.keys()
    )


def _members(known: type) -> set[str]:
    found = {name for name, it in vars(known).items() if callable(it) or isinstance(it, property)}
    return found - {"__new__"}
