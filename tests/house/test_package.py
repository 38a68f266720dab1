"""`diabolo` itself: a regular package, which no folder of that name next to a script hides."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """`site/diabolo` as it is installed, and a clone of the repository next to a script in `user`."""
    installed, clone = tmp_path / "site" / "diabolo", tmp_path / "user" / "diabolo"
    shutil.copytree(ROOT / "package", installed, ignore=shutil.ignore_patterns("__pycache__"))
    clone.mkdir(parents=True)
    for floor in ("runtime", "train", "export", "course", "ui"):
        (installed / floor).symlink_to(ROOT / floor)
        (clone / floor).mkdir()  # it has nothing in it: whoever imports from here fails
    return tmp_path


def run(place: Path, code: str) -> str:
    """Run the code as a script in `user`, without the hooks of an editable install."""
    paths = [str(place / "user"), str(place / "site"), *site.getsitepackages(), *(p for p in sys.path if p)]
    start = f"import sys; sys.path[:0] = {paths!r}; sys.dont_write_bytecode = True\n"
    done = subprocess.run(
        [sys.executable, "-S", "-c", start + code],
        cwd=place / "user",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_folder_is_installed_as_diabolo() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["setuptools"]["package-dir"]["diabolo"] == "package"
    assert '"diabolo",' in (ROOT / "setup.py").read_text("utf-8")
    assert "COPY package package" in (ROOT / "Containerfile").read_text("utf-8")


def test_a_clone_next_to_a_script_does_not_hide_it(place: Path) -> None:
    code = "import diabolo, diabolo.runtime.errors as e; print(diabolo.__version__, e.__file__)"
    assert run(place, code) == f"{metadata.version('diabolo')} {place}/site/diabolo/runtime/errors.py"


def test_it_is_the_command(place: Path) -> None:
    code = "import runpy; sys.argv = ['x', '--version']; runpy.run_module('diabolo', run_name='__main__')"
    assert run(place, code) == f"diabolo, version {metadata.version('diabolo')}"
