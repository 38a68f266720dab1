"""What is renamed is on the disk before it has its name, and its name after that."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from diabolo.runtime._durable import flush, make_folder, move_folder, replacing


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed and renamed, in order, by its path."""
    done: list[str] = []
    really, rename, replace = os.fsync, Path.rename, Path.replace

    def fsync(handle: int) -> None:
        done.append(f"flush {Path(f'/proc/self/fd/{handle}').readlink().name}")
        really(handle)

    def noted(how: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def named(self: Path, target: Path) -> Path:
            done.append(f"{self.name} -> {target.name}")
            return how(self, target)

        return named

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", noted(rename))
    monkeypatch.setattr(Path, "replace", noted(replace))
    return done


def test_a_file_is_flushed_before_and_its_folder_after(seen: list[str], tmp_path: Path) -> None:
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert seen == ["flush a.txt.part", "a.txt.part -> a.txt", f"flush {tmp_path.name}"]
    assert (tmp_path / "a.txt").read_text() == "new"
    seen.clear()
    with replacing(tmp_path / "b.txt", durable=False) as temporary:
        temporary.write_text("new")
    assert seen == ["b.txt.part -> b.txt"]


def test_folders_are_flushed_where_their_names_stand(seen: list[str], tmp_path: Path) -> None:
    make_folder(tmp_path / "one" / "two")
    assert sorted(seen) == sorted([f"flush {tmp_path.name}", "flush one"])
    seen.clear()
    make_folder(tmp_path / "one" / "two")
    assert seen == []


def test_a_folder_moves_when_all_below_it_is_flushed(seen: list[str], tmp_path: Path) -> None:
    (tmp_path / "new" / "below").mkdir(parents=True)
    for name in ("new/a", "new/below/b"):
        (tmp_path / name).write_text(name)
    move_folder(tmp_path / "new", tmp_path / "made")
    assert sorted(seen[:4]) == ["flush a", "flush b", "flush below", "flush new"]
    assert seen.index("flush b") < seen.index("flush below") < seen.index("flush new")
    assert seen[4:] == ["new -> made", f"flush {tmp_path.name}"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError])
def test_what_fails_leaves_what_was_there(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(("code", "told"), [(errno.EINVAL, False), (errno.EIO, True), (errno.ENOSPC, True)])
def test_what_cannot_be_flushed_is_told_where_it_counts(
    code: int, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "a.txt").write_text("old")
    if not told:
        return flush(tmp_path / "a.txt")
    with pytest.raises(OSError, match=os.strerror(code)), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "old"
    return None


def test_what_lies_at_the_temporary_name_is_not_written_through(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    for place in (lambda part: part.symlink_to(mine), lambda part: part.hardlink_to(mine)):
        place(tmp_path / "a.txt.part")
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("new")
        assert not (tmp_path / "a.txt").is_symlink()
        assert (tmp_path / "a.txt").read_text() == "new"
        assert mine.read_text() == "mine"
