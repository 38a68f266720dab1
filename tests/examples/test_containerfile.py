"""The app's container file, and that the app runs as it says: not as root, read-only but for /tmp."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _served import free_port

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened

TOP = Path(__file__).resolve().parents[2]
LINES = [
    line.replace("\\\n", " ")
    for line in (TOP / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]
NOBODY = 65534


def said(word: str) -> list[str]:
    return [line.removeprefix(f"{word} ") for line in LINES if line.startswith(f"{word} ")]


def test_it_does_not_run_as_root_and_takes_images_by_plain_names() -> None:
    assert [user.split(":")[0] for user in said("USER")] == ["10001"]
    assert LINES.index(f"USER {said('USER')[0]}") < next(
        i for i, x in enumerate(LINES) if x.startswith("ENTRY")
    )
    assert said("FROM") == ["python:3.12-slim AS build", "python:3.12-slim"]
    assert "0.0.0.0" in said("ENV")[0]  # noqa: S104 - it is looked for


def test_all_that_it_copies_is_there() -> None:
    copied = [name for line in said("COPY") if not line.startswith("--from") for name in line.split()[:-1]]
    needed = {"runtime", "train", "export", "course", "ui", "pyproject.toml", "setup.py", "constraints.txt"}
    assert needed <= set(copied)
    assert all((TOP / name).exists() for name in copied)


def test_its_command_is_one(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from diabolo.ui.cli import main

    entry = json.loads(said("ENTRYPOINT")[0])
    assert entry[0] == "diabolo"
    done = CliRunner().invoke(main, [*entry[1:], "--help"])
    assert done.exit_code == 0
    done = CliRunner().invoke(main, [*entry[1:], str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "none" in done.output


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that any user may enter: pytest closes its own ones again whenever another pytest starts."""
    folder = Path(tempfile.mkdtemp(prefix="public-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"), reason="takes root on Linux"
)
def test_the_app_runs_so(public: Path) -> None:
    """Everything mounted read-only but for a folder in memory, by a user who owns nothing."""
    bundle = save_coded(public / "bundle")
    place = public / "memory"
    place.mkdir()
    port = free_port()
    app = [sys.executable, "-m", "diabolo.ui.cli", "ui", str(bundle), "--port", str(port), "--no-browser"]
    own = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs"
    script = (
        f"mount -t tmpfs tmpfs {place} && chmod 1777 {place} && "
        f"mount -o remount,ro,bind / && ! touch {TOP}/written 2>/dev/null && cd / && "
        f"exec {own} {' '.join(app)} --device cpu"
    )
    clean = {
        "HOME": str(place),
        "TMPDIR": str(place),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(
        ["unshare", "-m", "sh", "-c", script], env=clean, stderr=subprocess.PIPE
    ) as running:
        try:
            page = _answer(
                running, f"http://127.0.0.1:{port}/gradio_api/run/sample", b'{"data": ["by-hand", 1, 0]}'
            )
            assert json.loads(page)["data"][0]["path"].startswith(f"{place}/diabolo-")
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                raise
    assert running.returncode == 0


def _answer(running: subprocess.Popen[bytes], address: str, body: bytes) -> bytes:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    for _ in range(600):
        if running.poll() is not None:
            assert running.stderr is not None
            pytest.fail(running.stderr.read().decode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                content: bytes = answer.read()
                return content
        except OSError:
            time.sleep(0.1)
    pytest.fail("it did not answer")
