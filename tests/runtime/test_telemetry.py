"""Nothing that runs here reports its use: no file in the user's folders, and no call to a collector."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_MODEL = _ROOT / "runtime/models/mnist-vae-2d"
_REPORT_AFTER = 25  # seconds; onnxruntime 1.31 calls its collector within 12
_LOAD = f"from diabolo.runtime import Autoencoder\nmodel = Autoencoder.load({str(_MODEL)!r})\nmodel.sample(2)"
_WAIT = f"import time\ntime.sleep({_REPORT_AFTER})"
_BARE = f"import onnxruntime\nonnxruntime.InferenceSession({str(_MODEL / 'decoder.onnx')!r})"

_PROGRAMS = {
    "runtime": [sys.executable, "-c", _LOAD],
    "runtime-before-onnxruntime": [sys.executable, "-c", f"import diabolo.runtime\n{_BARE}"],
    "command": [sys.executable, "-m", "diabolo.ui.cli", "verify", str(_MODEL)],
    "python-example": [sys.executable, str(_ROOT / "examples/python_plain/reconstruct.py"), str(_MODEL)],
    "service-example": [
        sys.executable,
        "-c",
        f"import sys, pathlib\nsys.path.insert(0, {str(_ROOT / 'examples/fastapi')!r})\n"
        f"import bundle\nbundle.load(pathlib.Path({str(_MODEL)!r}))",
    ],
    "node-example": ["node", str(_ROOT / "examples/node/reconstruct.mjs"), str(_MODEL)],
}


@contextmanager
def _proxy() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a proxy that connects nobody, and the first line of all that it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed
                    return
                with connection:
                    connection.settimeout(5)
                    asked.append(connection.recv(1000).partition(b"\r\n")[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def _watched(program: list[str], folder: Path, **more: str) -> tuple[list[str], list[bytes]]:
    """Run a program as a user who just logged in: the files left in the home folder, and the calls it made.

    Its environment has none of the variables, such as CI, by which onnxruntime recognises a test machine.
    """
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    with _proxy() as (address, asked):
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        environment = kept | {"HOME": str(home), "https_proxy": address, "HTTPS_PROXY": address} | more
        done = subprocess.run(program, env=environment, cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()), asked


def _has_telemetry() -> bool:
    """Whether the installed onnxruntime knows the variable that switches its telemetry off."""
    import onnxruntime

    libraries = (Path(onnxruntime.__file__).parent / "capi").glob("onnxruntime_pybind11_state*")
    return any(b"ORT_DISABLE_TELEMETRY" in library.read_bytes() for library in libraries)


@pytest.mark.parametrize("name", _PROGRAMS)
def test_no_program_leaves_an_identifier_of_the_machine(name: str, tmp_path: Path) -> None:
    if name == "node-example" and not (
        shutil.which("node") and (_ROOT / "examples/node/node_modules").exists()
    ):
        pytest.skip("node, or its onnxruntime, is not installed")
    assert _watched(_PROGRAMS[name], tmp_path) == ([], [])


@pytest.mark.skipif(not _has_telemetry(), reason="this onnxruntime has no telemetry")
def test_onnxruntime_itself_would_leave_one(tmp_path: Path) -> None:
    """Otherwise the test above would see nothing whatever the programs do."""
    files, _ = _watched([sys.executable, "-c", _BARE], tmp_path)
    assert any(file.endswith("deviceid") for file in files)


def test_who_wants_the_telemetry_keeps_it(tmp_path: Path) -> None:
    program = [
        sys.executable,
        "-c",
        "import diabolo.runtime, os\nassert os.environ['ORT_DISABLE_TELEMETRY'] == '0'",
    ]
    _watched(program, tmp_path, ORT_DISABLE_TELEMETRY="0")


@pytest.mark.long
def test_no_program_calls_a_collector(tmp_path: Path) -> None:
    """The collector is called only seconds after the start. The bare onnxruntime shows that it is called."""
    for name, program, called in (
        ("bare", _BARE, _has_telemetry()),
        ("ours", _LOAD, False),
    ):
        folder = tmp_path / name
        folder.mkdir()
        _, asked = _watched([sys.executable, "-c", f"{program}\n{_WAIT}"], folder)
        assert bool(asked) is called, asked


@pytest.mark.long
def test_neither_training_nor_the_app_calls_anybody(tmp_path: Path) -> None:
    """Torch, Gradio and what they bring along: a training, its export, and an app that runs for a while."""
    script = (
        "import subprocess, sys, time\n"
        "def run(*words): subprocess.run([sys.executable, '-m', 'diabolo.ui.cli', *words], check=True)\n"
        "run('train', 'vae', '--dataset', 'glyphs', '--epochs', '1', '-o', 'run')\n"
        "run('export', 'run', '-o', 'bundle')\n"
        "from diabolo.ui import launch\n"
        "app = launch(['bundle'], open_browser=False, block=False)\n"
        f"time.sleep({_REPORT_AFTER})\n"
        "app.close()\n"
    )
    _, asked = _watched([sys.executable, "-c", script], tmp_path)
    assert asked == []
