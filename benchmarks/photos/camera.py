"""Denoising of what a camera stores: noise that grows with the light, inside a JPEG.

    pip install scikit-image opencv-python-headless
    python -m benchmarks.photos.camera --data-dir DIR BUNDLE ... [--every N]

prints the PSNR in dB on the 68 test pictures of BSDS500 in colour, noisy in three strengths and then
compressed, each with the seed of its number. The classical methods are told the standard deviation of what
really differs from the clean picture; the bundles are not told anything.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import tables
from benchmarks.photos.__main__ import COLOUR, PACKAGES, pictures
from benchmarks.photos.denoisers import CLASSICAL, Denoise, bundle, classical
from diabolo.runtime.image.noise import NoiseSpec, add_noise

STRENGTHS = {
    "light": "poisson-gaussian:0.001/0.005+jpeg:95",
    "middle": "poisson-gaussian:0.005/0.02+jpeg:90",
    "strong": "poisson-gaussian:0.02/0.04+jpeg:80",
}


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos.camera")
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE")
    parser.add_argument("--data-dir", type=Path, required=True, help="the folder that holds BSDS500")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th picture")
    given = parser.parse_args(words)
    clean = pictures(given.data_dir, COLOUR)[:: given.every]
    noisy = [[spoilt(image, kind, i) for i, image in enumerate(clean)] for kind in STRENGTHS.values()]
    tables.heading("Noise of a camera, in JPEG: PSNR in dB", ("method", *STRENGTHS))
    methods: dict[str, Denoise] = {"as they are": lambda image, _sigma: image}
    methods |= {name: bundle(name, 1) for name in given.bundles}
    for name in CLASSICAL:
        try:
            methods[name] = classical(name)
        except ImportError:
            print(f"{name}: {PACKAGES[name.split(':')[0]]} is not installed")
    for name, denoise in methods.items():
        tables.row(name, *(shown(clean, images, denoise) for images in noisy))


def spoilt(image: NDArray[np.float32], kind: str, number: int) -> NDArray[np.float32]:
    """The picture `(channels, height, width)` with noise, as a file of 8 bits holds it."""
    return add_noise(image[None], NoiseSpec.parse(kind), np.random.default_rng(number))[0]


def shown(clean: list[NDArray[np.float32]], noisy: list[NDArray[np.float32]], denoise: Denoise) -> str:
    """The mean PSNR over the pictures, of results that are clipped but not rounded."""
    values = []
    for image, given in zip(clean, noisy, strict=True):
        out = denoise(given, float(np.std(given - image)))
        values.append(-10 * np.log10(np.mean((np.clip(out, 0, 1).astype(np.float64) - image) ** 2)))
    return f"{np.mean(values):.2f}"


if __name__ == "__main__":
    main()
