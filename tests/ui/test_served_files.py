"""Files that the app hands out stay as long as somebody is given them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from diabolo.ui.files import served


def test_what_is_given_again_counts_as_new(tmp_path: Path) -> None:
    path = Path(served.keep(b"content", tmp_path, "x.txt"))
    os.utime(path, (1, 1))
    assert served.keep(b"content", tmp_path, "x.txt") == str(path)
    assert path.stat().st_mtime > 1  # of too many files the oldest are removed
    path.unlink()
    assert Path(served.keep(b"content", tmp_path, "x.txt")).read_bytes() == b"content"


def test_its_empty_folder_may_be_removed_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really, times = served.tempfile.mkstemp, []

    def removed(dir: Path) -> Any:
        times.append(dir)
        if len(times) == 1:
            dir.rmdir()
        return really(dir=dir)

    monkeypatch.setattr(served.tempfile, "mkstemp", removed)
    assert Path(served.keep(b"content", tmp_path, "x.txt")).read_bytes() == b"content"
    assert len(times) == 2
