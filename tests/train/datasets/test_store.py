"""Decoded images in the cache: used again, made anew when a file changes, never half of them."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from _images import everything, load_folder, pixels, sample, save
from PIL import Image

from diabolo.train.datasets import Fitting, _unfinished, folder
from diabolo.train.datasets._decoding import workers
from diabolo.train.datasets._store import Facts, stored
from diabolo.train.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return save(tmp_path / "root", 24)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files decoded from here on."""
    seen: list[str] = []
    really = folder.work

    def watched(job: Any, tasks: Any, size: int) -> Any:
        seen.extend(path for _, path in tasks)
        return really(job, tasks, size)

    monkeypatch.setattr(folder, "work", watched)
    return seen


def stores(tmp_path: Path) -> list[Path]:
    """What lies in the cache, finished or not."""
    return sorted((tmp_path / "cache" / "decoded").glob("*/*"))


def test_the_second_load_decodes_nothing(root: Path, decoded: list[str]) -> None:
    first = load_folder(root)
    assert len(decoded) == 24
    again, other_seed = load_folder(root), load_folder(root, seed=7)
    assert len(decoded) == 24
    assert pixels(again) == pixels(first)
    assert again.provenance == first.provenance
    assert again.notes == first.notes
    assert pixels(other_seed) != pixels(first)


def rewrite(path: Path) -> None:
    sample("RGB", 8, 8, seed=99).save(path)


def behind_its_time(path: Path) -> None:
    """Another content of the same size and the same time."""
    before = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns


CHANGES: dict[str, Callable[[Path], object]] = {
    "changed": rewrite,
    "removed": Path.unlink,
    "renamed": lambda path: path.rename(path.with_name("zebra.png")),
    "touched": lambda path: os.utime(path, (1, 1)),
    "added": lambda path: rewrite(path.with_name("new.png")),
    "behind its time": behind_its_time,
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_is_noticed(root: Path, tmp_path: Path, decoded: list[str], change: str) -> None:
    load_folder(root)
    (old,) = stores(tmp_path)
    (tmp_path / "clock").touch()
    while (tmp_path / "clock").stat().st_ctime_ns <= old.stat().st_ctime_ns:
        (tmp_path / "clock").touch()  # a file system's clock may be coarse
    CHANGES[change](root / "003.png")
    decoded.clear()
    data = load_folder(root)
    assert len(decoded) == 24 + {"added": 1, "removed": -1}.get(change, 0)
    assert len(everything(data)) == len(decoded) - (change == "behind its time")
    (new,) = stores(tmp_path)
    assert new != old


def test_other_options_have_stores_beside(root: Path, tmp_path: Path, decoded: list[str]) -> None:
    fittings = [
        Fitting(),
        Fitting(colour=False),
        Fitting(image_size=(9, 9), resize="pad"),
        Fitting(image_size=(9, 9), resize="pad", background="red"),
    ]
    loads = [pixels(load_folder(root, fitting=fitting)) for fitting in fittings]
    assert len(stores(tmp_path)) == len(fittings)
    decoded.clear()
    assert [pixels(load_folder(root, fitting=fitting)) for fitting in fittings] == loads
    assert decoded == []


def test_the_options_used_last_are_kept(root: Path, tmp_path: Path) -> None:
    fittings = [Fitting(image_size=(side, side)) for side in (8, 9, 10, 11, 12)]
    made = []
    for age, fitting in enumerate(fittings[:4]):
        load_folder(root, fitting=fitting)
        (new,) = set(stores(tmp_path)) - set(made)
        os.utime(new / "index.json", (age, age))
        made.append(new)
    load_folder(root, fitting=fittings[0])  # used again
    load_folder(root, fitting=fittings[4])
    assert set(stores(tmp_path)) & set(made) == {made[0], made[2], made[3]}
    load_folder(save(tmp_path / "other", 12))
    assert len(stores(tmp_path)) == 5


def test_it_is_flushed_as_every_system_allows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some refuse to flush what is open for reading only."""
    flushed = []

    def strict(number: int) -> None:
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        flushed.append(number)

    monkeypatch.setattr(os, "fsync", strict)
    load_folder(root)
    assert len(flushed) == 3


# What may pass


def hindered(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The files are decoded here, and one of them cannot be."""
    really = Image.open

    def opened(path: Any, **options: Any) -> Any:
        if str(path).endswith("003.png"):
            raise error
        return really(path, **options)

    monkeypatch.setattr(workers, "_begin", lambda _: None)
    monkeypatch.setattr(Image, "open", opened)


PASSING = [MemoryError(), *(OSError(number, "x") for number in (errno.EIO, errno.EMFILE, errno.ENOMEM))]


@pytest.mark.parametrize("error", PASSING, ids=["memory", "EIO", "EMFILE", "ENOMEM"])
def test_what_may_pass_is_tried_again(
    root: Path, tmp_path: Path, decoded: list[str], error: BaseException
) -> None:
    for _ in range(2):
        with pytest.MonkeyPatch.context() as monkeypatch:
            hindered(monkeypatch, error)
            data = load_folder(root)
        assert [name for name, _ in data.skipped] == ["003.png"]
    assert len(decoded) == 24 + 1
    data = load_folder(root)
    assert data.skipped == ()
    assert len(everything(data)) == 24
    assert len(decoded) == 24 + 1 + 1 + 24
    load_folder(root)
    assert len(decoded) == 50
    assert len(stores(tmp_path)) == 1


def test_what_is_the_file_s_fault_is_not(root: Path, decoded: list[str]) -> None:
    (root / "003.png").write_bytes(b"x")
    for _ in range(2):
        assert len(load_folder(root).skipped) == 1
    assert len(decoded) == 24


def test_two_folders_of_one_name(tmp_path: Path) -> None:
    first, other = save(tmp_path / "a" / "x", 12), save(tmp_path / "b" / "x", 12, start=20)
    assert pixels(load_folder(first)) != pixels(load_folder(other))
    assert len(stores(tmp_path)) == 2


# Damage


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def json_with(**values: object) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | values))


DAMAGE: list[tuple[str, Callable[[Path], object]]] = [
    *[(name, change) for name in ("images.u8", "kept.npy", "index.json") for change in (cut, Path.unlink)],
    *[(name, lambda path: path.write_bytes(b"")) for name in ("images.u8", "kept.npy", "index.json")],
    *[
        ("index.json", lambda path, text=text: path.write_bytes(text))
        for text in (b"[]", b"null", b"{}", b"\xff")
    ],
    ("index.json", json_with(shape=[24, 3, 8, 9])),
    ("index.json", json_with(shape="24")),
    ("index.json", json_with(skipped=3)),
    ("kept.npy", lambda path: np.save(path, np.arange(7))),
    ("kept.npy", lambda path: path.write_bytes(path.read_bytes().replace(b"{'descr'", b"{('desc'"))),
]


@pytest.mark.parametrize(("name", "change"), DAMAGE)
def test_a_damaged_store_is_made_anew(
    root: Path, tmp_path: Path, decoded: list[str], name: str, change: Callable[[Path], object]
) -> None:
    first = load_folder(root)
    (store,) = stores(tmp_path)
    change(store / name)
    decoded.clear()
    assert pixels(load_folder(root)) == pixels(first)
    assert len(decoded) == 24
    assert stores(tmp_path) == [store]
    load_folder(root)
    assert len(decoded) == 24


@pytest.mark.parametrize("place", range(0, 132, 3))
def test_any_changed_byte_of_a_header(tmp_path: Path, place: int) -> None:
    def build(folder: Path) -> tuple[Facts, np.ndarray]:
        (folder / "images.u8").write_bytes(bytes(8))
        return Facts(shape=(2, 1, 2, 2)), np.arange(2)

    stored("x", 1, 1, 1, build)
    (store,) = stores(tmp_path)
    content = bytearray((store / "kept.npy").read_bytes())
    content[place] ^= 0x7F
    (store / "kept.npy").write_bytes(content)
    assert stored("x", 1, 1, 1, build).images.shape == (2, 1, 2, 2)


# Interruption


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, DataError])
def test_an_exception_while_building_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def build(folder: Path) -> tuple[Facts, np.ndarray]:
        (folder / "images.u8").write_bytes(b"half")
        raise error

    with pytest.raises(error):
        stored("x", 1, 1, 1, build)
    assert stores(tmp_path) == []


SCRIPT = """
import os, signal, sys, time
from diabolo.train.datasets import LoadRequest, folder, load
from diabolo.train.datasets._decoding import workers
workers._ALONE = 0, 0
workers._cores = lambda: 2
folder._TOLD = 1
"""
KILLED = """
import psutil
def progress(what, done, total):
    print(*[child.pid for child in psutil.Process().children()], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
load(sys.argv[1], LoadRequest(progress=progress))
"""
MEETING = """
mine, theirs = sys.argv[2:]
def progress(what, done, total):
    open(mine, "w").close()
    end = time.monotonic() + 60
    while not os.path.exists(theirs) and time.monotonic() < end:
        time.sleep(0.01)
data = load(sys.argv[1], LoadRequest(progress=progress))
print(data.provenance["sha256"], len(data.train.images[:]))
"""


def test_what_a_killed_process_leaves_is_swept(root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + KILLED, root], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    (left,) = stores(tmp_path)
    assert left.name.startswith(".")
    processes = [psutil.Process(int(pid)) for pid in done.stdout.split() if psutil.pid_exists(int(pid))]
    assert psutil.wait_procs(processes, timeout=60)[1] == []
    load_folder(save(tmp_path / "other", 12))  # whatever is decoded next
    (store,) = stores(tmp_path)
    assert not store.name.startswith(".")
    assert len(everything(load_folder(root))) == 24


def test_two_processes_at_once(root: Path, tmp_path: Path) -> None:
    flags = [str(tmp_path / "one"), str(tmp_path / "two")]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT + MEETING, root, *order],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for order in (flags, flags[::-1])
    ]
    answers = [process.communicate(timeout=100) for process in both]
    assert answers[0] == answers[1]
    assert answers[0][1] == ""
    assert answers[0][0].split() == [load_folder(root).provenance["sha256"], "18"]
    assert len(stores(tmp_path)) == 1


def test_only_what_is_abandoned_is_swept(tmp_path: Path) -> None:
    node = _unfinished._node()
    names = {
        f".{node}.{os.getpid()}.ours": True,
        f".{node}.4194305.gone": False,  # beyond the highest process number
        ".elsewhere.4194305.new": True,
        ".elsewhere.1.old": False,
        ".odd": True,
        ".odd.1": True,
        "elsewhere.1.old": True,
    }
    for name in names:
        (tmp_path / name).mkdir()
    for name in (".elsewhere.1.old", ".odd", ".odd.1", "elsewhere.1.old"):
        os.utime(tmp_path / name, (1, 1))
    _unfinished.sweep(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names
