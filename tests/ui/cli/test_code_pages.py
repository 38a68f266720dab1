"""Commands whose stdout cannot encode the names of files, as on Windows when output is redirected."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import _discovery
from diabolo.ui.cli import main

COMMANDS = _discovery.names("diabolo.ui.cli")
PAGES = ["cp1252", "cp950"]
NAME = "\u8c93 \N{CAT FACE} \u00e9"  # neither code page has all of these


def _image(place: Path, number: int = 0) -> str:
    path = place / f"{NAME}{number}.png"
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (16, 16)).astype(np.uint8)).save(path)
    return str(path)


def _codes(place: Path) -> str:
    path = place / f"{NAME}.npz"
    np.savez(path, codes=np.zeros((1, 6), np.float32), files=np.array([NAME]))
    return str(path)


# the arguments of each command: the bundle, the run and all files have names that are hard to print
CALLS: dict[str, Callable[[Path], list[str]]] = {
    "bench": lambda p: [f"{p}/bundle {NAME}", "--batch", "1", "--seconds", "0.01"],
    "datasets": lambda p: ["get", f"{p}/data {NAME}"],
    "decode": lambda p: [f"{p}/bundle {NAME}", _codes(p), "-o", f"{p}/out {NAME}"],
    "demo": lambda _: ["--epochs", "0"],
    "denoise": lambda p: [f"{p}/bundle {NAME}", _image(p), "-o", f"{p}/out {NAME}.png"],
    "doctor": lambda p: [f"{p}/run {NAME}", "--dataset", f"{p}/data {NAME}"],
    "encode": lambda p: [f"{p}/bundle {NAME}", _image(p), "-o", f"{p}/out {NAME}.npz"],
    "evaluate": lambda p: [f"{p}/run {NAME}", "--beside", f"{p}/run {NAME}"],
    "export": lambda p: [f"{p}/run {NAME}", "-o", f"{p}/out {NAME}"],
    "info": lambda p: [str(save_pair(p / "named", summary=NAME))],
    "interpolate": lambda p: [f"{p}/bundle {NAME}", _image(p), _image(p, 1), "-o", f"{p}/out {NAME}.png"],
    "reconstruct": lambda p: [f"{p}/bundle {NAME}", _image(p)],
    "sample": lambda p: [f"{p}/bundle {NAME}", "--count", "1", "-o", f"{p}/out {NAME}.png"],
    "train": lambda p: ["autoencoder", "--resume", "-o", f"{p}/run {NAME}", "--epochs", "41"],
    "ui": lambda p: [f"{p}/none {NAME}"],
    "verify": lambda p: [f"{p}/bundle {NAME}"],
}
FAILS = {"demo", "ui"}  # they would start an app; their messages are printed all the same
NAMELESS = {"bench", "demo", "models", "train", "ui", "verify"}  # print no name on stdout
WITH_JSON = {
    "datasets": lambda p: ["--data-dir", f"{p}/data {NAME}", "--json"],
    "models": lambda _: ["--json"],
    **{
        name: lambda p, name=name: [*CALLS[name](p), "--json"]
        for name in ("bench", "denoise", "doctor", "encode", "evaluate", "info", "reconstruct", "verify")
    },
}


@pytest.fixture
def place(runs: dict[str, Path], bundles: dict[str, Path], pictures: Path, tmp_path: Path) -> Path:
    shutil.copytree(runs["autoencoder"], tmp_path / f"run {NAME}")
    shutil.copytree(bundles["autoencoder"], tmp_path / f"bundle {NAME}")
    shutil.copytree(pictures, tmp_path / f"data {NAME}")
    return tmp_path


def call(page: str, *arguments: str) -> Result:
    """The command with a stdout of this code page, which raises for what it cannot encode."""
    return CliRunner(charset=page).invoke(main, arguments)


def test_the_commands_with_arguments_are_found() -> None:
    assert CALLS.keys() | WITH_JSON.keys() <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_names_are_escaped(place: Path, command: str, page: str) -> None:
    arguments = CALLS[command](place) if command in CALLS else []
    done = call(page, command, *arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert command in FAILS or done.exit_code == 0, done.output
    if command in CALLS.keys() - NAMELESS:
        assert NAME.encode(page, "backslashreplace").decode(page) in done.stdout


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("command", WITH_JSON)
def test_json_is_ascii(place: Path, command: str, page: str) -> None:
    done = call(page, command, *WITH_JSON[command](place))
    assert done.exit_code == 0, done.output
    assert done.stdout.isascii()
    json.loads(done.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_in_a_process_of_its_own(place: Path, page: str) -> None:
    """The name of the file is printed, with what the code page lacks as escapes."""
    environment = os.environ | {"PYTHONIOENCODING": page}
    arguments = ["reconstruct", *CALLS["reconstruct"](place)]
    done = subprocess.run(
        [sys.executable, "-m", "diabolo.ui.cli", *arguments],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    escaped = NAME.encode(page, "backslashreplace").decode(page)
    assert f"{escaped}0.png  mse" in done.stdout.decode(page)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("words", [["--version"], ["models"]])
def test_a_stdout_that_is_full_is_told(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "diabolo.ui.cli", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "diabolo: No space left on device while writing the output. Mend that and run the command again.\n"
    )
