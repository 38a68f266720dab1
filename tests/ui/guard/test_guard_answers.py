"""Clients that ask and do not read what they are answered."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import uvicorn

from diabolo.ui.guard import Access, Guard
from diabolo.ui.guard._outgoing import Outgoing
from diabolo.ui.guard.exchange import Exchange
from diabolo.ui.guard.middleware import _kind

SIZE = 48 << 20  # bytes, more than the system holds for a socket
START = {"type": "http.response.start", "status": 200, "headers": []}


async def large(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(dict(START))
    await send({"type": "http.response.body", "body": bytes(SIZE)})


@contextmanager
def served(guard: Guard) -> Iterator[tuple[str, int]]:
    """The address of a real server in front of which the guard stands."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(guard, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def until(condition: Any) -> bool:
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def rest(client: socket.socket) -> int:
    """Bytes that are still to come, until the server closes the connection."""
    return sum(len(piece) for piece in iter(lambda: client.recv(1 << 20), b""))


@pytest.mark.parametrize("path", ["gradio_api/file=/large.png", "gradio_api/component_server"])
def test_a_client_that_does_not_read_loses_its_place(tmp_path: Path, path: str) -> None:
    guard = Guard(large, Access(seconds=1), tmp_path)
    kind = _kind(f"/{path}")
    with served(guard) as address, socket.create_connection(address) as client:
        client.settimeout(5)
        client.sendall(f"POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
        assert until(lambda: guard._active[kind] == 1)
        assert until(lambda: guard._active[kind] == 0)
        assert rest(client) < SIZE


def test_a_client_that_reads_is_answered_in_full(tmp_path: Path) -> None:
    with (
        served(Guard(large, Access(seconds=1), tmp_path)) as address,
        socket.create_connection(address) as client,
    ):
        client.settimeout(5)
        client.sendall(b"GET /gradio_api/file=/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert rest(client) > SIZE


def test_to_the_app_it_looks_as_if_the_client_had_left() -> None:
    asked: list[int] = []

    async def receive() -> Any:
        if asked:
            await asyncio.Event().wait()
        asked.append(1)
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def main() -> None:
        scope = {"type": "http", "method": "GET", "path": "/gradio_api/heartbeat/x", "headers": []}
        exchange = Exchange(scope, receive, send, Access(seconds=1))
        await exchange.receive()
        leaving = asyncio.create_task(exchange.receive())
        await exchange.send(dict(START))
        await exchange.send({"type": "http.response.body", "body": b"ALIVE", "more_body": True})
        await exchange.send({"type": "http.response.body", "body": b"ALIVE", "more_body": True})
        assert (await leaving)["type"] == "http.disconnect"
        await exchange.end()

    asyncio.run(asyncio.wait_for(main(), 5))


def test_silences_of_the_app_do_not_count() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        out = Outgoing(send, 0.05)
        for _ in range(3):
            await out.send({"type": "http.response.body", "body": b"ALIVE", "more_body": True})
            await asyncio.sleep(0.1)
        assert not out.stuck

    asyncio.run(main())
    assert len(sent) == 3


def test_a_client_that_reads_too_slowly_is_given_up() -> None:
    async def send(message: Any) -> None:
        await asyncio.sleep(0.04)

    async def main() -> None:
        out = Outgoing(send, 0.1)  # each piece is taken in time, but three are not
        for _ in range(4):
            await out.send({"type": "http.response.body", "body": b"x", "more_body": True})
        assert out.stuck

    asyncio.run(main())


def test_large_answers_go_out_in_small_pieces() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    body = bytes(range(256)) * 600
    asyncio.run(Outgoing(send, 1).send({"type": "http.response.body", "body": body}))
    assert b"".join(message["body"] for message in sent) == body
    assert [message["more_body"] for message in sent] == [True, True, False]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/gradio_api/file=/tmp/gradio_api/heartbeat/x", "file"),
        ("/latent/gradio_api/file/x.png", "file"),
        ("/assets/index.js", "file"),
        ("/gradio_api/call/assets/x", "line"),
        ("/gradio_api/heartbeat/x", "line"),
        ("/gradio_api/upload", "upload"),
        ("/", "call"),
    ],
)
def test_files_take_no_places_of_calls(path: str, kind: str) -> None:
    assert _kind(path) == kind
