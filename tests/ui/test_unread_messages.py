"""What a session does not fetch is kept for a minute, and not without end."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from _chromium import GRADIO_MARKS
from _linear import LATENT, make_bundle
from _served import close, free_port

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]


def put(*messages: Any) -> asyncio.Queue[Any]:
    waiting: asyncio.Queue[Any] = asyncio.Queue()
    for message in messages:
        waiting.put_nowait(message)
    return waiting


def test_who_reads_is_known_by_the_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import unread as _unread

    now = [1000.0]
    monkeypatch.setattr(_unread.time, "monotonic", lambda: now[0])
    unread, busy = _unread.UnreadMessages(), put("1", "2")
    sessions = {"left": put("a", "b"), "reads": busy, "idle": put()}
    assert list(unread.stale(sessions)) == []
    for second in range(10, 61, 10):
        now[0] = 1000.0 + second
        busy.put_nowait(str(second))
        busy.get_nowait()
        assert list(unread.stale(sessions)) == []
    now[0] = 1061.0
    assert list(unread.stale(sessions)) == []  # it has just looked
    now[0] = 1066.0
    assert list(unread.stale(sessions)) == ["left"]


def test_a_session_that_never_fetches(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui import launch
    from diabolo.ui.sessions import light
    from diabolo.ui.sessions import unread as _unread

    monkeypatch.setattr(light, "MOST", 20)
    monkeypatch.setattr(_unread, "_PAUSE", 0.0)
    model = Autoencoder.load(make_bundle(tmp_path / "tiny"), device="cpu")
    app = launch({"tiny": model}, port=free_port(), open_browser=False, block=False)
    body = {"data": ["tiny", [0.5] * LATENT], "session_hash": "left"}
    with httpx.Client(base_url=app.local_url, timeout=60) as client:
        ends = [client.post("gradio_api/call/decode", json=body).status_code for _ in range(40)]
        assert ends[0] == 200
        assert ends[-1] == 503
        messages = app._queue.pending_messages_per_session
        assert 20 < messages["left"].qsize() < 60
        monkeypatch.setattr(_unread, "_PATIENCE", 0.0)
        for _ in range(3):  # the next call of anybody clears away
            event = client.post("gradio_api/call/decode", json=body | {"session_hash": "reads"}).json()
            assert "complete" in client.get(f"gradio_api/call/decode/{event['event_id']}").text
        assert "left" not in messages
        assert "left" not in app._queue.pending_event_ids_session
        assert client.post("gradio_api/call/decode", json=body).status_code == 200
    close(app)
