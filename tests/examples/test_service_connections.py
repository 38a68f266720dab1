"""The example's HTTP service and its connections: who does not ask, does not read, or comes in numbers."""

from __future__ import annotations

import http.client
import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _service import here, modules, process
from PIL import Image

pytest.importorskip("fastapi")

Load = Callable[[str], ModuleType]
SOON = 10.0  # seconds; what does not happen within them does not happen


@pytest.fixture(name="load")
def _load() -> Iterator[Load]:
    with modules() as load:
        yield load


@pytest.fixture(name="lost")
def _lost(load: Load, monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once for each connection that the service gives up."""
    lost, patient = threading.Semaphore(0), load("patient").Patient
    close = patient.connection_lost

    def tell(self: object, error: Exception | None) -> None:
        close(self, error)
        lost.release()

    monkeypatch.setattr(patient, "connection_lost", tell)
    return lost


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("L", (28, 28)).save(out, "PNG")
    return out.getvalue()


ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(port: int, said: bytes = b"", room: int = 2048) -> socket.socket:
    """A connection for which this side's system holds so many bytes."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.settimeout(SOON)
    connection.connect(("127.0.0.1", port))
    connection.sendall(said)
    return connection


def read(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    answer = b""
    with suppress(ConnectionResetError):  # it was closed before all that was said to it was heard
        while part := connection.recv(1 << 16):
            answer += part
    return answer


def test_one_connection_must_ask_in_time(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load("patient"), "SECONDS", 0.5)
    with here(load) as (served, model), ThreadPoolExecutor(1) as pool:
        model.go.clear()
        busy = pool.submit(served.ask, "/encode", picture())  # one that has asked may wait longer
        silent = served.send("/encode", b"", length=1)
        half = served.send("/", b"")
        silent.close()
        half.close()
        for begun in (b"", b"POST /encode HTTP/1.1\r\n"):
            with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
                connection.sendall(begun)
                assert connection.recv(1000) == b""
        assert not busy.done()
        model.go.set()
        assert busy.result()[0] == 200


SIZE = 4 << 20  # bytes of an answer that no system buffers


@pytest.fixture(name="large")
def _large(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of SIZE bytes."""

    async def answer(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": bytes(SIZE)})

    monkeypatch.setattr(load("service"), "build", lambda *_: answer)


@pytest.mark.parametrize("more", ["", "Connection: close\r\n"])
@pytest.mark.usefixtures("large")
def test_who_does_not_read_is_given_up(
    load: Load, monkeypatch: pytest.MonkeyPatch, lost: threading.Semaphore, more: str
) -> None:
    monkeypatch.setattr(load("patient"), "SECONDS", 0.3)
    ask = f"GET / HTTP/1.1\r\nHost: a\r\n{more}\r\n"
    with here(load) as (served, _), connect(served.port, ask.encode()) as connection:
        assert lost.acquire(timeout=SOON)
        assert len(read(connection)) < SIZE


@pytest.mark.usefixtures("large")
def test_who_reads_slowly_gets_all(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load("patient"), "SECONDS", 1.0)
    with here(load) as (served, _), connect(served.port, ASK, 1 << 16) as connection:
        got, slowly = 0, threading.Event()
        for _ in range(15):
            slowly.wait(0.1)
            got += len(connection.recv(1 << 16))
        assert got < SIZE / 2
        assert got + len(read(connection)) > SIZE


def test_who_asks_again_before_the_answer_gets_the_first_one(load: Load) -> None:
    with here(load) as (served, _):
        first = None
        with connect(served.port, 50 * ASK) as connection:
            assert read(connection).count(b"HTTP/1.1 404") == 1
        patient = http.client.HTTPConnection("127.0.0.1", served.port, timeout=SOON)
        with closing(patient):
            for _ in range(3):
                patient.request("GET", "/health")
                assert json.loads(patient.getresponse().read())["ok"]
                first = first or patient.sock
            assert patient.sock is first


def test_who_waits_longest_makes_room(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load("patient"), "MOST_CONNECTIONS", 4)
    with ExitStack() as opened:
        served, model = opened.enter_context(here(load))
        pool = opened.enter_context(ThreadPoolExecutor(1))
        opened.callback(model.go.set)
        model.go.clear()
        model.seen.clear()
        busy = pool.submit(served.ask, "/encode", picture())
        served.until(lambda _: model.seen)
        begun = [
            b"",
            b"GET / HTTP/1.1\r\n",
            b"POST /decode HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
        ]
        silent = [opened.enter_context(connect(served.port, said)) for said in 4 * begun]
        assert served.facts()["ok"]
        for connection in silent[:8]:
            assert read(connection) == b""
        assert not busy.done()
        model.go.set()
        assert busy.result()[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are limited as Linux does it")
def test_health_answers_while_more_connect_than_it_may_have_files(tmp_path: Path) -> None:
    with process(tmp_path / "log", descriptors=128) as served, ExitStack() as opened:
        for _ in range(300):
            silent = opened.enter_context(socket.socket())
            silent.setblocking(False)
            silent.connect_ex(("127.0.0.1", served.port))
        assert served.facts()["ok"]
        assert (tmp_path / "log").stat().st_size < 2000
