"""Decoded images in the cache: used again, made anew when a file changes, never half of them."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
from _images import everything, load_folder, pixels, sample, save
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.train.datasets import Fitting, LoadRequest, _store, folder, load
from diabolo.train.datasets._store import Facts, compact, digest, reserve, stored
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
        Fitting(colour=True),
        Fitting(image_size=(9, 9)),
        Fitting(image_size=(9, 9), resize="pad"),
        Fitting(image_size=(9, 9), resize="pad", background="red"),
    ]
    loads = [pixels(load_folder(root, fitting=fitting)) for fitting in fittings]
    assert len(stores(tmp_path)) == len(fittings)
    decoded.clear()
    assert [pixels(load_folder(root, fitting=fitting)) for fitting in fittings] == loads
    assert decoded == []


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

    stored("x", 1, 1, build)
    (store,) = stores(tmp_path)
    content = bytearray((store / "kept.npy").read_bytes())
    content[place] ^= 0x7F
    (store / "kept.npy").write_bytes(content)
    assert stored("x", 1, 1, build).images.shape == (2, 1, 2, 2)


# Interruption


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, DataError])
def test_an_exception_while_building_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def build(folder: Path) -> tuple[Facts, np.ndarray]:
        (folder / "images.u8").write_bytes(b"half")
        raise error

    with pytest.raises(error):
        stored("x", 1, 1, build)
    assert stores(tmp_path) == []


SCRIPT = """
import os, signal, sys, time
from diabolo.train.datasets import LoadRequest, _workers, folder, load
_workers._ALONE = 0, 0
_workers._cores = lambda: 2
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
    assert len(everything(load_folder(root))) == 24
    (store,) = stores(tmp_path)
    assert not store.name.startswith(".")


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
    assert answers[0][0].split() == [load_folder(root).provenance["sha256"], "20"]
    assert len(stores(tmp_path)) == 1


def test_only_what_is_abandoned_is_swept(tmp_path: Path) -> None:
    node = _store._plain(_store.platform.node())
    names = {
        f".{node}.{os.getpid()}.ours": True,
        f".{node}.4194305.gone": False,  # beyond the highest process number
        ".elsewhere.4194305.new": True,
        ".elsewhere.1.old": False,
        ".odd": True,
    }
    for name in names:
        (tmp_path / name).mkdir()
    os.utime(tmp_path / ".elsewhere.1.old", (1, 1))
    _store._sweep(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names


# Where it cannot be kept


def test_a_disk_without_room(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4_607))
    with pytest.raises(DataError, match=r"take 0 MB .*Make room.*--image-size.*DIABOLO_CACHE"):
        load_folder(root)
    assert stores(tmp_path) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4_608))
    load_folder(root)


def test_a_disk_that_fills_up(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(DataError, match=r"cannot be kept in .*No space left on device.*DIABOLO_CACHE"):
        load_folder(root)
    assert stores(tmp_path) == []


def test_a_file_system_that_cannot_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*args: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unable, raising=False)
    reserve(tmp_path / "a", 1000)
    assert (tmp_path / "a").read_bytes() == bytes(1000)


def test_a_cache_that_is_a_file(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be kept in .*file.*DIABOLO_CACHE\.$"):
        load(str(root), LoadRequest())


def test_a_cache_that_may_not_be_written(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(nobody / "root", 12)
    (nobody / "cache").mkdir()
    (nobody / "cache").chmod(0o500)
    with pytest.raises(DataError, match=r"cannot be kept in .*[Pp]ermission denied.*DIABOLO_CACHE\.$"):
        load(str(nobody / "root"), LoadRequest())


# Its parts


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_compact_is_indexing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    count, channels = data.draw(st.integers(1, 30)), data.draw(st.sampled_from([1, 3]))
    shape = (count, channels, data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5)))
    kept = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(any)))
    left = data.draw(st.integers(1, channels))
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    path = tmp_path_factory.getbasetemp() / "compact.u8"
    images.tofile(path)
    compact(path, shape, kept, left)
    assert path.read_bytes() == images[kept][:, :left].tobytes()


def test_reserve(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    for size in (0, 1, 5000):
        reserve(tmp_path / "a", size)
        assert (tmp_path / "a").read_bytes() == bytes(size)


def test_the_digest_tells_names_and_bytes_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"13")
    made = [digest(tmp_path / "a", names) for names in (["x", "y"], ["xy"], ["y", "x"], ["\udcff"], [])]
    assert len({*made, digest(tmp_path / "b", ["x", "y"])}) == 6
