"""The guard in front of an app of a few lines: names, origins, bodies, statuses, policies."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from diabolo.runtime.errors import UsageError
from diabolo.ui.files.temporary import KEPT
from diabolo.ui.guard import Access, Guard, storage
from diabolo.ui.guard.caller import LEFT
from diabolo.ui.guard.storage import Storage
from diabolo.ui.refused import INTERNAL

App = Callable[[Any, Any, Any], Awaitable[None]]


async def read(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def answering(status: int = 200, body: bytes = b"{}") -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await read(receive)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def ask(
    app: App,
    folder: Path,
    access: Access | None = None,
    *,
    path: str = "/gradio_api/run/x",
    method: str = "POST",
    pieces: tuple[bytes, ...] = (b"{}",),
    stalls: bool = False,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    """The answer to one request: status, headers, body."""
    named = {"host": "127.0.0.1:7860", **{k.replace("_", "-"): v for k, v in headers.items()}}
    scope = {"type": "http", "method": method, "path": path}
    scope["headers"] = [(k.encode(), v.encode()) for k, v in named.items()]  # type: ignore[assignment]
    waiting = list(pieces)
    sent: list[Any] = []

    async def receive() -> Any:
        if waiting:
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting) or stalls}
        await asyncio.sleep(3600)
        return None

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(asyncio.wait_for(Guard(app, access or Access(), folder)(scope, receive, send), 10))
    start, *rest = sent
    told = {k.decode(): v.decode() for k, v in start["headers"]}
    return start["status"], told, b"".join(message["body"] for message in rest)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:7860", 200),
        ("192.168.1.7:7860", 200),  # no stranger's name leads here by an address in numbers
        ("evil.example", 403),
        ("127.0.0.1.evil.example:7860", 403),
        ("localhost.evil.example", 403),
        ("demo.example.org", 200),
        ("", 403),
        ("[", 403),
    ],
)
def test_the_app_answers_under_its_own_names(tmp_path: Path, host: str, status: int) -> None:
    access = Access(hosts=("demo.example.org",))
    assert ask(answering(), tmp_path, access, method="GET", path="/", host=host)[0] == status


def test_any_name_may_be_allowed(tmp_path: Path) -> None:
    assert ask(answering(), tmp_path, Access(hosts=("*",)), host="evil.example")[0] == 200


@pytest.mark.parametrize(
    ("origin", "more", "status"),
    [
        ("http://127.0.0.1:7860", {}, 200),
        ("http://127.0.0.1:9999", {}, 403),  # another server of this machine
        ("https://evil.example", {}, 403),
        ("null", {}, 403),
        ("https://page.example.org", {}, 200),
        ("https://demo.example.org", {"x_forwarded_host": "demo.example.org"}, 200),  # a proxy in front
        ("https://evil.example", {"x_forwarded_host": "evil.example"}, 403),  # any page can send that
        ("https://demo.example.org", {"host": "demo.example.org:443"}, 200),
        ("https://demo.example.org:8443", {"host": "demo.example.org"}, 200),  # a proxy that drops the port
        ("http://127.0.0.1:x", {}, 403),
    ],
)
def test_pages_of_other_origins_may_not_call(tmp_path: Path, origin: str, more: Any, status: int) -> None:
    access = Access(origins=("https://page.example.org",), hosts=("demo.example.org",))
    got, _, body = ask(answering(), tmp_path, access, origin=origin, **more)
    assert got == status
    assert (b"may not call" in body) == (status == 403)


def test_an_origin_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'example\.org' is not an origin"):
        Access(origins=("example.org",))


def test_a_large_body_is_refused_by_its_length_and_by_its_bytes(tmp_path: Path) -> None:
    called: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(await read(receive))

    small = Access(body=1, upload=1)
    declared = ask(app, tmp_path, small, content_length=str(1 << 21))
    streamed = ask(app, tmp_path, small, pieces=(b"x" * (1 << 20), b"x"))
    for status, _, body in (declared, streamed):
        assert status == 413
        assert b"1 MB" in body
    assert not called
    assert (
        ask(answering(), tmp_path, small, path="/gradio_api/upload", pieces=(b"x" * (1 << 20), b"x"))[0]
        == 200
    )


def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    status, _, body = ask(answering(), tmp_path, Access(seconds=1), stalls=True)
    assert status == 408
    assert b"took too long" in body


def filled(folder: Path, count: int, size: int = 1) -> list[Path]:
    """Files in folders of their own, the oldest first."""
    paths = [folder / f"{number:04}" / "picture.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.parent.mkdir()
        path.write_bytes(bytes(size))
        os.utime(path, (1000 + number, 1000 + number))
    return paths


def test_the_oldest_files_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "FILES", 10)
    paths = filled(tmp_path, 30)
    for path in ("/gradio_api/upload", "/gradio_api/run/x"):  # pictures may come within requests, too
        assert ask(answering(), tmp_path, path=path)[0] == 200
        assert [path.exists() for path in paths] == [False] * 23 + [True] * 7
    assert len(list(tmp_path.iterdir())) == 7


def test_the_oldest_files_go_when_they_take_too_much(tmp_path: Path) -> None:
    paths = filled(tmp_path, 4, 300_000)
    assert ask(answering(), tmp_path, Access(stored=1), path="/gradio_api/upload")[0] == 200
    assert [path.exists() for path in paths] == [False, False, True, True]


def test_what_must_stay_leaves_half_of_the_room_to_others(tmp_path: Path) -> None:
    (tmp_path / f"{KEPT}x" / "sub").mkdir(parents=True)
    bundle = tmp_path / f"{KEPT}x" / "sub" / "model.zip"
    bundle.write_bytes(bytes(2 << 20))
    paths = filled(tmp_path, 2, 300_000)
    assert ask(answering(), tmp_path, Access(stored=1), path="/gradio_api/upload")[0] == 200
    assert bundle.exists()
    assert [path.exists() for path in paths] == [False, True]


def test_the_folder_is_measured_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "FILES", 10)
    guard = Storage(tmp_path, 1)
    assert guard.due
    assert guard.tidy()
    filled(tmp_path, 30)
    assert not guard.due
    assert guard.tidy()
    assert len(list(tmp_path.iterdir())) == 30


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_upload_of_many_small_files(tmp_path: Path, size: int) -> None:
    def of(count: int) -> tuple[int, bytes]:
        part = b'--=_m"ark\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\nx\r\n'
        body = part * count + b'--=_m"ark--\r\n'
        pieces = tuple(body[start : start + size] for start in range(0, len(body), size))
        kind = 'multipart/form-data; Boundary="=_m\\"ark"'
        path = "/gradio_api/upload"
        access = Access(files=20)
        status, _, said = ask(answering(), tmp_path, access, path=path, pieces=pieces, content_type=kind)
        return status, said

    assert of(20)[0] == 200
    status, said = of(21)
    assert status == 413
    assert b"at most 20 files" in said


def test_too_many_requests_at_a_time(tmp_path: Path) -> None:
    guard = Guard(answering(), Access(requests=1), tmp_path)
    guard._active["call"] = 1
    full = (503, "too many concurrent requests. Try again in a few seconds.")
    assert guard._refusal("/", {"host": "localhost"}, "call") == full
    assert guard._refusal("/gradio_api/heartbeat/x", {"host": "localhost"}, "line") is None
    guard._active["line"] = 4000
    assert guard._refusal("/gradio_api/heartbeat/x", {"host": "localhost"}, "line") == full


@pytest.mark.parametrize("body", [b"[" + b"[]," * 100_000, b'{"data":["' + b"," * 200_001])
def test_json_of_too_many_values_is_not_parsed(tmp_path: Path, body: bytes) -> None:
    status, _, said = ask(answering(), tmp_path, pieces=(body[:1000], body[1000:]))
    assert status == 413
    assert b"more than 200,000 JSON values" in said


@pytest.mark.parametrize("path", ["/gradio_api/run/upload", "/gradio_api/call/upload", "/upload"])
def test_only_uploads_may_be_large(tmp_path: Path, path: str) -> None:
    assert ask(answering(), tmp_path, path=path, content_length=str(40 << 20))[0] == 413
    assert (
        ask(answering(), tmp_path, path="/latent/gradio_api/upload", content_length=str(40 << 20))[0] == 200
    )


@pytest.mark.parametrize(
    "path", ["file=https://x.example/i.png", "file/http://x.example/i.png", "file=HTTP:/x"]
)
def test_files_of_other_addresses_are_not_handed_on(tmp_path: Path, path: str) -> None:
    assert ask(answering(), tmp_path, path=f"/gradio_api/{path}", method="GET")[0] == 403


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"error": "count must be from 1 to 100", "title": "Error"}, 422),
        ({"error": "Something went wrong", "title": INTERNAL}, 500),
        ({"error": None}, 500),
        ("no object", 500),
    ],
)
def test_an_event_s_error_has_the_status_of_whose_fault_it_is(tmp_path: Path, said: Any, status: int) -> None:
    body = json.dumps(said).encode()
    got = ask(answering(500, body), tmp_path)
    assert (got[0], got[2]) == (status, body)


def test_a_route_that_raises_answers_in_words(tmp_path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("session_hash")

    status, _, body = ask(app, tmp_path, path="/gradio_api/queue/join")
    assert status == 400
    assert "not a valid request for this app" in json.loads(body)["detail"]


def test_a_caller_who_left_is_noticed(tmp_path: Path) -> None:
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await read(receive)
        left = LEFT.get()
        assert left is not None
        for _ in range(500):
            if left.is_set():
                break
            await asyncio.sleep(0.01)
        seen.append(left.is_set())
        assert (await receive())["type"] == "http.disconnect"

    messages = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/gradio_api/run/x",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(Guard(app, Access(), tmp_path)(scope, receive, send))
    assert seen == [True]


def test_pages_and_files_carry_their_policies(tmp_path: Path) -> None:
    page = ask(answering(), tmp_path, path="/", method="GET")[1]
    assert "frame-ancestors 'self'" in page["content-security-policy"]
    assert "connect-src 'self'" in page["content-security-policy"]
    assert page["x-frame-options"] == "SAMEORIGIN"
    assert page["x-content-type-options"] == "nosniff"
    file = ask(answering(), tmp_path, path="/gradio_api/file=/x.svg", method="GET")[1]
    assert "sandbox" in file["content-security-policy"]
    framed = Access(frames=("'self'", "https://school.example.org"))
    page = ask(answering(), tmp_path, framed, path="/", method="GET")[1]
    assert "frame-ancestors 'self' https://school.example.org" in page["content-security-policy"]
    assert "x-frame-options" not in page


@pytest.mark.parametrize(
    "path",
    [
        "process_recording",
        "vibe-edit/",
        "undo-vibe-edit",
        "vibe-code",
        "proxy=http://x/y",
        "stream/a",
        "profiling/clear",
    ],
)
def test_routes_that_nothing_uses_are_closed(tmp_path: Path, path: str) -> None:
    assert ask(answering(), tmp_path, path=f"/gradio_api/{path}")[0] == 404
    assert ask(answering(), tmp_path, path="/latent/monitoring/summary")[0] == 404


@pytest.mark.parametrize("size", ["0", "1025", "9999999999"])
def test_icons_have_a_largest_size(tmp_path: Path, size: str) -> None:
    assert ask(answering(), tmp_path, path=f"/pwa_icon/{size}", method="GET")[0] == 404
