"""MNIST: the idx files, where they are looked for, and the download, against a server on this machine."""

from __future__ import annotations

import gc
import gzip
import hashlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from diabolo.train.datasets import LoadRequest, load
from diabolo.train.datasets._idx import FILES, read_idx
from diabolo.train.errors import DataError

REAL = os.environ.get("DIABOLO_DATA")  # read before the fixture below hides it
TRAIN, TEST = 30, 12


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DIABOLO_DATA", raising=False)
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
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
    mnist = load("mnist", LoadRequest(data_dir=tmp_path, image_size=(32, 20)))
    assert mnist.image_shape == (1, 32, 20)
    assert len(mnist.train) == TRAIN


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


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What a server on this machine answers by file name; torchvision fetches MNIST from it."""
    datasets = pytest.importorskip("torchvision.datasets")
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path.lstrip("/"))
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    packed = {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in contents().items()}
    files.update(packed)
    sums = [(name, hashlib.md5(body, usedforsecurity=False).hexdigest()) for name, body in packed.items()]
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("no_proxy", "*")
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(datasets.MNIST, "resources", sums)
        yield files
        server.shutdown()
        thread.join()
    gc.collect()  # now, while the filter below holds, not in a later test


# An answer of 404 is an exception that urllib leaves open, and torchvision does too.
unclosed = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def test_download(home: dict[str, bytes], cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    first = load("mnist", LoadRequest(progress=lambda *step: told.append(step[0])))
    assert len(first.train) == TRAIN
    assert told == ["downloading MNIST"]
    assert capsys.readouterr().out == ""
    assert sorted(p.name for p in cache.iterdir()) == sorted(home)
    assert [p.name for p in cache.parent.parent.iterdir()] == ["MNIST"]  # no temporary folder stays
    assert socket.getdefaulttimeout() is None
    home.clear()  # the second time it comes from the cache
    assert load("mnist", LoadRequest()).provenance == first.provenance


def test_half_a_set_in_the_cache_is_mended(home: dict[str, bytes], cache: Path) -> None:
    write(cache)
    (cache / f"{FILES[0]}.gz").unlink()
    assert len(load("mnist", LoadRequest()).train) == TRAIN


@unclosed
@pytest.mark.parametrize("wrong", [None, b"<html>log in first</html>", b""])
def test_download_that_fails(home: dict[str, bytes], cache: Path, wrong: bytes | None) -> None:
    name = f"{FILES[3]}.gz"
    good = home.pop(name)
    if wrong is not None:
        home[name] = wrong
    with pytest.raises(DataError, match=r"cannot fetch MNIST into .*--data-dir or DIABOLO_DATA") as caught:
        load("mnist", LoadRequest())
    assert all(file in str(caught.value) for file in FILES)
    assert "\n" not in str(caught.value)
    assert not list(cache.parent.parent.iterdir())  # nothing half-fetched is left to be trusted
    home[name] = good
    assert len(load("mnist", LoadRequest()).train) == TRAIN


def test_no_network(home: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(DataError, match=r"name resolution.*--data-dir or DIABOLO_DATA"):
        load("mnist", LoadRequest())


def test_cache_that_cannot_be_written(home: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(DataError, match="cannot fetch MNIST into"):
        load("mnist", LoadRequest())


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
