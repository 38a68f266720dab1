"""Where decoded images cannot be kept, and what a store is made with."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from _images import load_folder, save
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.train.datasets import LoadRequest, data_roots, load
from diabolo.train.datasets._store import compact, digest, reserve
from diabolo.train.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return save(tmp_path / "root", 24)


def stores(tmp_path: Path) -> list[Path]:
    """What lies in the cache, finished or not."""
    return sorted((tmp_path / "cache" / "decoded").glob("*/*"))


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


def test_a_user_without_a_home_folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a user id of which the system knows nothing; a data folder is enough then."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("DIABOLO_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(DataError, match=r"no home folder .* DIABOLO_CACHE\.$"):
        load_folder(root)
    assert data_roots(LoadRequest(data_dir=tmp_path)) == [tmp_path]
