"""What hostile bundles of full size cost, each opened in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from _hostile import by_hand, end, entry, inside, npy, npz, packed, sealed, sound, zeros

MB = 1 << 20
MEGABYTES = 100.0  # for a refusal
Files = dict[str, bytes]
OPENING = Path(__file__).with_name("_opening.py")


def listed(count: int) -> Callable[[Path, Files], Path]:
    return lambda path, files: packed(path, sealed(files | {f"{n}.txt": b"x" for n in range(count)}))


def graph(raw: bytes) -> Callable[[Path, Files], Path]:
    return lambda path, files: packed(path, sealed(files | {"encoder.onnx": raw}))


def bomb(size: int) -> Callable[[Path, Files], Path]:
    def make(path: Path, files: Files) -> Path:
        data, crc = zeros(size)
        entries, at = [], 0
        for name, raw in files.items():
            entries.append(entry(name.encode(), raw, len(raw), zlib.crc32(raw), at=at, method=0))
            at += len(entries[-1][0])
        return by_hand(path, *entries, entry(b"more.bin", data, size, crc, at=at))

    return make


def arrays(path: Path, files: Files) -> Path:
    """500 MB of codes, packed twice."""
    header = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (62500000, 2), }")
    raw = npz(path.with_suffix(".npz"), {"codes": header + bytes(500_000_000)})
    return packed(path, sealed(files | {"codes.npz": raw}))


def many_codes(path: Path, files: Files) -> Path:
    """As many as the bytes allow, and more than anybody could look at."""
    noise = np.random.default_rng(0).standard_normal((2_000_000, 2), np.float32)
    return packed(path, sealed(files | {"codes.npz": npz(path.with_suffix(".npz"), {"codes": noise})}))


def directory(path: Path, _: Files) -> Path:
    """Five million entries in 235 MB."""
    _, record = entry(b"a", b"", 0, 0, method=0)
    with path.open("wb") as file:
        for _ in range(50):
            file.write(record * 100_000)
        file.write(end(0, len(record) * 5_000_000, 0))
    return path


def says(text: bytes, size: int) -> Callable[[Path, Files], Path]:
    """A model.json of `size` bytes with an unknown key."""

    def make(path: Path, files: Files) -> Path:
        start = b'{"format": "diabolo-bundle", "format_version": 1, "x": ['
        middle = text * ((size - len(start)) // len(text))
        return packed(path, files | {"model.json": start + middle + b"0]}"})

    return make


def classes(count: int) -> Callable[[Path, Files], Path]:
    dataset = {"name": "made", "classes": ["c"] * count}
    return lambda path, files: packed(path, sealed(files, lambda d: d.update(dataset=dataset)))


def deep(levels: int) -> bytes:
    raw = b""
    for _ in range(levels):
        raw = inside(1, inside(5, inside(6, raw)))
    return inside(7, raw)


HOSTILE: dict[str, Callable[[Path, Files], Path]] = {
    "10,000 listed files": listed(10_000),
    "100 MB of zeros as a graph": graph(bytes(100 * MB)),
    "200 MB of zeros as a graph": graph(bytes(200 * MB)),
    "a graph of a million fields": graph(b"\x08\x01" * 1_000_001),
    "a graph of a million nodes": graph(inside(7, b"\x0a\x00" * 1_000_001)),
    "a graph 30,000 messages deep": graph(deep(10_000)),
    "2.6 GB of zeros": bomb(2600 * MB),
    "500 MB of zeros": bomb(500 * MB),
    "500 MB of codes, packed twice": arrays,
    "5 million entries": directory,
    "model.json of 64 MB, one text": says(b" ", 64 * MB),
    "model.json of 7 MB, objects": says(b"{},", 7 * MB),
    "model.json of 1.4 MB, objects": says(b"{},", 1_400_000),
    "model.json of 7 MB, a long number": says(b"7", 7 * MB),
    "model.json of 400,000 brackets": says(b"[", 400_000),
    "a million classes": classes(1_000_000),
    "100,001 classes": classes(100_001),
    "10,000 classes too many": classes(20_000),
    "codes of 2 million images": many_codes,
    "a latent of seventy ones": lambda path, files: packed(
        path, sealed(files, lambda d: d["latent"].update(shape=[1] * 70))
    ),
}


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("limits", ["strangers", "local"])
def test_what_it_costs_to_refuse_them(
    tmp_path: Path, limits: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints a table. One's own bundles may be larger, and cost more; they end, with or without a reason."""
    files, rows, dear = sound(tmp_path), [], []
    for name, make in HOSTILE.items():
        path = make(tmp_path / "hostile.zip", files)
        done = subprocess.run(
            [sys.executable, str(OPENING), limits, str(path)], capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        took = json.loads(done.stdout)
        seconds, megabytes, wrong = took["seconds"], took["megabytes"], " ".join(took["wrong"])
        rows.append(
            f"{name:34} {path.stat().st_size / 1e6:8.2f} {seconds:8.3f} {megabytes:8.1f}  "
            f"{wrong.replace(str(path), path.name)[:150]}"
        )
        if limits == "strangers" and not (wrong and megabytes < MEGABYTES):
            dear.append(rows[-1])
        path.unlink()
    with capsys.disabled():
        head = f"\n{limits:34} {'.zip MB':>8} {'CPU s':>8} {'peak MB':>8}  refused because"
        sys.stdout.write("\n".join([head, *rows, ""]))
    assert dear == []
