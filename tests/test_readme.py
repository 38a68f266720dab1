"""The README's commands and code run, in the order it gives them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from diabolo.ui.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_its_commands_and_its_ten_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [line.split()[1:] for line in re.findall(r"^    diabolo .*$", README, re.MULTILINE)]
    assert [words[0] for words in commands] == ["train", "export", "verify", "ui"]
    runner = CliRunner()
    monkeypatch.chdir(tmp_path)
    for words in commands[:-1]:  # the app's own tests start it
        done = runner.invoke(main, words)
        assert done.exit_code == 0, done.output
    for name in ("letter.png", "other.png"):
        Image.new("L", (50, 40), 90).save(name)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[:3] == ["(1, 20)", "(1, 1, 28, 28)", "(4, 1, 28, 28)"]
    with Image.open("between.png") as between:
        assert between.size == (28, 28)


def test_its_files_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) >= 3
    for link in links:
        assert (ROOT / link).is_file(), link


def test_the_two_commands_stand_alike_everywhere() -> None:
    test_command = next(line.strip() for line in README.splitlines() if '-e ".[all,dev]"' in line)
    assert shlex.split(test_command.split("&&")[-1]) == [".venv/bin/pytest"]
    assert test_command in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
