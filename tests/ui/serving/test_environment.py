"""`diabolo ui` in environments that Gradio does not accept: one line that says so, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from _chromium import GRADIO_MARKS

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GRADIO_SERVER_PORT", "abc", "'abc' is not a valid integer"),
        ("GRADIO_NUM_PORTS", "many", "GRADIO_NUM_PORTS"),
        ("GRADIO_TEMP_DIR", "/dev/null/below", "Set GRADIO_TEMP_DIR to a folder"),
    ],
)
def test_a_bad_variable_is_named(variable: str, value: str, said: str, tmp_path: Path) -> None:
    done = _ui(tmp_path, os.environ | {variable: value})
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, shutil, sys; os.rmdir(os.getcwd()); from diabolo.ui import launch"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True)
    assert "UsageError: the current folder does not exist any more" in done.stderr


def _ui(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "diabolo.ui.cli",
        "ui",
        "mnist-vae-2d",
        "--no-browser",
        "--device",
        "cpu",
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (None, False),
        (SimpleNamespace(), False),  # IPython in a terminal
        (SimpleNamespace(kernel=object()), True),  # ipykernel.zmqshell.ZMQInteractiveShell
    ],
)
def test_a_notebook_is_recognised(shell: object, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui import serving

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    assert serving._in_notebook() is expected


def test_gradios_debug_mode_does_not_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """With GRADIO_DEBUG=1, Gradio's own `launch` never returns, and a notebook's kernel would hang."""
    import gradio as gr

    from diabolo.ui import launch

    monkeypatch.setenv("GRADIO_DEBUG", "1")
    monkeypatch.setattr(gr.Blocks, "block_thread", lambda _: pytest.fail("it waits for Ctrl-C"))
    app = launch(["mnist-vae-2d"], device="cpu", open_browser=False, block=False)
    app.close(verbose=False)


def test_a_space_on_hugging_face_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui import serving
    from diabolo.ui.guard import Access

    monkeypatch.delenv("SPACE_HOST", raising=False)
    assert not serving._on_a_space(Access()).knows("me-models.hf.space")
    monkeypatch.setenv("SPACE_HOST", "me-models.hf.space")
    access = serving._on_a_space(Access(hosts=("example.org",)))
    assert access.knows("me-models.hf.space")
    assert access.knows("example.org")
    assert not access.knows("other.hf.space")
    assert access.frames == ("'self'", "https://huggingface.co")
    assert serving._on_a_space(Access(frames=("'none'",))).frames == ("'none'",)


def test_a_notebooks_plotting_backend_does_not_reach_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio imports matplotlib at each event, and training for its plots; both would fail."""
    from click.testing import CliRunner

    from diabolo.ui.cli import main

    monkeypatch.setenv("MPLBACKEND", "module://not_installed_here")
    assert CliRunner().invoke(main, ["models"]).exit_code == 0
    assert os.environ["MPLBACKEND"] == "agg"


def test_a_home_folder_that_is_read_only_is_no_news(tmp_path: Path) -> None:
    """As in containers: matplotlib, which Gradio imports, tells of a temporary folder in two lines."""
    home = tmp_path / "home"
    home.touch()  # no folder: also root cannot write there
    environment = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    command = [sys.executable, "-m", "diabolo.ui.cli", "datasets"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr  # how to train on a folder
