"""A .zip that somebody made to hurt: refused from its directory, before anything is unpacked."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from _hostile import by_hand, contents, end, entry, packed, sealed, sound, zeros
from _pair import save_pair

from diabolo.runtime import Bundle, verify
from diabolo.runtime.bundle import zoo
from diabolo.runtime.bundle.limits import LOCAL, STRANGERS, BundleLimits
from diabolo.runtime.errors import BundleError, IntegrityError

MANY = 200
MB = 1 << 20


def of_names(*names: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        entries, at = [], 0
        for name in names:
            entries.append(entry(name.encode(), b"x", 1, 0, at=at, method=0))
            at += len(entries[-1][0])
        return by_hand(path, *entries)

    return make


def sparse(size: int, ending: bytes) -> Callable[[Path], Path]:
    """A file of zeros that takes no room on a disk, with an end."""

    def make(path: Path) -> Path:
        with path.open("wb") as file:
            file.truncate(size - len(ending))
            file.seek(0, io.SEEK_END)
            file.write(ending)
        return path

    return make


def zip64(path: Path) -> Path:
    """A directory of 100 MB by the end that large ones have, whatever the other end says."""
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 100 * MB, 0)
    ending = (
        record + struct.pack("<4sLQL", b"PK\x06\x07", 0, 100 * MB, 1) + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    )
    return sparse(100 * MB + len(ending), ending)(path)


def bomb(path: Path) -> Path:
    data, crc = zeros(20 * MB)
    return by_hand(path, entry(b"encoder.onnx", data, 20 * MB, crc))


def huge(path: Path) -> Path:
    """Much in a .zip that does not pack well, by what its directory says."""
    data = bytes(3 * MB)
    first = entry(b"a", data, 300 * MB, 0)
    return by_hand(path, first, entry(b"b", data, 300 * MB, 0, at=len(first[0])))


def overlapping(path: Path) -> Path:
    """The first entry's data are the second entry, header and all."""
    second = entry(b"b", b"data", 4, 0, at=31, method=0)
    first = entry(b"a", second[0], len(second[0]), 0, method=0)
    return by_hand(path, first, (b"", second[1]))


def one(name: bytes = b"model.json", **said: int) -> Callable[[Path], Path]:
    return lambda path: by_hand(path, entry(name, b"data", 4, 0, **{"method": 0, **said}))


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "many entries": (of_names(*map(str, range(MANY))), "it has 200 entries; 64 are allowed"),
    "directory": (
        sparse(100 * MB, end(9, 100 * MB - 22, 0)),
        "a directory of 104,857,578 bytes; 131,072 are allowed",
    ),
    "zip64": (zip64, "a directory of 104,857,600 bytes; 131,072 are allowed"),
    "no directory": (sparse(100, end(0xFFFF, 0xFFFFFFFF, 0)), "cannot be read: Bad|cannot be read: File"),
    "large": (sparse(257 * MB, end(0, 0, 0)), "has 269,484,032 bytes; a bundle's .zip may have 268,435,456"),
    "ratio": (
        bomb,
        r"unpacks 'encoder\.onnx' from 20,\d+ bytes to 20,971,520; above 16,777,216 .* 200 times",
    ),
    "unpacked": (huge, "unpacks to 629,145,600 bytes; 536,870,912 are allowed"),
    "twice": (of_names("a", "model.json", "a"), "holds 'a' more than once"),
    "NUL": (of_names("a\0b", "model.json"), "'a.*b', which is not a file inside a bundle"),
    "above": (of_names("model.json", "../a"), r"'\.\./a', which is not a file inside a bundle"),
    "absolute": (of_names("/etc/a"), "'/etc/a', which is not a file inside a bundle"),
    "drive": (of_names("C:/a"), "'C:/a', which is not a file inside a bundle"),
    "backslash": (of_names("a\\..\\b"), "which is not a file inside a bundle"),
    "long name": (of_names("a" * 2000), "a name of 2,000 characters; 1,024 are allowed"),
    "overlap": (overlapping, "holds 'a' and 'b' in the same bytes"),
    "outside": (one(at=5000), "cannot be read|at the bytes 5,000 to 5,034, but has"),
    "password": (one(flags=1), "which is encrypted"),
    "link": (one(attributes=(stat.S_IFLNK | 0o777) << 16), "which is a link"),
    "lzma": (one(method=14), "compressed by the method lzma; allowed are: stored, deflated"),
    "bzip2": (one(method=12), "compressed by the method bzip2; allowed are: stored, deflated"),
    "no method": (one(method=77), "compressed by the method 77; allowed are: stored, deflated"),
    "model.json": (
        lambda path: packed(path, {"model.json": bytes(9 * MB)}),
        "model.json has 9,437,184 bytes; 8,388,608 are allowed",
    ),
    "two bundles": (of_names("a/model.json", "b/model.json"), "holds 2 model.json"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_before_anything_is_unpacked(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, words = REFUSED[kind]
    path = make(tmp_path / "hostile.zip")
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match=words) as told:
            Bundle.open(path, limits=STRANGERS)
        assert tracemalloc.get_traced_memory()[1] < 2 * MB
    finally:
        tracemalloc.stop()
    assert str(path) in str(told.value) or "model.json" in str(told.value)
    checks = verify(path, device="cpu", limits=STRANGERS)
    assert [(check.name, check.ok) for check in checks] == [("model.json", False)]


def test_one_s_own_may_be_larger_and_packed_in_other_ways(tmp_path: Path) -> None:
    files = contents(save_pair(tmp_path / "pair"))
    noise = {f"{number}.txt": bytes([number % 256]) * 50 for number in range(MANY)}
    path = packed(tmp_path / "a.zip", sealed(files | noise), zipfile.ZIP_LZMA)
    assert all(check.ok for check in verify(path, device="cpu"))
    with pytest.raises(BundleError, match="64 are allowed"):
        Bundle.open(path, limits=STRANGERS)


def test_a_directory_is_read_once_whatever_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = contents(save_pair(tmp_path / "pair"))
    path = packed(tmp_path / "a.zip", sealed(files | {f"{n}.txt": b"x" for n in range(MANY)}))
    opened, real = [], zipfile.ZipFile.__init__

    def counting(self: zipfile.ZipFile, *args: object, **more: object) -> None:
        opened.append(args)
        real(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counting)
    checks = verify(path, device="cpu")
    assert len(checks) == MANY + 6
    assert all(check.ok for check in checks)
    assert len(opened) == 1
    bundle = Bundle.open(path)
    assert all(check.ok for check in verify(bundle, device="cpu"))
    assert len(opened) == 2


def test_a_kept_bundle_holds_no_file_open(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", contents(save_pair(tmp_path / "pair")))
    bundle = Bundle.open(path)
    raw = bundle.read("encoder.onnx")
    path.rename(tmp_path / "b.zip")
    with pytest.raises(BundleError, match=r"cannot be read: .*No such file"):
        bundle.read("encoder.onnx")
    (tmp_path / "b.zip").rename(path)
    assert bundle.read("encoder.onnx") == raw


@pytest.mark.parametrize("said", [5, 20 * MB])
def test_no_more_is_unpacked_than_the_directory_says(tmp_path: Path, said: int) -> None:
    """20 MB behind a header of 5 bytes; and 5 bytes in model.json, 20 MB in the .zip."""
    files = contents(save_pair(tmp_path / "pair"))
    data, crc = zeros(20 * MB)
    about = sealed(files | {"more.bin": bytes(5)})["model.json"]
    entries, at = [], 0
    for name, raw in (files | {"model.json": about}).items():
        entries.append(entry(name.encode(), raw, len(raw), zlib.crc32(raw), at=at, method=0))
        at += len(entries[-1][0])
    entries.append(entry(b"more.bin", data, said, crc, at=at))
    path = by_hand(tmp_path / "a.zip", *entries)
    tracemalloc.start()
    try:
        bundle = Bundle.open(path, limits=LOCAL)
        for way in (bundle.check, bundle.read):
            with pytest.raises(
                BundleError, match=r"Bad CRC|it has 20,971,520 bytes, not the 5 of model\.json"
            ):
                way("more.bin")
        assert tracemalloc.get_traced_memory()[1] < 4 * MB
    finally:
        tracemalloc.stop()
    assert not all(check.ok for check in verify(path, device="cpu"))


def test_a_folder_is_no_better(tmp_path: Path) -> None:
    folder = save_pair(tmp_path / "pair")
    small = BundleLimits(unpacked=100)
    with pytest.raises(BundleError, match=r"lists files of [\d,]+ bytes together; 100 are allowed"):
        Bundle.open(folder, limits=small)
    (folder / "decoder.onnx").unlink()
    (folder / "decoder.onnx").mkdir()
    with pytest.raises(IntegrityError, match="not a regular file"):
        Bundle.open(folder).read("decoder.onnx")
    with pytest.raises(BundleError, match=r"model\.json has [\d,]+ bytes; 10 are allowed"):
        Bundle.open(folder, limits=BundleLimits(manifest=10))


@pytest.mark.parametrize("name", zoo.names())
def test_ready_made_models_are_taken_from_strangers(tmp_path: Path, name: str) -> None:
    files = contents(zoo.folder(name))
    bundle = Bundle.open(packed(tmp_path / "a.zip", files), limits=STRANGERS)
    for file in bundle.manifest.files:
        bundle.check(file)
        assert bundle.read(file) == files[file]
    assert bundle.read_graph("encoder") == files["encoder.onnx"]
    assert bundle.read_graph("decoder") == files["decoder.onnx"]
    if any(entry.role == "codes" for entry in bundle.manifest.files.values()):
        codes = bundle.arrays("codes")
        assert codes is not None
        assert len(codes["codes"]) > 100
    else:
        assert bundle.manifest.any_size is not None


def test_one_that_brings_codes_is_taken_from_strangers(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", sound(tmp_path))
    assert all(check.ok for check in verify(path, device="cpu", limits=STRANGERS))
