"""What lies in a folder and is not a file: named, never opened, and nothing waits for it."""

from __future__ import annotations

import inspect
import os
import socket
import sys
from pathlib import Path

import pytest

from diabolo.runtime.listing import below, check_file, contents, printable, trouble

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="named pipes and such links are POSIX's")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may be of some 100 bytes only
    for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt", "x.heic", "y.HEIC", "heic"):
        Path(name).write_bytes(b"x")
    Path("folder.png").mkdir()
    os.mkfifo("pipe.png")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.png")
    Path("device.png").symlink_to("/dev/zero")
    Path("link.png").symlink_to("a.jpg")
    Path("to-folder").symlink_to("folder.png")
    Path("itself.png").symlink_to("itself.png")
    Path("itself").symlink_to("itself")
    Path("one.gif").symlink_to("two.gif")
    Path("two.gif").symlink_to("one.gif")
    Path("gone").symlink_to("nowhere")
    Path("gone.txt").symlink_to("nowhere")
    found = contents(tmp_path)
    assert found.files == ["a.jpg", "b.PNG", "link.png"]
    assert found.folders == ["folder.png"]
    assert found.links == ["to-folder"]
    circle, nowhere = "it is a link that leads back to itself", "it is a link that leads nowhere"
    assert found.odd == [
        ("device.png", "it is a device, not a file"),
        ("gone", nowhere),
        *((name, circle) for name in ("itself", "itself.png", "one.gif")),
        ("pipe.png", "it is a named pipe, not a file"),
        ("socket.png", "it is a socket, not a file"),
        ("two.gif", circle),
    ]
    assert found.other == {"heic": 2}
    for name, reason in found.odd:
        assert trouble(name) == reason
        with pytest.raises(OSError, match=reason):
            check_file(name)
    assert [trouble(name) for name in ("a.jpg", "link.png")] == ["", ""]
    assert trouble("to-folder") == "it is a folder"
    assert "null" in trouble("a\0b")
    with pytest.raises(FileNotFoundError):
        check_file("missing.png")


def test_all_folders_below(tmp_path: Path) -> None:
    """Sorted, links only at the top, none that go round, and no folder under two names."""
    elsewhere, tmp_path = tmp_path / "elsewhere", tmp_path / "root"
    for name in ("b", "a/deep", "a.c"):
        (tmp_path / name).mkdir(parents=True)
    elsewhere.mkdir()
    (tmp_path / "link").symlink_to(elsewhere)
    (tmp_path / "z").symlink_to(elsewhere)
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "b" / "deeper").symlink_to(elsewhere)
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    (tmp_path / "b" / "gone.png").symlink_to("nowhere")
    failed: list[tuple[str, str]] = []
    seen = [folder for folder, _ in below(str(tmp_path), lambda *about: failed.append(about))]
    assert seen == [str(tmp_path / name) for name in ("", "a", "a/deep", "a.c", "b", "link")]
    assert failed == [(str(tmp_path / "b" / "gone.png"), "it is a link that leads nowhere")]


def test_deeper_than_functions_may_call_each_other(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 300)).mkdir(parents=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        seen = sum(1 for _ in below(str(tmp_path), lambda *_: None))
    finally:
        sys.setrecursionlimit(limit)
    assert seen == 301


def test_a_folder_that_is_not_entered(tmp_path: Path) -> None:
    for name in ("a/x", "b/x", "c"):
        (tmp_path / name).mkdir(parents=True)
    inside = below(str(tmp_path), lambda *_: None, lambda path: not path.endswith("b"))
    assert [Path(folder).relative_to(tmp_path).as_posix() for folder, _ in inside] == [".", "a", "a/x", "c"]


def test_what_is_printed_stays_on_its_line_and_readable() -> None:
    for name in (
        "標題\u3000二",
        "Screenshot 9.41\u202fAM.png",
        "caf\u00e9\u00a0x",
        "\U0001f468\u200d\U0001f33e",
    ):
        assert printable(name) == name
    assert printable("a\nb\x1b[2J\u2028\u202e\x85\udcff") == r"a\nb\x1b[2J\u2028\u202e\x85\udcff"
