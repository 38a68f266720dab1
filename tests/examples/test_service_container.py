"""The service's container file: what it copies is there, and its command runs without any rights."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import requires
from pathlib import Path

import pytest
from _service import FOLDER, MODEL, PATIENCE
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytest.importorskip("fastapi")

# Somebody else where the interpreter is open to all; otherwise root without what root may do.
UNPRIVILEGED = """
import ctypes, os, runpy, sys
from pathlib import Path
def open_to_all(path):
    return all(folder.stat().st_mode & 1 for folder in (path, *path.parents))
needed = (sys.prefix, sys.base_prefix, sys.argv[1], os.getcwd())
if os.geteuid() == 0 and all(open_to_all(Path(each).resolve()) for each in needed):
    os.setgroups([])
    os.setgid(65532)
    os.setuid(65532)
elif os.geteuid() == 0:
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, none) == 0
try:
    open("written", "w")
except OSError:
    sys.path.insert(0, os.getcwd())
    sys.argv = ["service.py", *sys.argv[1:]]
    runpy.run_path("service.py", run_name="__main__")
else:
    sys.exit("the folder can be written to")
"""


def instructions() -> list[tuple[str, str]]:
    """(FROM, python:...), (WORKDIR, ...) and so on, in order."""
    text = (FOLDER / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    words = [line.split(None, 1) for line in lines]
    return [(name, rest) for name, rest in words]


def last(name: str) -> str:
    return [rest for each, rest in instructions() if each == name][-1]


def copied() -> list[str]:
    """What is copied from the folder into the image's one."""
    return [name for each, rest in instructions() if each == "COPY" for name in rest.split()[:-1]]


def settings() -> dict[str, str]:
    return dict(word.split("=", 1) for each, rest in instructions() if each == "ENV" for word in rest.split())


def test_what_it_says() -> None:
    order = [name for name, _ in instructions()]
    assert order[0] == "FROM"
    assert order.index("RUN") < order.index("USER") < order.index("ENTRYPOINT")
    assert re.fullmatch(r"python:3\.\d+-slim", last("FROM"))  # the name alone, no host
    user, group = last("USER").split(":")
    assert min(int(user), int(group)) > 0
    assert sorted(copied()) == sorted(
        [path.name for path in FOLDER.iterdir() if path.suffix == ".py"] + ["requirements.txt"]
    )
    assert last("EXPOSE") == settings()["SERVICE_PORT"]


def test_every_package_is_pinned_as_in_the_constraints() -> None:
    pins = [Requirement(line) for line in (FOLDER / "requirements.txt").read_text().split()]
    assert all(re.fullmatch(r"==[0-9][^*,]*", str(pin.specifier)) for pin in pins)
    root = Path(__file__).parents[2]
    known = {canonicalize_name(line.partition("==")[0]): line for line in read(root / "constraints.txt")}
    found = {canonicalize_name(pin.name): pin for pin in pins}
    assert all(Requirement(known[name]).specifier == pin.specifier for name, pin in found.items())
    waiting, seen = ["fastapi", "uvicorn", "numpy", "pillow"], {"onnxruntime"}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            needed = (Requirement(text) for text in requires(name) or [])
            inside = (each for each in needed if not each.marker or each.marker.evaluate({"extra": ""}))
            waiting += [canonicalize_name(each.name) for each in inside]
    assert seen <= found.keys()


def read(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


@contextmanager
def container(folder: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """The image's command in a folder that cannot be written to, without HOME."""
    for name in copied():
        shutil.copy(FOLDER / name, folder)
        (folder / name).chmod(0o444)
    folder.chmod(0o555)
    env = {"PATH": os.environ["PATH"], **settings(), "SERVICE_PORT": str(port), "SERVICE_HOST": "127.0.0.1"}
    words = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
    assert words == ["python", "service.py", "/bundle"]
    command = [sys.executable, "-c", UNPRIVILEGED, str(MODEL)]
    try:
        with subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE) as running:
            try:
                yield running, env
            finally:
                running.terminate()
    finally:
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="rights are dropped as Linux does it")
def test_it_runs_unprivileged_in_a_folder_that_it_cannot_write_to(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "service"
    folder.mkdir()
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert check[0] == "python"
    with container(folder, port) as (running, env):

        def healthy() -> bool:
            env_with_proxy = env | {"http_proxy": "http://127.0.0.1:9"}  # must not be asked
            done = subprocess.run([sys.executable, *check[1:]], env=env_with_proxy, capture_output=True)
            return done.returncode == 0

        end = time.monotonic() + PATIENCE
        while not healthy():
            assert running.poll() is None, running.stderr and running.stderr.read().decode()
            assert time.monotonic() < end
        running.terminate()
        assert running.wait(PATIENCE) in (0, -15)
        assert not healthy()
    assert sorted(path.name for path in folder.iterdir()) == sorted(copied())
