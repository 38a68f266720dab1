"""Attacks on the served app, each one turn of a loop that says what came of it.

`python _siege.py ADDRESS FOLDER PRIVATE` runs all of them at once until standard input ends, in a process
of its own so that honest visitors' times are the app's, and prints what came of each as JSON. It says when
it is ready, and begins when it is sent a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
import uuid
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from _visit import SOURCE, Visitor, urlopen
from _wasteful import save_hostile
from _zipped import zipped

Attack = Callable[[], str]


def attacks(address: str, folder: Path, private: Path) -> dict[str, tuple[Attack, set[str]]]:
    """By name: one turn of the attack, and what may come of it."""
    config = Visitor(address).config  # fetched once: a page of 700 kB is no attack
    somebody = partial(Visitor, address, config=config)
    bundles = {kind: zipped(save_hostile(folder / kind, kind)) for kind in ("endless", "bright", "large")}
    bomb = folder / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.onnx", bytes(200 << 20))
        archive.writestr("model.json", "{}")
    many = folder / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(10_000):
            archive.writestr(f"{number}.txt", "x")
    refused = {"422", "refused"}

    def read_a_file() -> str:
        return str(somebody().run("reconstruct", "mnist-conv", {"path": str(private)})[0])

    def bring(path: Path) -> Attack:
        def turn() -> str:
            copy = folder / f"{uuid.uuid4().hex}.zip"
            copy.write_bytes(path.read_bytes())
            visitor = somebody()
            visitor.arrive()
            try:
                answer = visitor.bring(copy)
            except KeyError:  # the upload itself was refused
                return "refused"
            finally:
                copy.unlink()
                visitor.leave()
            return "refused" if answer.get("error") else "taken"

        return turn

    def use_another_s() -> str:
        status, answer = somebody().explorer("graph", {"model": "bright"})
        return "refused" if "graph" not in answer else f"{status}: got it"

    def interpolate(steps: int) -> Attack:
        def turn() -> str:
            visitor = somebody()
            path = upload(address, private.read_bytes())
            status, _ = visitor.run("interpolate", "mnist-conv", path, path, steps, "linear")
            return str(status)

        return turn

    def leave_in_the_middle() -> str:
        path = upload(address, private.read_bytes())
        body = json.dumps({"data": ["mnist-conv", path, path, 400, "linear"]}).encode()
        with line(address) as sock:
            sock.sendall(post(address, "/gradio_api/run/interpolate", len(body)) + body)
            sock.settimeout(1)
            with contextlib.suppress(TimeoutError):
                sock.recv(1)
        return "left"

    def send_slowly() -> str:
        with line(address) as sock:
            sock.sendall(post(address, "/gradio_api/run/sample", 1000) + b"{")
            sock.settimeout(60)
            answer = sock.recv(100)
        return answer.split(b" ")[1].decode() if answer else "closed"

    def send_much() -> str:
        with line(address) as sock:
            sock.sendall(post(address, "/gradio_api/upload", 700 << 20))
            sock.settimeout(60)
            return sock.recv(100).split(b" ")[1].decode()

    def cut_off() -> str:
        with line(address) as sock:
            sock.sendall(post(address, "/gradio_api/upload", 100_000) + b"x" * 500)
        return "left"

    def nonsense() -> str:
        return str(somebody().run("decode", {"a": [1]}, [[]])[0])

    def sessions() -> str:
        status = {somebody().run("sample", "mnist-conv", 1, 0, session=False)[0] for _ in range(20)}
        return "/".join(map(str, sorted(status)))

    def another_host() -> str:
        request = urllib.request.Request(address, headers={"Host": "evil.example"})
        try:
            with urlopen(request, timeout=60) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return str(error.code)

    return {
        "reading a picture of the server": (read_a_file, {"422"}),
        "a bundle whose check never ends": (bring(bundles["endless"]), refused),
        "a bundle that takes 6.8 GB": (bring(bundles["large"]), refused),
        "a zip that unpacks to 800 MB": (bring(bomb), refused),
        "a zip of 10,000 files": (bring(many), refused),
        "another visitor's bundle": (use_another_s, {"refused"}),
        "an animation of 1,000 pictures": (interpolate(1000), {"422"}),
        "animations of 400 pictures": (interpolate(400), {"200", "503"}),
        "callers who disconnect": (leave_in_the_middle, {"left"}),
        "request bodies that never arrive": (send_slowly, {"408", "closed"}),
        "an upload of 700 MB": (send_much, {"413"}),
        "uploads that are cut off": (cut_off, {"left"}),
        "invalid values": (nonsense, {"422"}),
        "calls that each open a session": (sessions, {"200"}),
        "another host name": (another_host, {"403"}),
    }


def upload(address: str, content: bytes) -> dict[str, Any]:
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="picture.png"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    request = urllib.request.Request(f"{address.rstrip('/')}/gradio_api/upload", body, kind)
    with urlopen(request, timeout=120) as answer:
        return {"path": json.load(answer)[0], "meta": {"_type": "gradio.FileData"}}


def line(address: str) -> socket.socket:
    host, _, port = address.removeprefix("http://").strip("/").partition(":")
    return socket.create_connection((host, int(port)), timeout=60, source_address=(SOURCE.get(), 0))


def post(address: str, path: str, length: int) -> bytes:
    host = address.removeprefix("http://").strip("/")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode()


def main(address: str, folder: str, private: str) -> None:
    os.nice(10)  # whoever attacks brings processors of their own
    over, seen = threading.Event(), defaultdict[str, Counter[str]](Counter)
    known = attacks(address, Path(folder), Path(private))

    def attack(number: int, name: str, turn: Attack) -> None:
        SOURCE.set(f"127.0.2.{number}")  # each comes from an address of its own
        while not over.is_set():
            try:
                seen[name][turn()] += 1
            except OSError as error:
                seen[name][type(error).__name__] += 1
            over.wait(1)

    threads = [
        threading.Thread(target=attack, args=(number, name, turn))
        for number, (name, (turn, _)) in enumerate(known.items(), 1)
    ]
    print("ready", flush=True)
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join(150)
    print(
        json.dumps({name: {"seen": seen[name], "allowed": sorted(may)} for name, (_, may) in known.items()})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
