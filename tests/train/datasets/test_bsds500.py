"""BSDS500: a made-up set of its form, in place, as the archive, and fetched; the real one by hand."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from _images import sample
from _server import Answer, Server, serve

from diabolo.train.datasets import Crops, Fitting, ImageData, LoadRequest, bsds500, load
from diabolo.train.errors import DataError

REAL = os.environ.get("DIABOLO_DATA", "")
INSIDE = Path("BSDS500", "data", "images")
PARTS = {"train": 4, "val": 5, "test": 3}
TESTED = ["101085", "3096"]  # of BSD68
CROP = Fitting(crop=16)


def names(part: str, count: int) -> list[str]:
    return [*TESTED, *map(str, range(count - 2))] if part == "val" else [f"{count}{i}" for i in range(count)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bsds500, "_PARTS", PARTS)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with the set in it."""
    for part, count in PARTS.items():
        folder = tmp_path / "data" / INSIDE / part
        folder.mkdir(parents=True)
        for seed, name in enumerate(names(part, count)):
            sample("RGB", *((30, 20) if seed % 2 else (20, 30)), seed).save(folder / f"{name}.jpg")
    return tmp_path / "data"


def loaded(home: Path | None, fitting: Fitting = CROP) -> ImageData:
    return load("bsds500", LoadRequest(data_dir=home, fitting=fitting))


def counts(data: ImageData) -> list[int]:
    splits = (data.train, data.validation, data.test)
    return [split.images.count for split in splits if split and isinstance(split.images, Crops)]


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(content), kind, "/etc/passwd"
    archive.addfile(member, io.BytesIO(content))


def packed(home: Path, more: dict[str, bytes] | None = None) -> bytes:
    """The set as an archive like the original, with what must not be unpacked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(home / INSIDE, "BSR/BSDS500/data/images")
        add(archive, "BSR/BSDS500/data/groundTruth/train/100007.mat", b"other")
        add(archive, "BSR/BSDS500/data/images/val/Thumbs.db", b"other")
        add(archive, "BSR/BSDS500/data/images/val/../../../../../evil.jpg", b"evil")
        add(archive, "/BSR/BSDS500/data/images/val/77.jpg", b"evil")
        add(archive, "BSR/BSDS500/data/images/val/88.jpg", kind=tarfile.SYMTYPE)
        add(archive, "BSR/BSDS500/data/images/val/99.jpg", bytes(2**20 + 1))
        for name, content in (more or {}).items():
            add(archive, name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("layout", ["", "BSR", "BSDS500-master"])
def test_in_place(home: Path, layout: str) -> None:
    if layout:
        (home / layout).mkdir()
        (home / "BSDS500").rename(home / layout / "BSDS500")
    data = loaded(home)
    assert counts(data) == [7, 3, 2]
    assert data.image_shape == (3, 16, 16)
    assert data.name == "bsds500"
    assert data.licence
    assert "byte for byte" in data.notes[0]  # it is made up


def test_the_published_pictures_get_no_note(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / INSIDE
    monkeypatch.setattr(bsds500, "_DIGEST", bsds500._digest(folder, bsds500._listing(folder)))
    assert loaded(home).notes == ()
    path = next(folder.rglob("*.jpg"))
    path.write_bytes(path.read_bytes() + b"\0")
    assert len(loaded(home).notes) == 1


def test_grey_and_resized(home: Path) -> None:
    assert loaded(home, replace(CROP, colour=False)).image_shape == (1, 16, 16)
    data = loaded(home, Fitting(image_size=(12, 12)))
    assert data.train.images.shape == (7, 3, 12, 12)
    assert data.validation is not None
    assert (len(data.validation), len(data.test)) == (3, 2)
    assert any("--crop 64 keeps them" in note for note in data.notes)


def test_there_are_no_classes(home: Path) -> None:
    with pytest.raises(DataError, match="no classes to choose from"):
        load("bsds500", LoadRequest(data_dir=home, classes=("dog",), fitting=CROP))


def test_pictures_are_missing(home: Path) -> None:
    (home / INSIDE / "val" / "3096.jpg").unlink()
    with pytest.raises(DataError, match=r"val has 4 pictures, not 5\. Get the set again"):
        loaded(home)


def test_archive_in_the_data_folder(home: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "BSR_bsds500.tgz").write_bytes(packed(home))
    first, second = loaded(given), loaded(given)
    assert counts(first) == [7, 3, 2]
    assert first.provenance == second.provenance == loaded(home).provenance
    assert [path.name for path in given.iterdir()] == ["BSR_bsds500.tgz"]
    cache = tmp_path / "cache" / "datasets"
    assert sorted(path.name for path in cache.iterdir()) == ["BSDS500"]
    files = [path for path in cache.rglob("*") if not path.is_dir()]
    assert len(files) == sum(PARTS.values())
    assert not any(path.is_symlink() or path.name in ("77.jpg", "88.jpg", "99.jpg") for path in files)
    assert not list(tmp_path.rglob("evil.jpg"))


def test_damaged_or_another_archive(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "given" / "BSR_bsds500.tgz"
    path.parent.mkdir()
    whole = packed(home)
    for content, told in (
        (whole[:-300], "is damaged"),
        (b"no archive", "is damaged"),
        (packed(home, {"BSR/BSDS500/data/images/val/5.jpg": b"more"}), "val has 6 pictures, not 5"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=told):
            loaded(path.parent)
        left = tmp_path / "cache" / "datasets"
        assert not left.exists() or not list(left.iterdir())


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as server:
        yield server


def test_fetched(home: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    body = packed(home)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    remote = replace(
        bsds500._REMOTE, size=len(body), checksum=digest, addresses=(server.url("gone"), server.url("set"))
    )
    monkeypatch.setattr(bsds500, "_REMOTE", remote)
    server.answers["set"] = Answer(body)
    data = loaded(None)
    assert counts(data) == [7, 3, 2]
    assert data.notes == ()  # the archive was checked
    assert server.asked == ["gone", "set"]
    assert loaded(None).provenance == data.provenance
    assert server.asked == ["gone", "set"]
    assert [path.name for path in (tmp_path / "cache" / "datasets").iterdir()] == ["BSDS500"]
    server.answers["set"] = Answer(body[::-1])
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "other"))
    with pytest.raises(DataError, match=r"cannot fetch BSR_bsds500\.tgz"):
        loaded(None)


def test_the_names_of_bsd68() -> None:
    assert len(bsds500.BSD68) == 68


@pytest.mark.long
@pytest.mark.skipif(not REAL, reason="needs DIABOLO_DATA")
def test_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bsds500, "_PARTS", {"train": 200, "val": 100, "test": 200})
    data = load("bsds500", LoadRequest(data_dir=Path(REAL), fitting=Fitting(crop=64)))
    assert counts(data) == [400, 32, 68]
    assert data.notes == ()
    crops = data.test.images
    assert isinstance(crops, Crops)
    assert {picture.shape for _, picture in crops.whole(68)} == {(3, 321, 481), (3, 481, 321)}
    assert np.unique(crops.numbers).size == 68
