"""Programs that call a gradio app over HTTP as docs/api.md shows, and the process of the app."""

from __future__ import annotations

import http.client
import io
import json
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psutil
from PIL import Image, ImageDraw

HOST = "127.0.0.1"

Visit = Callable[["Visitor"], Any]


class Visitor:
    """One connection to the app; what fails raises."""

    def __init__(self, port: int) -> None:
        self.session = uuid.uuid4().hex
        self.port = port
        self._line: http.client.HTTPConnection | None = None
        self._link = http.client.HTTPConnection(HOST, port, timeout=120)

    def ask(self, path: str, body: Any = None, name: str = "digit.png") -> bytes:
        """The answer to a GET, or to a POST of JSON; bytes go as they are, as a file of this name."""
        if isinstance(body, bytes):
            edge = uuid.uuid4().hex
            head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
            sent = head.encode() + body + f"\r\n--{edge}--\r\n".encode()
            kind = f"multipart/form-data; boundary={edge}"
        else:
            sent, kind = json.dumps(body).encode(), "application/json"
        method = "GET" if body is None else "POST"
        self._link.request(method, path, None if body is None else sent, {"Content-Type": kind})
        answer = self._link.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {content[:200]!r}"
        return content

    def run(self, endpoint: str, data: list[Any], session: str | None = None) -> Any:
        """One request."""
        asked = {"data": data} | ({"session_hash": session} if session else {})
        return json.loads(self.ask(f"/gradio_api/run/{endpoint}", asked))["data"]

    def call(self, endpoint: str, data: list[Any], session: str | None = None) -> Any:
        """Two requests: one asks, the other fetches."""
        asked = {"data": data} | ({"session_hash": session} if session else {})
        event = json.loads(self.ask(f"/gradio_api/call/{endpoint}", asked))["event_id"]
        told = self.ask(f"/gradio_api/call/{endpoint}/{event}").decode()
        found = re.search(r"^event: complete\ndata: (.*)$", told, re.MULTILINE)
        assert found, f"{endpoint}: {told[:300]}"
        return json.loads(found[1])

    def upload(self, content: bytes, name: str = "digit.png") -> dict[str, Any]:
        """A file as endpoints take it."""
        (path,) = json.loads(self.ask("/gradio_api/upload", content, name))
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def arrive(self) -> None:
        """Open the line that tells the app that a page is there, until `close`."""
        self._line = http.client.HTTPConnection(HOST, self.port, timeout=120)
        self._line.request("GET", f"/gradio_api/heartbeat/{self.session}")
        self._line.getresponse().read(10)

    def bring(self, bundle: bytes, name: str) -> dict[str, Any]:
        """Upload a .zip as the page does; what the app says at last."""
        events = json.loads(self.ask("/config"))["dependencies"]
        index = next(e["id"] for e in events if len(e["inputs"]) == 1 and e["targets"][0][1] == "upload")
        asked = {"data": [self.upload(bundle, name)], "fn_index": index, "session_hash": self.session}
        self.ask("/gradio_api/queue/join", asked)
        said = self.ask(f"/gradio_api/queue/data?session_hash={self.session}").decode()
        told = [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: ")]
        return next(dict(one["output"]) for one in told if one.get("msg") == "process_completed")

    def close(self) -> None:
        self._link.close()
        if self._line is not None:
            self._line.close()


class Server:
    """The app's process, seen from outside."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = psutil.Process(process.pid)

    @property
    def memory(self) -> float:
        """MB that are resident."""
        return float(self._process.memory_info().rss / 1e6)

    @property
    def memory_in_all(self) -> float:
        """MB that are resident, with the processes that it started; what they share counts for each."""
        total = 0
        for each in (self._process, *self._process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
        return total / 1e6

    @property
    def cost(self) -> float:
        """Seconds of a processor so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(command: list[str], ready: str = "/config") -> Iterator[Server]:
    """The app that `command` starts, to which a free port is added."""
    import socket

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    with subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                assert process.poll() is None, f"{' '.join(command)} ended"
                with suppress(OSError):
                    Visitor(port).ask(ready)
                    break
                time.sleep(0.1)
            yield Server(process, port)
        finally:
            process.terminate()


def together(
    server: Server, clients: int, visit: Callable[[Visitor], Any], seconds: float = 0
) -> list[float]:
    """How long each visit took, of as many clients at once; each goes on for `seconds`, or visits once."""

    def one(_number: int) -> list[float]:
        visitor, ends = Visitor(server.port), time.perf_counter() + seconds
        took: list[float] = []
        while not took or time.perf_counter() < ends:
            began = time.perf_counter()
            visit(visitor)
            took.append(time.perf_counter() - began)
        visitor.close()
        return took

    with ThreadPoolExecutor(clients) as pool:
        return [each for took in pool.map(one, range(clients)) for each in took]


def digit() -> bytes:
    """A PNG of a stroke."""
    picture, out = Image.new("L", (60, 80)), io.BytesIO()
    ImageDraw.Draw(picture).line((30, 10, 30, 70), fill=255, width=7)
    picture.save(out, "PNG")
    return out.getvalue()
