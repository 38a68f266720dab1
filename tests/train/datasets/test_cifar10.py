"""CIFAR-10: where its files are looked for, their checksums, and pickles that must not be believed."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import pickle
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from _server import Answer, Server, serve

from diabolo.train.datasets import Fitting, LoadRequest, cifar10, find, load
from diabolo.train.datasets._formats import cifar_batches
from diabolo.train.datasets._formats.cifar_batches import FILES, FOLDER
from diabolo.train.errors import DataError

REAL = os.environ.get("DIABOLO_DATA")  # read before a fixture hides it
COUNT = 6  # images of each batch


def batch(place: int) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(place)
    return rng.integers(0, 256, (COUNT, 3072)).astype(np.uint8), rng.integers(0, 10, COUNT).tolist()


def python2(images: np.ndarray, labels: list[int]) -> bytes:
    """A pickle as Python 2 and numpy of 2009 wrote it, byte by byte as in the original files."""
    body = images.tobytes()
    parts = [b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"]
    parts += [b"(K\x01(M", struct.pack("<HBH", images.shape[0], ord("M"), images.shape[1])]
    parts += [b"tcnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"]
    parts += [b"\x89T", struct.pack("<I", len(body)), body, b"tbU\x06labels]("]
    parts += [b"K" + bytes([label]) for label in labels]
    return b"".join([*parts, b"eu."])


def contents() -> dict[str, bytes]:
    names = list(FILES)
    files = {name: python2(*batch(place)) for place, name in enumerate(names[:-1])}
    return {**files, names[-1]: pickle.dumps({b"label_names": []}, protocol=2)}


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Small files, whose checksums stand for the originals'."""
    made = contents()
    monkeypatch.setattr(cifar_batches, "_COUNT", COUNT)
    for name, body in made.items():
        monkeypatch.setitem(FILES, name, md5(body))
    return made


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder


def archive(members: dict[str, bytes | str]) -> bytes:
    """Packed; a member given as text is a link to there."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            if isinstance(body, str):
                member.type, member.linkname = tarfile.SYMTYPE, body
                tar.addfile(member)
            else:
                member.size = len(body)
                tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    return archive({f"{FOLDER}/{name}": body for name, body in reversed(files.items())})


def under(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("place", [FOLDER, "", "archive"])
def test_read_in_place(tmp_path: Path, files: dict[str, bytes], place: str) -> None:
    data = tmp_path / "data"
    if place == "archive":
        where = write(data, {"cifar-10-python.tar.gz": packed(files)}) / "cifar-10-python.tar.gz"
    else:
        where = write(data / place, files)
    before = under(tmp_path)
    request = LoadRequest(data_dir=data)
    assert find("cifar10").locate(request) == where
    cifar = load("cifar10", request)
    assert under(tmp_path) == before  # nothing written, no cache made
    assert cifar.name == "cifar10"
    assert cifar.image_shape == find("cifar10").image_shape == (3, 32, 32)
    assert len(cifar.classes) == 10
    train = [batch(place) for place in range(5)]
    assert np.array_equal(cifar.train.images[:].reshape(-1, 3072), np.concatenate([x for x, _ in train]))
    assert cifar.train.labels is not None
    assert cifar.train.labels.tolist() == [label for _, labels in train for label in labels]
    assert np.array_equal(cifar.test.images[:].reshape(-1, 3072), batch(5)[0])
    assert cifar.test.labels is not None
    assert cifar.test.labels.tolist() == batch(5)[1]
    assert cifar.provenance["files"]["test_batch"] == f"md5:{FILES['test_batch']}"


def test_other_size_and_grey(tmp_path: Path, files: dict[str, bytes]) -> None:
    write(tmp_path, files)
    request = LoadRequest(data_dir=tmp_path, fitting=Fitting(image_size=(16, 24), colour=False))
    assert load("cifar10", request).image_shape == (1, 16, 24)


def test_newer_pickle(tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays pickled by a numpy of today are read as well, wherever its parts live."""
    images, labels = batch(0)
    files["data_batch_1"] = pickle.dumps({b"data": images, b"labels": labels}, protocol=4)
    monkeypatch.setitem(FILES, "data_batch_1", md5(files["data_batch_1"]))
    write(tmp_path, files)
    assert len(load("cifar10", LoadRequest(data_dir=tmp_path)).train) == 5 * COUNT


def test_wrong_checksum(tmp_path: Path, files: dict[str, bytes]) -> None:
    bad = files["data_batch_3"][:-1] + b"\x00"
    write(tmp_path, {**files, "data_batch_3": bad})
    told = rf"its md5 is {md5(bad)}, not {FILES['data_batch_3']}\. Delete it and fetch it again"
    with pytest.raises(DataError, match=f"data_batch_3 is not the original file: {told}"):
        load("cifar10", LoadRequest(data_dir=tmp_path))


@pytest.mark.parametrize("folder", [FOLDER, ""])
def test_missing_file_is_named(tmp_path: Path, files: dict[str, bytes], folder: str) -> None:
    write(tmp_path / folder, files)
    (tmp_path / folder / "batches.meta").unlink()
    (tmp_path / folder / "data_batch_2").unlink()
    for call in (find("cifar10").locate, find("cifar10").load):
        with pytest.raises(DataError, match=r"lacks data_batch_2, batches\.meta\. Add"):
            call(LoadRequest(data_dir=tmp_path))


class _Calls:
    def __init__(self, what: object, *arguments: object) -> None:
        self.call = what, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


HOSTILE = {
    "os.system": _Calls(os.system, "touch harm"),
    "eval": _Calls(eval, "open('harm', 'w')"),
    "getattr": _Calls(getattr, np.empty(0), "tofile"),
    "numpy's own": _Calls(np.loadtxt, "harm"),
    "nested": {b"data": [_Calls(os.system, "touch harm")]},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_pickle(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Even with the right checksum, nothing is called."""
    monkeypatch.chdir(tmp_path)
    files["data_batch_1"] = pickle.dumps(HOSTILE[kind])
    monkeypatch.setitem(FILES, "data_batch_1", md5(files["data_batch_1"]))
    write(tmp_path / "data", files)
    with pytest.raises(
        DataError, match=r"data_batch_1 is not a batch of CIFAR-10 \(it asks for .*not allowed"
    ):
        load("cifar10", LoadRequest(data_dir=tmp_path / "data"))
    assert not (tmp_path / "harm").exists()


IMAGES, LABELS = batch(0)
WRONG = {
    "no pickle": (b"<html>", "is not a batch"),
    "empty": (b"", "is not a batch"),
    "cut off": (python2(IMAGES, LABELS)[:-5000], "is not a batch"),
    "a list": (pickle.dumps([]), "no dictionary"),
    "nothing in it": (pickle.dumps({}), "does not hold 6 images"),
    "too few": (python2(IMAGES[1:], LABELS), "does not hold 6 images"),
    "wrong size": (python2(IMAGES[:, 1:], LABELS), "does not hold 6 images"),
    "too few labels": (python2(IMAGES, LABELS[1:]), "does not hold 6 labels"),
    "label 10": (python2(IMAGES, [*LABELS[1:], 10]), "holds the label 10; they go from 0 to 9"),
    "label text": (pickle.dumps({b"data": IMAGES, b"labels": ["cat"] * 6}, protocol=4), "the label 'cat'"),
    "floats": (
        pickle.dumps({b"data": IMAGES / 255, b"labels": LABELS}, protocol=4),
        "does not hold 6 images",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_content(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    body, told = WRONG[kind]
    monkeypatch.setitem(FILES, "test_batch", md5(body))
    write(tmp_path, {**files, "test_batch": body})
    with pytest.raises(DataError, match=f"test_batch.*{told}.*Delete it and fetch it again"):
        load("cifar10", LoadRequest(data_dir=tmp_path))


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*gone: No such file"):
        cifar_batches.read_batches(tmp_path / "gone", LoadRequest().progress)


# The archive


@pytest.mark.parametrize("cut", [0.02, 0.5, 0.99])
def test_truncated_archive(tmp_path: Path, files: dict[str, bytes], cut: float) -> None:
    whole = packed(files)
    write(tmp_path, {"cifar-10-python.tar.gz": whole[: int(cut * len(whole))]})
    with pytest.raises(
        DataError, match=r"cifar-10-python\.tar\.gz is damaged .*Delete it and fetch it again"
    ):
        load("cifar10", LoadRequest(data_dir=tmp_path))


@pytest.mark.parametrize("body", [b"", b"<html>moved</html>", bytes(5000)])
def test_no_archive(tmp_path: Path, body: bytes) -> None:
    write(tmp_path, {"cifar-10-python.tar.gz": body})
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz (is damaged|lacks)"):
        load("cifar10", LoadRequest(data_dir=tmp_path))


def test_flipped_bytes(tmp_path: Path, files: dict[str, bytes]) -> None:
    whole, rng = packed(files), np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] ^= int(rng.integers(1, 256))
        write(tmp_path, {"cifar-10-python.tar.gz": bytes(damaged)})
        try:
            load("cifar10", LoadRequest(data_dir=tmp_path))
        except DataError as error:
            assert "cifar-10-python.tar.gz" in str(error)  # noqa: PT017


def test_archive_that_would_write_elsewhere(tmp_path: Path, files: dict[str, bytes]) -> None:
    evil: dict[str, bytes | str] = {
        "../evil": b"",
        "/evil": b"",
        f"{FOLDER}/../../evil": b"",
        "link": "/etc",
    }
    good = {f"{FOLDER}/{name}": body for name, body in files.items()}
    data = write(tmp_path / "data", {"cifar-10-python.tar.gz": archive({**evil, **good})})
    before = under(tmp_path)
    assert len(load("cifar10", LoadRequest(data_dir=data)).train) == 5 * COUNT
    assert under(tmp_path) == before


def test_archive_with_a_link_for_a_file(tmp_path: Path, files: dict[str, bytes]) -> None:
    members: dict[str, bytes | str] = {f"{FOLDER}/{name}": body for name, body in files.items()}
    members[f"{FOLDER}/test_batch"] = "/etc/passwd"
    write(tmp_path, {"cifar-10-python.tar.gz": archive(members)})
    with pytest.raises(DataError, match="lacks test_batch"):
        load("cifar10", LoadRequest(data_dir=tmp_path))


@pytest.fixture
def home(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    body = packed(files)
    with serve() as server:
        server.answers["kriz"] = Answer(body)
        monkeypatch.setattr(
            cifar10,
            "ARCHIVE",
            dataclasses.replace(
                cifar10.ARCHIVE, checksum=f"md5:{md5(body)}", size=len(body), addresses=(server.url("kriz"),)
            ),
        )
        yield server


def test_download(home: Server, tmp_path: Path) -> None:
    empty = tmp_path / "data"
    empty.mkdir()
    request = LoadRequest(data_dir=empty)
    assert find("cifar10").locate(request) is None
    first = load("cifar10", request)
    cached = tmp_path / "cache" / "datasets" / "cifar-10-python.tar.gz"
    assert find("cifar10").locate(request) == cached
    assert not list(empty.iterdir())
    assert list(cached.parent.iterdir()) == [cached]
    assert np.array_equal(load("cifar10", LoadRequest()).train.images[:], first.train.images[:])
    assert home.asked == ["kriz"]


def test_part_of_the_files_in_the_cache(home: Server, tmp_path: Path) -> None:
    write(tmp_path / "cache" / "datasets" / FOLDER, {"test_batch": b"left from something"})
    assert find("cifar10").locate(LoadRequest()) is None
    assert len(load("cifar10", LoadRequest()).test) == COUNT


@pytest.mark.long
@pytest.mark.skipif(REAL is None, reason="DIABOLO_DATA is not set")
def test_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert REAL is not None
    cifar = load("cifar10", LoadRequest(data_dir=Path(REAL)))
    assert cifar.train.images.shape == (50_000, 3, 32, 32)
    assert cifar.test.images.shape == (10_000, 3, 32, 32)
    for split, count in ((cifar.train, 5000), (cifar.test, 1000)):
        assert split.labels is not None
        assert np.bincount(split.labels).tolist() == [count] * 10
    means = cifar.train.images[:].mean(axis=(0, 2, 3)) / 255
    assert means == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)
