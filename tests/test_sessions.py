"""Sessions of the served app: small, few, each for itself, and as gradio's in what they do."""

from __future__ import annotations

import gc
import json
import tracemalloc
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
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
    other = build(app.blocks and "mnist-vae-2d", device="cpu")  # not served by us: left as gradio has it
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
    from diabolo.ui import _sessions

    monkeypatch.setattr(_sessions, "_ENTRIES", 3)
    for _ in range(12):
        assert "event: complete" in called(app)
    assert len(app._queue.pending_event_ids_session) <= 4
    assert len(app._queue.pending_messages_per_session) <= 4
    assert app._queue.cached_event_analytics_summary == {"functions": {}}
    assert len(app._queue.event_analytics) <= 100
