"""Fetching a file: from servers of every kind, whole and checked or not at all."""

from __future__ import annotations

import errno
import hashlib
import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pooch
import pytest
from _server import Answer, Server, serve

from diabolo.runtime.errors import MissingPackageError
from diabolo.train.datasets import _fetch
from diabolo.train.datasets._fetch import Remote, fetch
from diabolo.train.errors import DataError

BODY = np.random.default_rng(0).bytes(300_000)
GOOD = Answer(BODY)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(_fetch, "TIMEOUT", 0.2)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as server:
        yield server


def remote(server: Server, *paths: str, checksum: str = "") -> Remote:
    digest = checksum or f"md5:{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}"
    addresses = tuple(server.url(path) for path in paths)
    return Remote(name="set.gz", checksum=digest, size=len(BODY), addresses=addresses)


def quiet(what: str, done: int, total: int) -> None:
    pass


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_good(server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str], algorithm: str) -> None:
    server.answers["a"] = GOOD
    told: list[tuple[str, int, int]] = []
    target = tmp_path / "deep" / "folder" / "set.gz"
    file = remote(server, "a", checksum=f"{algorithm}:{hashlib.new(algorithm, BODY).hexdigest()}")
    level = pooch.get_logger().level
    assert fetch(file, target, lambda *step: told.append(step)) == target
    assert target.read_bytes() == BODY
    assert list(target.parent.iterdir()) == [target]
    (tmp_path / "other").touch()
    assert target.stat().st_mode == (tmp_path / "other").stat().st_mode  # a cache may be shared
    assert {(what, total) for what, _, total in told} == {("downloading set.gz (kB)", 300)}
    steps = [done for _, done, _ in told]
    assert steps == sorted(steps)
    assert len(set(steps)) > 3
    assert (steps[0], steps[-1]) == (0, 300)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == level != logging.ERROR


def test_complete_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set.gz").write_bytes(BODY)
    fetch(remote(server, "a"), tmp_path / "set.gz", quiet)
    assert not server.asked


def test_damaged_is_fetched_again(server: Server, tmp_path: Path) -> None:
    server.answers["a"] = GOOD
    (tmp_path / "set.gz").write_bytes(BODY[:-1])
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY


def test_slow_but_steady(server: Server, tmp_path: Path) -> None:
    server.answers["a"] = Answer(BODY, pieces=8, pause=0.05)  # longer in all than the timeout
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY
    assert server.asked == ["a"]


def test_redirect(server: Server, tmp_path: Path) -> None:
    server.answers |= {"a": Answer(status=302, headers={"Location": server.url("b")}), "b": GOOD}
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_a_file_declared_as_an_encoding_stays_packed(server: Server, tmp_path: Path, encoding: str) -> None:
    server.answers["a"] = Answer(BODY, headers={"Content-Encoding": encoding})
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY


def test_no_length_declared(server: Server, tmp_path: Path) -> None:
    server.answers["a"] = Answer(BODY, length="")
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY


BAD = {
    "missing": (Answer(status=404), "404 Not Found"),
    "broken": (Answer(b"sorry", status=503), "503 Service Unavailable"),
    "a page": (
        Answer(b"<html>log in first</html>"),
        "does not match the known hash: expected md5:.*; deleted",
    ),
    "other bytes": (Answer(BODY[::-1]), "does not match the known hash: expected md5:.*; deleted"),
    "empty": (Answer(b""), "does not match"),
    "cut off": (Answer(BODY[:100_000], length=len(BODY)), "IncompleteRead"),
    "stalled": (Answer(length=len(BODY), stalls=True), r"no answer for 0\.2 seconds"),
    "stalled halfway": (Answer(BODY[:150_000], length=len(BODY), stalls=True), r"no answer for 0\.2 seconds"),
    "declares too little": (Answer(BODY, length=len(BODY) - 1), "does not match"),
    "declares nonsense": (Answer(BODY, length="many"), "many"),
    "too long": (Answer(BODY + bytes(200_000)), "sends more than the file's 300000 bytes"),
    "redirect to nothing": (Answer(status=302, headers={"Location": "/gone"}), "404"),
    "redirect in a circle": (Answer(status=302, headers={"Location": "/a"}), "redirects"),
    "redirect elsewhere": (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "file"),
}


CUT = {"broken", "cut off", "stalled", "stalled halfway"}  # asked once more: the next answer may be whole


@pytest.mark.parametrize("kind", BAD)
def test_bad_home_good_mirror(server: Server, tmp_path: Path, kind: str) -> None:
    server.answers |= {"a": BAD[kind][0], "b": GOOD}
    assert fetch(remote(server, "a", "b"), tmp_path / "set.gz", quiet).read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [tmp_path / "set.gz"]


@pytest.mark.parametrize("kind", BAD)
def test_bad_everywhere(server: Server, tmp_path: Path, kind: str) -> None:
    server.answers["a"] = BAD[kind][0]
    folder = tmp_path / "cache"
    with pytest.raises(
        DataError, match=r"cannot fetch set\.gz into .*cache.*--data-dir or DIABOLO_DATA"
    ) as caught:
        fetch(remote(server, "a", "b"), folder / "set.gz", quiet)
    told = str(caught.value)
    assert "\n" not in told
    assert f"{server.url('b')} (404 Not Found)" in told
    assert re.search(rf"{re.escape(server.url('a'))} \(.*{BAD[kind][1]}", told), told
    assert server.asked.count("b") == 1
    assert server.asked.count("a") == {"redirect in a circle": 31}.get(kind, 2 if kind in CUT else 1)
    assert not list(folder.iterdir())


def test_second_try(server: Server, tmp_path: Path) -> None:
    server.answers["a"] = [Answer(BODY[:1000], length=len(BODY)), GOOD]
    assert fetch(remote(server, "a"), tmp_path / "set.gz", quiet).read_bytes() == BODY


def test_no_network(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(DataError, match=r"/a \(Temporary failure in name resolution\)\. Try again"):
        fetch(remote(server, "a"), tmp_path / "set.gz", quiet)


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DataError, match=r"\(Connection refused\)"):
        fetch(remote(Server(port), "a"), tmp_path / "set.gz", quiet)


def test_interrupted(server: Server, tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    server.answers["a"] = GOOD
    with pytest.raises(KeyboardInterrupt):
        fetch(remote(server, "a"), tmp_path / "set.gz", stop)
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
from pathlib import Path
from diabolo.train.datasets._fetch import Remote, fetch

def progress(what, done, total):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)

url, target = sys.argv[1:]
fetch(Remote(name="set.gz", checksum="md5:0", size=300_000, addresses=(url,)), Path(target), progress)
"""


def test_what_a_killed_process_leaves_is_swept(server: Server, tmp_path: Path) -> None:
    server.answers["a"] = GOOD
    command = [sys.executable, "-c", KILLED, server.url("a"), str(tmp_path / "set.gz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")
    (tmp_path / ".mine").mkdir()
    fetch(remote(server, "a"), tmp_path / "set.gz", quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine", "set.gz"]


def test_unwritable(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(DataError, match=r"cannot write set\.gz .* into .*cache/sets: .*DIABOLO_CACHE"):
        fetch(remote(server, "a"), tmp_path / "cache" / "sets" / "set.gz", quiet)


def test_disk_full(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    server.answers["a"] = GOOD
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match=r"\(300,000 bytes\) into .*: No space left on device\. Make room"):
        fetch(remote(server, "a"), tmp_path / "set.gz", quiet)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["pooch", "requests"])
def test_without_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=r'pip install "diabolo\[train\]"'):
        fetch(Remote(name="x", checksum="md5:0", size=0, addresses=()), tmp_path / "x", quiet)
