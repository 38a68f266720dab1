"""The memory that `Autoencoder.denoise` takes for a photograph of 24 megapixels.

    python -m benchmarks.photos.memory BUNDLE [--width 6000] [--height 4000] [--threads 2]

prints a table. Each way runs in a process of its own: it loads the model, which must be one of any size, runs
it once on a small picture, and from then on counts the peak of its resident memory (Linux). `result` is
what the result itself takes: four bytes for each value if it is an array of floats, one if it is a
photograph in 8 bits. The file is a JPEG of noise on a gradient, in grey if the model is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks._shared import tables
from benchmarks.photos.__main__ import forget_peak, resident
from diabolo.runtime import Autoencoder
from diabolo.runtime.image.photo import process_photo, read_photo

_STRIP = 500  # rows of the picture that are drawn at once
_SMALL = 64  # pixels: the sides of the picture that comes first


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos.memory")
    parser.add_argument("bundle", help="a model of any size")
    parser.add_argument("--width", type=int, default=6000)
    parser.add_argument("--height", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.child:
        way, file = given.child
        print(json.dumps(measure(given.bundle, given.threads, way, file)))
        return
    channels = Autoencoder.load(given.bundle, device="cpu").manifest.image_shape[0]
    tables.heading(
        f"{given.width} x {given.height} pixels, {channels} channels",
        ("way", "MB above the model", "of which result", "seconds"),
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "photo.jpg")
        draw(file, given.width, given.height, channels)
        for way in WAYS:
            found = run(given, way, file)
            megabytes = (f"{found[name] / 1e6:.0f}" for name in ("peak", "result"))
            tables.row(way, *megabytes, f"{found['seconds']:.0f}")


def run(given: argparse.Namespace, way: str, file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.photos.memory", given.bundle]
    command += ["--threads", str(given.threads), "--child", way, str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measure(bundle: str, threads: int, way: str, file: str) -> dict[str, float]:
    model = Autoencoder.load(bundle, device="cpu", threads=threads)
    model.denoise(Image.new("L" if model.manifest.image_shape[0] == 1 else "RGB", (_SMALL, _SMALL)))
    before = forget_peak()
    began = time.perf_counter()
    result = WAYS[way](model, file)
    seconds = time.perf_counter() - began
    return {"peak": resident("VmHWM") - before, "result": result.nbytes, "seconds": seconds}


def draw(path: Path, width: int, height: int, channels: int) -> None:
    """A JPEG of noise on a gradient, drawn strip by strip."""
    rng = np.random.default_rng(0)
    pixels = np.empty((height, width, channels), np.uint8)
    light = np.linspace(60, 190, width, dtype=np.float32)[None, :, None]
    for top in range(0, height, _STRIP):
        strip = pixels[top : top + _STRIP]
        strip[:] = light + 20 * rng.standard_normal(strip.shape, np.float32).clip(-3, 3)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path, quality=90)


def _photo(model: Autoencoder, file: str) -> np.ndarray:
    return process_photo(model, read_photo(file)).pixels


WAYS: dict[str, Callable[[Autoencoder, str], Any]] = {
    "`denoise(file)`": lambda model, file: model.denoise(file),
    "`process_photo(model, read_photo(file))`": _photo,
}

if __name__ == "__main__":
    main()
