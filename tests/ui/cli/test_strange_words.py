"""What a stranger wrote into a bundle, as the commands print it: on one line, and nothing but letters."""

from __future__ import annotations

from pathlib import Path

from _hostile import packed, sealed, sound
from click.testing import CliRunner, Result

from diabolo.ui.cli import main

FORGED = "a\x1b[2J\nok  graphs: fine"
SHOWN = r"a\x1b[2J\nok  graphs: fine"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def plain(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def test_verify_prints_names_of_entries_on_their_lines(tmp_path: Path) -> None:
    done = call("verify", packed(tmp_path / "a.zip", sound(tmp_path) | {FORGED: b""}), "--device", "cpu")
    assert done.exit_code == 1
    assert f"OFF {SHOWN}: {SHOWN} is not listed" in done.stdout
    assert plain(done.stdout)


def test_info_prints_a_summary_on_its_line(tmp_path: Path) -> None:
    files = sealed(
        sound(tmp_path), lambda document: document.update(summary="one\nmetrics   mse 0\u202e\u2028")
    )
    done = call("info", packed(tmp_path / "a.zip", files))
    assert done.exit_code == 0, done.stderr
    assert r"what      one\nmetrics   mse 0\u202e\u2028" in done.stdout
    assert plain(done.stdout)


def test_errors_are_told_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2Jb.zip"
    path.write_bytes(b"none")
    done = call("info", path)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert r"a\x1b[2Jb.zip" in done.stderr
    assert plain(done.stderr)
