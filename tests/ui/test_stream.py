"""A page's stream of answers: no event is lost at its end, and other clients see the end at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from _chromium import GRADIO_MARKS, watch
from _linear import LATENT
from _pair import save_pair
from _served import close, free_port

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
# what the server streams reaches the page half a second late, as over a slow line; other answers at once
LATE = """
const fetched = window.fetch;
window.fetch = async (...asked) => {
  const answer = await fetched(...asked);
  if (!String(asked[0].url ?? asked[0]).includes("/queue/data")) return answer;
  const late = new ReadableStream({
    async start(out) {
      for await (const chunk of answer.body) setTimeout(() => out.enqueue(chunk), 500);
      setTimeout(() => out.close(), 500);
    },
  });
  return new Response(late, { status: answer.status, headers: answer.headers });
};
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from diabolo.ui import launch

    save_pair(folder := tmp_path_factory.mktemp("bundles") / "grey", image_shape=(1, 8, 16))
    model = Autoencoder.load(folder, device="cpu")
    app = launch({"grey": model}, port=free_port(), open_browser=False, block=False)
    yield app
    close(app)


def test_a_drawing_comes_through_a_slow_line(browser: Any, app: Any) -> None:
    page = browser.new_page()
    wrong = watch(page)
    page.add_init_script(LATE)
    page.goto(app.local_url)
    sheet = page.locator(".sketch canvas").first
    sheet.wait_for(timeout=WAIT)
    box = sheet.bounding_box()
    for row in (0.3, 0.5, 0.7):
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + row * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + row * box["height"], steps=6)
        page.mouse.up()
    page.locator(".steps", has_text="resized").first.wait_for(timeout=WAIT)
    page.get_by_role("button", name="Clear").first.click()
    page.locator(".reconstruct-result img").wait_for(state="detached", timeout=WAIT)
    page.close()
    assert wrong == []


def join(client: httpx.Client, session: str, user: str) -> None:
    body = {"data": ["grey", [0.5] * LATENT], "session_hash": session, "fn_index": decode(client)}
    client.post("gradio_api/queue/join", json=body, headers={"x-gradio-user": user}).raise_for_status()


def decode(client: httpx.Client) -> int:
    known = client.get("config").json()["dependencies"]
    return int(next(one["id"] for one in known if one["api_name"] == "decode"))


def completed(client: httpx.Client, session: str, during: dict[int, Any]) -> list[str]:
    """The ends that a session's stream tells; `during` has what is done when so many events are over."""
    told: list[str] = []
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                if message["msg"] in ("process_completed", "close_stream"):
                    told.append(message.get("event_id") or message["msg"])
                    during.get(len(told), lambda: None)()
    return told


def test_another_client_s_stream_ends_with_its_last_event(app: Any) -> None:
    with httpx.Client(base_url=app.local_url, timeout=60) as client:
        join(client, "program", "api")
        begun = time.monotonic()
        told = completed(client, "program", {})
        assert time.monotonic() - begun < 15  # and not 20 seconds later
    assert told[1:] == ["close_stream"]
    assert "program" not in app._queue.streams._ends


def test_a_page_s_stream_goes_on_until_the_page_is_quiet(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import stream as _stream

    monkeypatch.setattr(_stream, "QUIET", 2.0)
    with httpx.Client(base_url=app.local_url, timeout=60) as client:
        join(client, "page", "app")

        def once_more() -> None:
            time.sleep(0.5)  # gradio's stream would have ended by now
            join(client, "page", "app")

        told = completed(client, "page", {1: once_more})
    assert len(told) == 4
    assert told[2].startswith("stream-")
    assert told[3] == "close_stream"
    assert "page" not in app._queue.streams._ends
    assert not app._queue.pending_event_ids_session.get("page")


def test_a_page_that_left_is_forgotten(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import stream as _stream

    monkeypatch.setattr(_stream, "QUIET", 0.5)
    queue = app._queue
    with httpx.Client(base_url=app.local_url, timeout=60) as client:
        join(client, "left", "app")
        queue.pending_messages_per_session.pop("left")
        until = time.monotonic() + 30
        while "left" in queue.streams._ends and time.monotonic() < until:
            time.sleep(0.05)
    assert not any(name.startswith("stream") for name in queue.pending_event_ids_session.get("left", ()))


def test_an_event_that_comes_before_the_end_is_read_keeps_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from diabolo.ui.sessions import stream

    monkeypatch.setattr(stream, "QUIET", 0.01)

    async def scene() -> tuple[str, set[str]]:
        pending: dict[str, set[str]] = {}
        unread: asyncio.Queue[Any] = asyncio.Queue()
        streams = stream.OpenStreams(pending, {"page": unread}.get)
        streams.keep("page")
        while unread.empty():
            await asyncio.sleep(0.005)
        streams.keep("page")
        read = unread.get_nowait().event_id  # which gradio then takes from what is pending
        return read, pending["page"] - {read}

    with ThreadPoolExecutor(1) as thread:  # the browser of this module has this thread's event loop
        read, pending = thread.submit(asyncio.run, scene()).result()
    assert read == "stream-0"
    assert pending == {"stream-1"}
