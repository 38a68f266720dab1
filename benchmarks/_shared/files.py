"""Folders of many small PNG files, some of them broken, and `diabolo encode` over them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

PICTURES = 300  # different ones; the other files are hard links to them
BROKEN = (b"", b"no picture\n", None)  # what stands in the broken files; None: a picture cut short

COMMAND = """
import sys
from diabolo.ui.cli import main
main(sys.argv[1:], standalone_mode=False)
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024)
"""


def draw(bundle: Path, folder: Path) -> list[Path]:
    """Pictures of the model's size."""
    channels, height, width = json.loads((bundle / "model.json").read_bytes())["image"]["shape"]
    values = np.random.default_rng(0).integers(0, 256, (PICTURES, height, width, channels)).astype(np.uint8)
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(PICTURES)]
    for path, array in zip(paths, values, strict=True):
        Image.fromarray(array[..., 0] if channels == 1 else array).save(path)
    return paths


def fill(root: Path, files: int, each: int, pictures: list[Path]) -> tuple[Path, list[str]]:
    """A folder of so many files, or of folders that hold `each` of them; and the paths of the broken ones."""
    kinds = {files * (place + 1) // (len(BROKEN) + 1): kind for place, kind in enumerate(BROKEN)}
    broken = []
    for number in range(files):
        folder = root if each >= files else root / f"{number // each:04}"
        if number % each == 0:
            folder.mkdir(parents=True)
        path, picture = folder / f"{number:07}.png", pictures[number % len(pictures)]
        if number in kinds:
            raw = kinds[number]
            path.write_bytes(picture.read_bytes()[:60] if raw is None else raw)
            broken.append(str(path))
        else:
            path.hardlink_to(picture)
    return root, broken


def encoded(bundle: Path, folder: Path, broken: list[str]) -> tuple[float, float]:
    """Seconds of the whole process, and megabytes at its peak."""
    out = folder.with_suffix(".npz")
    words = ("encode", str(bundle), str(folder), "-o", str(out), "--overwrite", "--json", "--device", "cpu")
    began = time.perf_counter()
    command = [sys.executable, "-c", COMMAND, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    about, peak = done.stdout.splitlines()
    files = sum(len(names) for _, _, names in os.walk(folder))
    assert json.loads(about)["count"] == files - len(broken)
    assert all(path in done.stderr for path in broken), done.stderr[-2000:]
    return seconds, float(peak)
