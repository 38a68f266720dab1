"""Makes Gradio's sessions of an app small and few, to save memory.

This module changes private parts of Gradio. For each session, Gradio copies the settings of every component,
templates and scripts included: half a megabyte and twenty milliseconds for this app. It keeps ten thousand
sessions, and a call without a session creates one as well. After each call through its queue, Gradio computes
statistics of all calls so far with pandas, and it keeps an entry per call.

`lighten` changes this for one app; other apps in the process are not affected:

- `SessionState`, a session: `_Session` stores only the differences from the app, and assembles the settings
  of components when a deep link needs them. Long values are not stored unless the page offers deep links.
- `StateHolder`, the sessions of an app: `_Holder` keeps at most `SESSIONS`, and drops those whose page was
  closed and that were unused for an hour. Their states are deleted as in Gradio, with `delete_callback`.
- `Queue`: `_Queue` drops the session of a single call when the call is done, and the entries of calls whose
  results were fetched, or were not fetched within a minute. It keeps a page's event stream open between
  events (see `stream.py`), and computes statistics only if Gradio's monitoring page shows them.

Everything that is replaced is first compared with the Gradio 6 for which this was written (`_is_known`). If
anything differs, nothing is changed.
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

from diabolo.ui.sessions.stream import OpenStreams, is_page
from diabolo.ui.sessions.unread import MOST, UnreadMessages

__all__ = ["SESSIONS", "lighten"]

SESSIONS = 1000  # sessions to keep: the most recently used
_SMALL = 2000  # characters of a value that is small
_POLL = (
    0.005  # seconds between two looks for new events; with Gradio's 0.001, an idle app takes 6 % of a core
)
_ENTRIES = 100  # calls in Gradio's queue; beyond it, entries of finished calls are dropped

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
_QUEUE_ATTRIBUTES = {
    "ANALYTICS_MAX_EVENTS",
    "cached_event_analytics_summary",
    "pending_event_ids_session",
    "pending_messages_per_session",
}


@dataclass(frozen=True)
class _Light:
    """Properties of an app whose sessions are light."""

    linked: bool  # whether its page offers deep links
    kept: int  # seconds that a session is kept after its page was closed


_light: weakref.WeakKeyDictionary[gr.Blocks, _Light] = weakref.WeakKeyDictionary()


def lighten(app: gr.Blocks) -> bool:
    """Make the sessions of an app small and few.

    Args:
        app: an app that was launched, or mounted in a service.

    Returns:
        False if this version of Gradio is not known; nothing is changed then.
    """
    if not _is_known(app):
        return False
    linked = any(isinstance(block, gr.DeepLinkButton) for block in app.blocks.values())
    _light[app] = _Light(linked=linked, kept=SessionState(app).STATE_TTL_WHEN_CLOSED)
    type.__setattr__(SessionState, "__new__", _new)
    app.state_session_capacity = app.state_holder.capacity = SESSIONS
    app.state_holder.__class__ = _Holder
    app._queue.__class__ = _Queue
    queue = cast("_Queue", app._queue)
    queue.sleep_when_free = _POLL
    queue.unread = UnreadMessages()
    queue.streams = OpenStreams(queue.pending_event_ids_session, queue.pending_messages_per_session.get)
    if not app.enable_monitoring:
        app._queue.ANALYTICS_MAX_EVENTS = _ENTRIES
    return True


def _new(cls: type[SessionState], blocks: Any = None) -> SessionState:
    """Replaces `SessionState.__new__`, so that new sessions of a light app are light."""
    return object.__new__(_Session if cls is SessionState and blocks in _light else cls)


class _Session(SessionState):
    """A Gradio session that creates the settings of components on demand."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        if not blocks.renderables:  # otherwise `gr.render` adds components and functions to the session
            self.blocks_config.fns = blocks.default_config.fns
            self.blocks_config.blocks = cast("dict[int, Any]", ChainMap({}, blocks.default_config.blocks))
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = _light[blocks].kept
        self._values: dict[int, Any] = {}  # of components whose value differs from the app's
        self._linked = _light[blocks].linked

    @property
    def components(self) -> Iterator[dict[str, Any]]:
        """The settings of all components, as a deep link stores them."""
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
            # Gradio gives a component made from `gr.update` a new id, and then stores values under that id
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
    """Sessions; those of closed pages are dropped after an hour, or earlier if there are too many."""

    def update(self, session_id: str) -> None:
        if len(self.session_data) > self.capacity:
            self.forget(self._oldest(session_id))
        super().update(session_id)

    def _oldest(self, wanted: str) -> str:
        """A session other than `wanted` to drop: one whose page was closed, else the least recently used."""
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
        """Drop a session, if it exists."""
        self.delete_state(name)
        with self.lock:
            self.session_data.pop(name, None)
            self.time_last_used.pop(name, None)


class _Queue(Queue):
    """A queue that keeps nothing of finished calls."""

    unread: UnreadMessages
    streams: OpenStreams

    def compute_analytics_summary(self, records: Any) -> Any:
        if self.blocks.enable_monitoring:
            return super().compute_analytics_summary(records)  # type: ignore[no-untyped-call]
        return self.cached_event_analytics_summary

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        messages = self.pending_messages_per_session.get(body.session_hash)
        if messages is not None and messages.qsize() > MOST:
            return False, "this session does not fetch its results. Fetch them first.", "queue_full"
        if body.session_hash and is_page(request):
            self.streams.keep(body.session_hash)
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
                self.pending_messages_per_session.pop(name, None)  # as Gradio does when a client disconnects
                await self.clean_events(session_hash=name)
                self.pending_event_ids_session.pop(name, None)

    def _tidy(self) -> None:
        """Drop the entries of finished calls, and those whose results Gradio itself has dropped."""
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


def _is_known(app: gr.Blocks) -> bool:
    """Whether Gradio is the version that this module was written for."""
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
        and vars(app._queue).keys() >= _QUEUE_ATTRIBUTES
        and {one["id"] for one in session.components} == app.blocks.keys()
    )


def _members(known: type) -> set[str]:
    found = {name for name, it in vars(known).items() if callable(it) or isinstance(it, property)}
    return found - {"__new__"}
