"""Sessions of the served app: small, few, each for itself, and as gradio's in what they do."""

from __future__ import annotations

import gc
import json
import tracemalloc
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _linear import LATENT, make_bundle
from _served import close, free_port

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")
pytest.importorskip("onnx")

pytestmark = GRADIO_MARKS[1:]  # no browser

KILOBYTES = 15  # of a session; gradio's own takes about 500 of this app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from diabolo.ui import launch

    folder = tmp_path_factory.mktemp("bundles")
    model = Autoencoder.load(make_bundle(folder / "tiny"), device="cpu")
    app = launch({"tiny": model}, port=free_port(), open_browser=False, block=False)
    yield app
    close(app)


def asked(app: Any, path: str, body: Any = None) -> str:
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{app.local_url}gradio_api/{path}", sent, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def called(app: Any, **more: Any) -> str:
    event = json.loads(asked(app, "call/decode", {"data": ["tiny", [0.5] * LATENT], **more}))["event_id"]
    return asked(app, f"call/decode/{event}")


def kilobytes(make: Callable[[], Any], count: int = 20) -> float:
    make()
    gc.collect()
    tracemalloc.start()
    try:
        kept = [make() for _ in range(count)]
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / len(kept) / 1000
    finally:
        tracemalloc.stop()


def test_a_session_is_small(app: Any) -> None:
    from gradio.state_holder import SessionState

    from diabolo.ui import build

    assert kilobytes(lambda: SessionState(app)) < KILOBYTES
    other = build("mnist-vae-2d", device="cpu")  # not served by us: left as gradio has it
    assert kilobytes(lambda: SessionState(other), 2) > 10 * KILOBYTES


def test_so_is_one_that_was_used(app: Any) -> None:
    names = [f"visitor {number}" for number in range(20)]

    def ask(name: str) -> None:
        asked(app, "run/decode", {"data": ["tiny", [0.5] * LATENT], "session_hash": name})

    ask("first")
    left = iter(names)
    assert kilobytes(lambda: ask(next(left)), len(names) - 1) < KILOBYTES
    assert set(names) <= set(app.state_holder.session_data)


def test_a_single_call_leaves_no_session(app: Any) -> None:
    before = set(app.state_holder.session_data)
    assert "event: complete" in called(app)
    asked(app, "run/decode", {"data": ["tiny", [0.5] * LATENT]})
    assert set(app.state_holder.session_data) == before
    assert "event: complete" in called(app, session_hash="mine")
    assert set(app.state_holder.session_data) == before | {"mine"}


def test_the_queue_forgets_calls_that_are_over(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import light

    monkeypatch.setattr(light, "_ENTRIES", 3)
    for _ in range(12):
        assert "event: complete" in called(app)
    assert len(app._queue.pending_event_ids_session) <= 4
    assert len(app._queue.pending_messages_per_session) <= 4
    assert app._queue.cached_event_analytics_summary == {"functions": {}}
    assert len(app._queue.event_analytics) <= 100


def small_app(deleted: list[Any]) -> Any:
    with gr.Blocks(analytics_enabled=False) as app:
        state = gr.State(delete_callback=deleted.append)
        gr.Button().click(lambda: "mine", None, state, api_name="keep", queue=False)
    return app


def test_few_are_kept_and_the_state_of_others_is_deleted() -> None:
    from diabolo.ui.sessions import light

    deleted: list[Any] = []
    app = small_app(deleted)
    assert light.lighten(app)
    holder, (state,) = app.state_holder, [one for one in app.blocks.values() if one.stateful]
    for number in range(light.SESSIONS + 50):
        holder[str(number)][state._id] = number
    assert len(holder.session_data) == len(holder.time_last_used) == light.SESSIONS
    assert deleted == list(range(50))
    assert holder["50"][state._id] == 50  # and is now the one that was used last
    holder["another"]
    assert "51" not in holder
    assert "50" in holder
    holder["77"].is_closed = True
    holder["one more"]
    assert "77" not in holder  # its page is closed: before any other
    assert "52" in holder


def test_those_of_closed_pages_are_dropped_after_an_hour() -> None:
    from diabolo.ui.sessions import light

    deleted: list[Any] = []
    app = small_app(deleted)
    assert light.lighten(app)
    holder, (state,) = app.state_holder, [one for one in app.blocks.values() if one.stateful]
    for name in ("open", "closed", "long closed"):
        holder[name][state._id] = name
    holder["closed"].is_closed = holder["long closed"].is_closed = True
    holder["open"].STATE_TTL_WHEN_CLOSED = holder["long closed"].STATE_TTL_WHEN_CLOSED = -1
    assert holder["closed"].STATE_TTL_WHEN_CLOSED == 3600
    holder.delete_all_expired_state()
    assert list(holder.session_data) == ["open", "closed"]
    assert deleted == ["long closed"]


def test_other_apps_of_the_process_are_left_alone() -> None:
    from gradio.queueing import Queue
    from gradio.state_holder import SessionState, StateHolder

    from diabolo.ui.sessions import light

    ours, other = small_app([]), small_app([])
    assert light.lighten(ours)
    assert type(SessionState(ours)) is not SessionState
    assert type(SessionState(other)) is SessionState
    assert (type(other.state_holder), type(other._queue)) == (StateHolder, Queue)
    assert other.state_holder.capacity == 10_000


@pytest.mark.parametrize("place", ["state_holder.SessionState", "state_holder.StateHolder"])
def test_where_gradio_is_another_nothing_is_changed(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio.state_holder import SessionState, StateHolder

    from diabolo.ui.sessions import light

    monkeypatch.setattr(f"gradio.{place}.surprise", lambda _: None, raising=False)
    app = small_app([])
    assert not light.lighten(app)
    assert (type(SessionState(app)), type(app.state_holder)) == (SessionState, StateHolder)


def test_another_major_version_of_gradio_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import light

    monkeypatch.setattr(gr, "__version__", "7.0.0")
    assert not light.lighten(small_app([]))


def test_they_are_light_in_a_service_too(app: Any) -> None:
    from fastapi import FastAPI
    from gradio.state_holder import SessionState

    from diabolo.ui import mount

    service = mount(FastAPI(), "mnist-vae-2d", device="cpu")
    (mounted,) = [route.app for route in service.routes if hasattr(getattr(route, "app", None), "get_blocks")]
    assert type(SessionState(mounted.get_blocks())) is type(SessionState(app))
    assert type(mounted.state_holder) is type(app.state_holder)
    assert type(mounted.get_blocks()._queue) is type(app._queue)
