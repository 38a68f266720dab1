"""A web server on this machine that answers as told: well, slowly, wrongly, or not at all."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | str | None = None  # declared; None: the true one; '': none at all
    pieces: int = 1
    pause: float = 0.0  # seconds before each piece
    stalls: bool = False  # after the body, says nothing more and keeps the line open


@dataclass
class Server:
    port: int
    name: str = ""  # of what it serves
    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)  # a list is used up, but its last
    asked: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        found = self.answers.get(path, Answer(status=404))
        if isinstance(found, Answer):
            return found
        return found.pop(0) if len(found) > 1 else found[0]


@contextmanager
def serve() -> Iterator[Server]:
    """Set `no_proxy` first."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = server.answer(self.path.lstrip("/"))
            self.send_response(answer.status)
            length = len(answer.body) if answer.length is None else answer.length
            if length != "":
                self.send_header("Content-Length", str(length))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the other side may have hung up
                step = -(-len(answer.body) // answer.pieces) or 1
                for start in range(0, len(answer.body), step):
                    server.ending.wait(answer.pause)
                    self.wfile.write(answer.body[start : start + step])
            if answer.stalls:
                server.ending.wait(10)

        def log_message(self, format: str, *args: object) -> None:
            pass

    gc.freeze()  # what is there already need not be looked through below
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = Server(http.server_port)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            http.shutdown()
            thread.join()
    gc.collect()  # a connection left open is this test's fault, not a later one's
