"""The example's HTTP service for tests: a process of its own, or here, with a model that can be held."""

from __future__ import annotations

import http.client
import importlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from _examples import EXAMPLES

FOLDER = EXAMPLES / "fastapi"
MODEL = Path(__file__).parents[2] / "runtime" / "models" / "mnist-vae"
PATIENCE = 60.0  # seconds; a test that waits so long fails


@dataclass(frozen=True, kw_only=True)
class Served:
    """A service that listens on `port` of this machine; `log` and `pid` where it is a process of its own."""

    port: int
    log: Path | None = None
    pid: int = 0

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], Any]:
        """Status, headers in lower case, and the body, read where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET" if body is None else "POST", path, body)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            raw = answer.read()
        finally:
            connection.close()
        return answer.status, headers, json.loads(raw) if "json" in headers["content-type"] else raw

    def facts(self) -> Any:
        """What /health says."""
        return self.ask("/health")[2]

    def until(self, there: Callable[[Any], bool]) -> Any:
        """What /health says as soon as it is `there`."""
        end = time.monotonic() + PATIENCE
        while not there(facts := self.facts()):
            assert time.monotonic() < end, facts
            time.sleep(0.01)
        return facts

    def send(self, path: str, body: bytes, length: int | None = None) -> socket.socket:
        """A connection on which a request was sent, its body perhaps shorter than it says."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length or len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return connection

    def peak(self) -> float:
        """The most memory the process has had, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@contextmanager
def process(log: Path, *options: str, bundle: Path = MODEL, descriptors: int = 0) -> Iterator[Served]:
    """The command, on a free port; it may have so many `descriptors`, or as many as this process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, str(FOLDER / "service.py"), str(bundle), "--port", str(port), *options]
    if descriptors:
        words = ["sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh", *words]
    with log.open("w") as file, subprocess.Popen(words, stderr=file, stdout=file) as running:
        try:
            served = Served(port=port, log=log, pid=running.pid)
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    served.facts()
                    break
                except OSError:
                    assert running.poll() is None, log.read_text()
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield served
        finally:
            running.terminate()


@contextmanager
def modules() -> Iterator[Callable[[str], ModuleType]]:
    """Imports the example's files by their names, which are forgotten afterwards."""
    sys.path.insert(0, str(FOLDER))
    before = set(sys.modules)
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(FOLDER))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == FOLDER:
                del sys.modules[name]


class Held:
    """The model, whose encoder waits while it is held; `seen` are the first pixels of what it was given."""

    def __init__(self, pair: Any) -> None:
        self._pair = pair
        self.go = threading.Event()
        self.go.set()
        self.seen: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pair, name)

    def encode(self, images: np.ndarray) -> np.ndarray:
        self.seen += images[:, 0, 0, 0].tolist()
        assert self.go.wait(PATIENCE)
        encoded: np.ndarray = self._pair.encode(images)
        return encoded


@contextmanager
def here(
    load: Callable[[str], ModuleType], bundle: Path = MODEL, **limits: Any
) -> Iterator[tuple[Served, Held]]:
    """The service in a thread, with these limits."""
    import uvicorn

    model = Held(load("bundle").load(bundle))
    app = load("service").build(model, load("limits").Limits(**limits))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", http=load("patient").Patient)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Served(port=server.servers[0].sockets[0].getsockname()[1]), model
    finally:
        model.go.set()
        server.should_exit = True
        thread.join()
