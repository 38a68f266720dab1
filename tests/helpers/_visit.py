"""A visitor of the served app, by plain HTTP: what a page of the app sends, or somebody who forges it."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

SOURCE: ContextVar[str] = ContextVar("source", default="127.0.0.1")  # the address that this thread asks from


class _Source(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        connect = partial(http.client.HTTPConnection, source_address=(SOURCE.get(), 0))
        return self.do_open(connect, request)  # type: ignore[arg-type]


urlopen = urllib.request.build_opener(_Source).open


class Visitor:
    """One session of the app at `address`."""

    def __init__(self, address: str, session: str = "", config: Any = None) -> None:
        self.address = address.rstrip("/")
        self.session = session or uuid.uuid4().hex
        self.config = config or self._get("/config")
        self._line: http.client.HTTPConnection | None = None

    def arrive(self) -> None:
        """Open the line that tells the server that the page is there."""
        split = urllib.parse.urlsplit(self.address)
        self._line = http.client.HTTPConnection(split.netloc, timeout=60)
        self._line.request("GET", f"{split.path}/gradio_api/heartbeat/{self.session}")
        self._line.getresponse().read(10)

    def leave(self) -> None:
        """Close it, as a closed page does."""
        assert self._line is not None
        sock = self._line.sock
        if sock is not None:
            sock.close()
        self._line.close()

    def bring(self, path: Path) -> Any:
        """Upload a .zip and have it checked; what the event answers at last, or its error."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        file = json.loads(self._send("/gradio_api/upload", body, kind)[1])[0]
        given = {"path": file, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}
        events = self.config["dependencies"]
        index = next(e["id"] for e in events if len(e["inputs"]) == 1 and e["targets"][0][1] == "upload")
        return self._queued([(index, [given])])[0]

    def event(self, name: str, data: list[Any]) -> Any:
        """The answer of the first event of this name that takes so many values, by gradio's queue."""
        events = [event for event in self.config["dependencies"] if len(event["inputs"]) == len(data)]
        index = next(event["id"] for event in events for _, n in event["targets"] if n == name)
        return self._queued([(index, data)])[0]

    def choose(self, model: str) -> list[Any]:
        """What a page whose tabs are all open gets when a model is chosen, in any order."""
        events = self.config["dependencies"]
        (chooser,) = next(event["inputs"] for event in events if event["api_name"] == "describe")
        values = {one["id"]: one["props"].get("value") for one in self.config["components"]} | {
            chooser: model
        }
        follow = [event for event in events if any(how == "expand" for _, how in event["targets"])]
        return self._queued([(event["id"], [values[one] for one in event["inputs"]]) for event in follow])

    def _queued(self, events: list[tuple[int, list[Any]]]) -> list[Any]:
        for index, data in events:
            asked = {"data": data, "fn_index": index, "session_hash": self.session, "event_data": {"call": 1}}
            self._send("/gradio_api/queue/join", json.dumps(asked).encode())
        found = []
        line = f"{self.address}/gradio_api/queue/data?session_hash={self.session}"
        with urlopen(line, timeout=120) as stream:
            for said in stream:
                told = json.loads(said[6:]) if said.startswith(b"data: ") else {}
                if told.get("msg") == "process_completed":
                    found.append(told["output"])
                if len(found) == len(events):
                    return found
        raise AssertionError("no answer")

    def run(self, name: str, *data: Any, session: bool = True) -> tuple[int, Any]:
        """An endpoint's status and answer; without a session if asked."""
        asked = {"data": list(data)} | ({"session_hash": self.session} if session else {})
        status, raw = self._send(f"/gradio_api/run/{name}", json.dumps(asked).encode())
        return status, json.loads(raw)

    def explorer(self, name: str, asked: Any, **more: Any) -> tuple[int, Any]:
        """What the first explorer's own function answers; `more` replaces what is sent along."""
        component = next(
            one["id"]
            for one in self.config["components"]
            if "explorer_open" in one["props"].get("server_fns", ())
        )
        sent = {"data": asked, "component_id": component, "fn_name": f"explorer_{name}"}
        status, raw = self._send(
            "/gradio_api/component_server",
            json.dumps(sent | {"session_hash": self.session} | more).encode(),
        )
        return status, json.loads(raw)

    def _get(self, path: str) -> Any:
        with urlopen(self.address + path, timeout=60) as answer:
            return json.load(answer)

    def _send(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
        request = urllib.request.Request(self.address + path, body, {"Content-Type": kind})
        try:
            with urlopen(request, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


def at_once(*calls: Any) -> list[Any]:
    """What these functions return, each called in a thread of its own."""
    found: list[Any] = [None] * len(calls)

    def call(index: int) -> None:
        found[index] = calls[index]()

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
