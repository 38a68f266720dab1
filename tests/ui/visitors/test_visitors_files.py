"""How long visitors' files are kept: four hours at most, and never longer than the app runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _plane_app import META, run, uploaded
from _served import free_port
from PIL import Image

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened


def test_old_files_are_swept_away(tmp_path: Path) -> None:
    from diabolo.ui.files import temporary

    now = time.time()
    for name, age in (("a/old.png", 5), ("a/new.png", 1), ("b/old.png", 5), ("tmpcut", 2), ("tmpnew", 0.5)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (now - 3600 * age,) * 2)
    kept = tmp_path / f"{temporary.KEPT}x"
    kept.mkdir()
    (kept / "model.zip").write_bytes(b"x")
    os.utime(kept / "model.zip", (0, 0))
    temporary.sweep(tmp_path, now)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a/new.png", "tmpnew", f"{temporary.KEPT}x/model.zip"}
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_visitors_files_go_with_the_app(tmp_path: Path, number: signal.Signals) -> None:
    private = tmp_path / "private.png"
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(private)
    save_coded(tmp_path / "plane")
    port = free_port()
    place = tmp_path / "temporary"
    place.mkdir()
    command = [sys.executable, "-m", "diabolo.ui.cli", "ui", str(tmp_path / "plane"), "--device", "cpu"]
    environment = {key: value for key, value in os.environ.items() if key != "GRADIO_TEMP_DIR"}
    environment["TMPDIR"] = str(place)
    with subprocess.Popen(
        [*command, "--port", str(port), "--no-browser"], env=environment, stderr=subprocess.DEVNULL
    ) as app:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/", timeout=60) as asked:
                path = Path(uploaded(asked, private.read_bytes()))
                assert run(asked, "reconstruct", ["by-hand", {"path": str(path), **META}]).status_code == 200
            assert path.is_relative_to(place)
            own = place / path.relative_to(place).parts[0]
            assert own.stat().st_mode & 0o077 == 0
            app.send_signal(number)
            app.wait(60)
        finally:
            app.kill()
    left = {file.name for file in place.rglob("*") if file.is_file()}
    assert left <= {".ses"}  # onnxruntime's own


def test_a_signal_during_a_callback_is_not_lost() -> None:
    """Python discards what a signal's handler raises in the callback of a weak reference."""
    code = """
import os, signal, weakref
from diabolo.ui.files.temporary import ended_by_signals
class Thing: pass
for number in (signal.SIGTERM, signal.SIGINT):
    with ended_by_signals() as ended:
        thing = Thing()
        reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), number))
        del thing
        print(ended.by_signal)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
    assert "KeyboardInterrupt" in done.stderr  # which was discarded


def test_a_loop_that_looks_is_not_interrupted() -> None:
    """What a handler raises in a weak reference's callback is printed, in the middle of the app's output."""
    code = """
import os, signal, time, weakref
from diabolo.ui.files.temporary import ended_by_signals
class Thing: pass
with ended_by_signals() as ended:
    ended.raises = False
    thing = Thing()
    reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
    del thing
    while not ended.by_signal:
        time.sleep(0.01)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
