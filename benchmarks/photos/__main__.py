"""Denoising of photographs at their own size, next to classical methods and to published figures.

    pip install scikit-image opencv-python-headless
    python -m benchmarks.photos --data-dir DIR [--grey BUNDLE] [--colour BUNDLE] [--every N] [--only WORD]
                                [--ensemble]

prints four tables: the 68 test pictures of BSDS500, which papers call BSD68 in grey and CBSD68 in colour,
with gaussian noise of sigma 15, 25 and 50 of 255. First as papers take it: the noise is not clipped, the
result is. Then clipped and rounded to 8 bits, as a file is. Figures of the two must not be compared. PSNR
is the mean over the pictures, of results that are clipped but not rounded. The seed of the noise is
(sigma, number of the picture), so that every method gets the same.

The classical methods are told sigma; our models are not. Each method runs in a process of its own on one
thread: seconds are its processor time for one picture of 481 x 321 pixels on average, and the peak of its
memory is what it takes more than the process that has only read the pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks._shared import tables
from benchmarks.photos.denoisers import CLASSICAL, bundle, classical, ensemble

SIGMAS = 15, 25, 50  # of 255
GREY, COLOUR = 1, 3
# PSNR by sigma, unclipped noise: DnCNN-B and FFDNet from https://arxiv.org/abs/1710.04026, tables III and VI
PUBLISHED = {
    GREY: {
        "BM3D, published": (31.07, 28.57, 25.62),
        "DnCNN-B, published (0.67 M weights)": (31.61, 29.16, 26.23),
        "FFDNet, published (0.49 M weights, told sigma)": (31.63, 29.19, 26.29),
    },
    COLOUR: {
        "CBM3D, published": (33.52, 30.71, 27.38),
        "FFDNet, published (0.85 M weights, told sigma)": (33.87, 31.21, 27.96),
    },
}
PACKAGES = {"scikit-image": "skimage", "OpenCV": "cv2"}


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos")
    parser.add_argument("--data-dir", type=Path, required=True, help="the folder that holds BSDS500")
    parser.add_argument("--grey", metavar="BUNDLE", help="a model of grey pictures")
    parser.add_argument("--colour", metavar="BUNDLE", help="a model of colour pictures")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th picture")
    parser.add_argument("--only", default="", help="only methods with this word in their name")
    parser.add_argument("--ensemble", action="store_true", help="our models on eight turned, mirrored copies")
    parser.add_argument("--child", nargs=3, metavar=("METHOD", "CHANNELS", "CLIP"), help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.child:
        method, channels, clip = given.child
        print(json.dumps(measure(given, method, int(channels), clip == "clipped")))
        return
    for channels, model in ((GREY, given.grey), (COLOUR, given.colour)):
        for clip in ("unclipped", "clipped"):
            table(given, channels, model, clip)


def table(given: argparse.Namespace, channels: int, model: str | None, clip: str) -> None:
    name = "BSD68, grey" if channels == GREY else "CBSD68, colour"
    columns = "method", *(f"sigma {sigma}" for sigma in SIGMAS), "seconds", "MB"
    tables.heading(f"{name}, {clip} noise: PSNR in dB", columns)
    methods = [one for one in ([model] if model else []) + list(CLASSICAL) if given.only in one]
    for method in methods:
        package = PACKAGES.get(method.split(":")[0])
        if package and find_spec(package) is None:
            tables.row(method, *["not installed"] * len(SIGMAS), "", "")
            continue
        found = run(given, method, channels, clip)
        psnr = (f"{found[str(sigma)]:.2f}" for sigma in SIGMAS)
        tables.row(method, *psnr, f"{found['seconds']:.2f}", f"{found['megabytes']:.0f}")
    for method, values in PUBLISHED[channels].items() if clip == "unclipped" else ():
        tables.row(method, *(f"{value:.2f}" for value in values), "", "")


def run(given: argparse.Namespace, method: str, channels: int, clip: str) -> dict[str, float]:
    """Measure in a process of its own, with one thread."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.photos", "--data-dir", str(given.data_dir)]
    command += ["--every", str(given.every), "--child", method, str(channels), clip]
    command += ["--ensemble"] if given.ensemble else []
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | one)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measure(given: argparse.Namespace, method: str, channels: int, clip: bool) -> dict[str, float]:
    clean = pictures(given.data_dir, channels)[:: given.every]
    before = forget_peak()
    if method in CLASSICAL:
        denoise = classical(method)
        if method.startswith("OpenCV"):
            import cv2

            cv2.setNumThreads(1)
    else:
        denoise = bundle(method, 1)
        denoise = ensemble(denoise) if given.ensemble else denoise
    figures, seconds = {}, 0.0
    for sigma in SIGMAS:
        errors = []
        for number, image in enumerate(clean):
            given_noise = noisy(image, sigma, number * given.every, clip)
            began = time.process_time()
            out = denoise(given_noise, sigma / 255)
            seconds += time.process_time() - began
            errors.append(float(np.mean((np.clip(out, 0, 1).astype(np.float64) - image) ** 2)))
        figures[str(sigma)] = float(np.mean(-10 * np.log10(errors)))
    figures["seconds"] = seconds / (len(clean) * len(SIGMAS))
    return figures | {"megabytes": (resident("VmHWM") - before) / 1e6}


def pictures(folder: Path, channels: int) -> list[NDArray[np.float32]]:
    """The 68 pictures, float32 `(channels, height, width)` in [0, 1]."""
    names = (folder / "BSDS500/bsd68.txt").read_text("utf-8").split()
    mode = "L" if channels == GREY else "RGB"
    files = [
        Image.open(folder / f"BSDS500/data/images/val/{Path(name).stem}.jpg").convert(mode) for name in names
    ]
    arrays = [np.asarray(file, np.float32).reshape(file.height, file.width, channels) for file in files]
    return [np.ascontiguousarray(array.transpose(2, 0, 1)) / np.float32(255) for array in arrays]


def noisy(image: NDArray[np.float32], sigma: int, number: int, clip: bool) -> NDArray[np.float32]:
    """The picture with noise; clipped, and rounded to 8 bits, if it is to be like a file."""
    noise = np.random.default_rng([sigma, number]).standard_normal(image.shape, np.float32)
    out = image + np.float32(sigma / 255) * noise
    return (out.clip(0, 1) * 255).round() / np.float32(255) if clip else out


def forget_peak() -> float:
    """The resident memory of this process now, in bytes, from which its peak counts anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(which: str) -> float:
    """VmRSS, the resident memory of this process, or VmHWM, its peak, in bytes."""
    status = Path("/proc/self/status").read_text("utf-8")
    return float(status.partition(f"{which}:")[2].split()[0]) * 1024


if __name__ == "__main__":
    main()
