"""MNIST and Fashion-MNIST: the idx files, where they are looked for, and how they are fetched."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import importlib
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from _server import Answer, Server, serve

from diabolo.train.datasets import Fitting, LoadRequest, find, load
from diabolo.train.datasets._formats.idx import FILES, read_idx
from diabolo.train.errors import DataError

REAL = os.environ.get("DIABOLO_DATA")  # read before a fixture hides it
TRAIN, TEST = 30, 12


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "datasets" / "MNIST" / "raw"


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def contents(seed: int = 0) -> dict[str, bytes]:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, 256, (TRAIN, 28, 28)), rng.integers(0, 10, TRAIN)]
    arrays += [rng.integers(0, 256, (TEST, 28, 28)), rng.integers(0, 10, TEST)]
    return {file: idx(array.astype(np.uint8)) for file, array in zip(FILES, arrays, strict=True)}


def write(folder: Path, packed: bool = True, **replaced: bytes) -> Path:
    """The four files in `folder`; `replaced` gives other contents by the file's first two words."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in contents().items():
        body = replaced.get("_".join(name.split("-")[:2]), body)
        (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(body) if packed else body)
    return folder


@pytest.mark.parametrize(
    "form",
    [
        "{dotted}",
        "{dotted}.gz",
        "{name}/{name}",
        "{dotted}/{dotted}",
        "{name}/{dotted}",  # as some archives unpack
        "{name}.gz",
    ],
)
def test_files_by_other_usual_names(tmp_path: Path, form: str) -> None:
    for name, body in contents().items():
        path = tmp_path / form.format(name=name, dotted=name.replace("-idx", ".idx"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(body) if form.endswith("gz") else body)
    request = LoadRequest(data_dir=tmp_path)
    assert find("mnist").locate(request)
    mnist = load("mnist", request)
    assert (len(mnist.train), len(mnist.test)) == (TRAIN, TEST)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("part", ["MNIST/raw", "mnist", "raw", ""])
def test_read_in_place(tmp_path: Path, part: str, packed: bool) -> None:
    data = tmp_path / "data"
    folder = write(data / part, packed)
    before = sorted(folder.iterdir())
    mnist = load("mnist", LoadRequest(data_dir=data))
    assert mnist.image_shape == (1, 28, 28)
    assert (len(mnist.train), len(mnist.test)) == (TRAIN, TEST)
    assert mnist.classes == tuple("0123456789")
    assert mnist.train.images.tobytes() == contents()[FILES[0]][16:]
    assert mnist.train.labels is not None
    assert mnist.train.labels.tolist() == list(contents()[FILES[1]][8:])
    assert mnist.provenance["files"] == {f: hashlib.sha256(idx_body(f)).hexdigest() for f in FILES}
    assert find("mnist").locate(LoadRequest(data_dir=data)) == folder
    assert sorted(folder.iterdir()) == before
    assert not (tmp_path / "cache").exists()


def idx_body(file: str) -> bytes:
    return contents()[file][16 if "images" in file else 8 :]


def test_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABOLO_DATA", str(write(tmp_path / "data")))
    assert len(load("mnist", LoadRequest()).train) == TRAIN


def test_cache_is_used(cache: Path, tmp_path: Path) -> None:
    write(cache)
    assert len(load("mnist", LoadRequest()).train) == TRAIN
    (tmp_path / "empty").mkdir()
    assert len(load("mnist", LoadRequest(data_dir=tmp_path / "empty")).train) == TRAIN


def test_other_image_size(tmp_path: Path) -> None:
    write(tmp_path)
    mnist = load("mnist", LoadRequest(data_dir=tmp_path, fitting=Fitting(image_size=(32, 20), colour=True)))
    assert mnist.image_shape == (3, 32, 20)
    assert len(mnist.train) == TRAIN


@pytest.mark.parametrize("part", ["FashionMNIST/raw", "fashion-mnist"])
def test_fashion_in_place(tmp_path: Path, part: str) -> None:
    write(tmp_path)  # MNIST, whose files are called the same
    assert find("fashion-mnist").locate(LoadRequest(data_dir=tmp_path)) is None
    write(tmp_path / part)
    fashion = load("fashion-mnist", LoadRequest(data_dir=tmp_path))
    assert fashion.image_shape == find("fashion-mnist").image_shape == (1, 28, 28)
    assert fashion.classes[9] == "Ankle boot"
    assert find("fashion-mnist").locate(LoadRequest(data_dir=tmp_path)) == tmp_path / part


def test_data_dir_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"nowhere.*--data-dir"):
        load("mnist", LoadRequest(data_dir=tmp_path / "nowhere"))
    monkeypatch.setenv("DIABOLO_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere.*DIABOLO_DATA"):
        load("mnist", LoadRequest())


def test_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / f"{FILES[3]}.gz").unlink()
    with pytest.raises(DataError, match=rf"lacks {FILES[3]} \(plain or \.gz\)"):
        load("mnist", LoadRequest(data_dir=tmp_path))
    with pytest.raises(DataError, match=f"lacks {FILES[3]}"):
        find("mnist").locate(LoadRequest(data_dir=tmp_path))


IMAGES = np.zeros((TRAIN, 28, 28), np.uint8)
LABELS = np.zeros(TRAIN, np.uint8)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("which", "body", "reason"),
    [
        ("train_images", b"", "starts with nothing"),
        ("train_images", b"\x00\x00\x08", "starts with 00 00 08"),
        ("train_images", idx(LABELS), "starts with 00 00 08 01, not 00 00 08 03"),
        ("train_labels", b"<html>not found</html>", "starts with 3c 68 74 6d, not 00 00 08 01"),
        ("train_images", idx(IMAGES)[:-1], "declares 23520 bytes of data and holds only 23519"),
        ("train_images", idx(IMAGES) + b"\x00", "declares 23520 bytes of data and holds more"),
        ("train_images", b"\x00\x00\x08\x03" + b"\xff" * 12, "declares .* bytes; at most"),
        ("train_labels", idx(LABELS[1:]), f"holds {TRAIN} images and .* {TRAIN - 1} labels"),
        ("train_labels", idx(LABELS + 10), "holds the label 10; they go from 0 to 9"),
        ("train_images", idx(IMAGES[:, :20]), "hold images of different sizes"),
    ],
)
def test_wrong_file(tmp_path: Path, packed: bool, which: str, body: bytes, reason: str) -> None:
    write(tmp_path, packed, **{which: body})
    with pytest.raises(DataError, match=f"(?s){reason}.*Delete .* again") as caught:
        load("mnist", LoadRequest(data_dir=tmp_path))
    assert str(tmp_path / which.replace("_", "-")) in str(caught.value)


@pytest.mark.parametrize("damage", ["truncated", "not gzip", "flipped", "checksum"])
def test_damaged_gz(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.gz"
    good = gzip.compress(idx(np.arange(5000, dtype=np.int64).astype(np.uint8)))
    flipped = bytearray(good)
    flipped[20:60] = b"\xff" * 40
    bad = {
        "truncated": good[: len(good) // 2],
        "not gzip": b"<html>moved</html>",
        "flipped": bytes(flipped),
        "checksum": good[:-8] + bytes(4) + good[-4:],
    }
    path.write_bytes(bad[damage])
    with pytest.raises(DataError, match=r"x\.gz.*[Dd]elete it and fetch it again"):
        read_idx(path, 1)


def test_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*gone: No such file"):
        read_idx(tmp_path / "gone", 1)


@pytest.fixture(params=["mnist", "fashion-mnist"])
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine that MNIST or Fashion-MNIST comes from, beside a mirror that has nothing."""
    monkeypatch.setenv("no_proxy", "*")
    module = importlib.import_module(find(request.param).__module__)
    packed = {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in contents().items()}
    with serve() as server:
        server.name = request.param
        server.answers |= {f"set/{name}": Answer(body) for name, body in packed.items()}
        published = {name: (f"sha256:{hashlib.sha256(b).hexdigest()}", len(b)) for name, b in packed.items()}
        addresses = (server.url("mirror/"), server.url("set/"))
        source = dataclasses.replace(module._SOURCE, addresses=addresses, published=published)
        monkeypatch.setattr(module, "_SOURCE", source)
        yield server


def sets(tmp_path: Path, name: str) -> Path:
    return tmp_path / "cache" / "datasets" / {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}[name] / "raw"


def test_download(home: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    assert find(home.name).locate(LoadRequest()) is None
    first = load(home.name, LoadRequest(progress=lambda *step: told.append(step[0])))
    assert first.name == home.name
    assert len(first.train) == TRAIN
    assert list(dict.fromkeys(told)) == [f"downloading {name}.gz (kB)" for name in FILES]
    assert capfd.readouterr() == ("", "")
    cache = sets(tmp_path, home.name)
    assert sorted(p.name for p in cache.iterdir()) == sorted(f"{name}.gz" for name in FILES)
    assert find(home.name).locate(LoadRequest()) == cache
    home.answers.clear()  # the second time it comes from the cache
    assert load(home.name, LoadRequest()).provenance == first.provenance


def test_half_a_set_in_the_cache_is_mended(home: Server, tmp_path: Path) -> None:
    cache = sets(tmp_path, home.name)
    write(cache)
    for name in FILES:  # as published, but for how gzip packed them
        (cache / f"{name}.gz").write_bytes(home.answers[f"set/{name}.gz"].body)
    (cache / f"{FILES[0]}.gz").unlink()
    (cache / f"{FILES[1]}.gz").write_bytes(b"damaged")
    (cache / f"{FILES[2]}.gz").unlink()
    (cache / FILES[2]).write_bytes(contents()[FILES[2]])
    assert find(home.name).locate(LoadRequest()) is None
    assert len(load(home.name, LoadRequest()).train) == TRAIN
    assert [path for path in home.asked if path.startswith("set/")] == [f"set/{n}.gz" for n in FILES[:2]]


@pytest.mark.parametrize("answer", [Answer(status=404), Answer(b"<html>log in first</html>"), Answer()])
def test_download_that_fails(home: Server, tmp_path: Path, answer: Answer) -> None:
    path = f"set/{FILES[3]}.gz"
    good = home.answers[path]
    home.answers[path] = answer
    with pytest.raises(DataError, match=rf"cannot fetch {FILES[3]}\.gz into .*--data-dir or DIABOLO_DATA"):
        load(home.name, LoadRequest())
    assert len(list(sets(tmp_path, home.name).iterdir())) == 3
    home.answers[path] = good
    assert len(load(home.name, LoadRequest()).train) == TRAIN
    assert home.asked.count(f"set/{FILES[0]}.gz") == 1  # what had come whole was kept


def test_cache_that_cannot_be_written(home: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(DataError, match=r"cannot write train-images.*DIABOLO_CACHE"):
        load(home.name, LoadRequest())


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_what_is_published(name: str) -> None:
    source = importlib.import_module(find(name).__module__)._SOURCE
    assert set(source.published) == {f"{file}.gz" for file in FILES}
    for file in map(source.remote, FILES):
        assert re.fullmatch("md5:[0-9a-f]{32}", file.checksum)
        assert all(address.endswith(f"/{file.name}") for address in file.addresses)


@pytest.mark.long
@pytest.mark.skipif(REAL is None, reason="DIABOLO_DATA is not set")
def test_the_real_one() -> None:
    assert REAL is not None
    mnist = load("mnist", LoadRequest(data_dir=Path(REAL)))
    assert mnist.train.images.shape == (60_000, 1, 28, 28)
    assert mnist.test.images.shape == (10_000, 1, 28, 28)
    assert mnist.train.labels is not None
    assert np.bincount(mnist.train.labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    assert mnist.train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
