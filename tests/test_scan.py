"""What a folder may hold beside images: odd names, links that lead nowhere or round, what is no file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from _images import everything, labels_of, load_folder, sample, save

from diabolo.runtime.listing import printable
from diabolo.train.datasets._scan import list_skipped, scan

ODD = [
    "two words",
    "two\nlines",
    "\N{CAT FACE} \u8c93",
    'it\'s "quoted"',
    "back\\slash",
    "--option",
    "*?[x]",
    "\x1b[31m",
    os.fsdecode(b"\xff\xfe"),
]


def put(folder: Path, name: str, content: bytes) -> None:
    try:
        (folder / f"{name}.png").write_bytes(content)
    except OSError:
        pytest.skip("this file system wants text")


@pytest.mark.parametrize("name", ODD)
def test_names(tmp_path: Path, name: str) -> None:
    content = (save(tmp_path / "x", 1, "L") / "000.png").read_bytes()
    root = save(tmp_path / "root" / name, 10, start=1)
    put(root, name, content)
    put(root, f"{name} broken", b"x")
    data = load_folder(tmp_path / "root")
    assert data.classes == (name.encode("utf-8", "backslashreplace").decode(),)
    assert data.skipped == ((f"{name}/{name} broken.png", "not an image"),)
    assert "\n" not in data.notes[0]
    data.notes[0].encode()
    assert len(everything(data)) == 11


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    save(tmp_path / "Cat", 6)
    save(tmp_path / "cat", 6, start=10)
    if len(os.listdir(tmp_path)) < 2:  # noqa: PTH208
        pytest.skip("this file system holds them for one")
    sample("RGB", 8, 8, seed=50).save(tmp_path / "cat" / "a.png")
    sample("RGB", 8, 8, seed=51).save(tmp_path / "cat" / "A.PNG")
    data = load_folder(tmp_path)
    assert data.classes == ("Cat", "cat")
    assert len({image.tobytes() for image in everything(data)}) == 14


def test_hidden_files_are_not_seen(tmp_path: Path) -> None:
    save(tmp_path, 10)
    (tmp_path / "._000.png").write_bytes(b"x")
    (tmp_path / ".png").write_bytes(b"x")
    (tmp_path / "png").write_bytes(b"x")
    save(tmp_path / ".git", 2)
    (tmp_path / "a" / ".b").mkdir(parents=True)
    save(tmp_path / "a" / ".b", 2)
    data = load_folder(tmp_path)
    assert len(everything(data)) == 10
    assert data.skipped == ()


def test_a_folder_with_an_image_s_name(tmp_path: Path) -> None:
    save(tmp_path / "album.png", 12)
    data = load_folder(tmp_path)
    assert data.classes == ("album.png",)
    assert data.skipped == ()


def test_links(tmp_path: Path) -> None:
    """A class may be a link; one that leads back up is not walked."""
    save(tmp_path / "elsewhere", 6)
    root = tmp_path / "root"
    save(root / "a", 6)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to("..")
    (root / "everything").symlink_to("/")
    (root / "a" / "loop").symlink_to(root / "a")
    (root / "a" / "deeper").symlink_to(tmp_path / "elsewhere")
    data = load_folder(root)
    assert data.classes == ("a", "b")
    assert len(everything(data)) == 12
    assert data.skipped == ()


def test_a_link_to_a_file_is_the_file(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere", 11)
    (tmp_path / "root").mkdir()
    for path in (tmp_path / "elsewhere").iterdir():
        (tmp_path / "root" / path.name).symlink_to(path)
    assert len(everything(load_folder(tmp_path / "root"))) == 11


def test_the_folder_may_be_a_link(tmp_path: Path) -> None:
    save(tmp_path / "real" / "a", 12)
    (tmp_path / "link").symlink_to("real")
    assert load_folder(tmp_path / "link").name == "real"


def test_links_that_lead_nowhere_or_round(tmp_path: Path) -> None:
    save(tmp_path / "a", 10)
    (tmp_path / "itself.png").symlink_to("itself.png")
    (tmp_path / "one.png").symlink_to("two.png")
    (tmp_path / "two.png").symlink_to("one.png")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "class").symlink_to("class")
    data = load_folder(tmp_path)
    reasons = dict(data.skipped)
    assert len(reasons) == len(data.skipped)
    assert reasons.keys() == {"itself.png", "one.png", "two.png", "gone.png", "class"}
    assert reasons.pop("gone.png") == "it is a link that leads nowhere"
    assert set(reasons.values()) == {"it is a link that leads back to itself"}
    assert labels_of(data.train).max() == 0


@pytest.mark.parametrize("kind", ["fifo", "socket", "zero", "device"])
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    save(tmp_path, 10)
    monkeypatch.chdir(tmp_path)  # a socket's path may be of some 100 bytes only
    path = Path("odd.png")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else "/dev/tty")
    data = load_folder(tmp_path)
    what = {"fifo": "a named pipe", "socket": "a socket"}.get(kind, "a device")
    assert data.skipped == (("odd.png", f"it is {what}, not a file"),)
    assert len(everything(data)) == 10


def test_train_and_test_that_are_links(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere" / "x", 12)
    root = tmp_path / "root"
    root.mkdir()
    (root / "train").symlink_to(tmp_path / "elsewhere")
    (root / "test").symlink_to(tmp_path / "elsewhere")
    listing = scan(root)
    assert {file.split for file in listing.files} == {None}  # no image is in both splits
    assert {file.label for file in listing.files} == {"x"}
    assert "another folder are ignored: test" in listing.notes[-1]
    (root / "test").unlink()
    save(tmp_path / "other" / "x", 5)
    (root / "test").symlink_to(tmp_path / "other")
    listing = scan(root)
    assert [file.split for file in listing.files] == ["train"] * 12 + ["test"] * 5
    assert listing.notes == []


def test_a_folder_is_read_once_whatever_its_names(tmp_path: Path) -> None:
    save(tmp_path / "cats", 12)
    save(tmp_path / "cats" / "kittens", 3, start=20)
    for name in ("a", "z"):
        (tmp_path / name).symlink_to("cats")
    (tmp_path / "young").symlink_to("cats/kittens")
    data = load_folder(tmp_path)
    assert data.classes == ("cats",)
    assert len(everything(data)) == 15
    assert data.notes == ("folders that lead to images of another folder are ignored: a, young, z",)


def test_a_class_of_the_test_that_is_the_training_s(tmp_path: Path) -> None:
    save(tmp_path / "train" / "x", 12)
    save(tmp_path / "test" / "y", 3, start=20)
    (tmp_path / "test" / "x").symlink_to("../train/x")
    listing = scan(tmp_path)
    assert [file.split for file in listing.files] == ["train"] * 12 + ["test"] * 3
    assert "test/x" in listing.notes[0]


def test_the_list_does_not_depend_on_the_order_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "a", "c"):
        save(tmp_path / name, 3)
        (tmp_path / name / "gone.png").symlink_to("nowhere")
    expected = scan(tmp_path)
    names = [file.name for file in expected.files]
    assert names == sorted(names)
    really = os.scandir

    class Backwards:
        def __init__(self, path: Path) -> None:
            self.entries = really(path)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return list(self.entries)[::-1]

        def __exit__(self, *about: object) -> None:
            self.entries.close()

    monkeypatch.setattr(os, "scandir", Backwards)
    assert scan(tmp_path) == expected


def test_names_are_printed_on_one_line() -> None:
    assert printable("a\nb\x1b\udcff \u8c93") == "a\\nb\\x1b\\udcff \u8c93"
    text = list_skipped([(f"{i}.png", "broken") for i in (7, 6, 5, 4, 3, 2, 1)])
    assert text == "1.png (broken), 2.png (broken), 3.png (broken) and 4 more"
