"""How well the level of gaussian noise is estimated from a photograph.

    python -m benchmarks.photos.noise_level --data-dir DIR [--every N]

prints a table for grey and one for colour pictures: the 68 test pictures of BSDS500 that the literature
calls BSD68 (DIR/BSDS500/bsd68.txt names them), with noise of a known standard deviation, unclipped, and
clipped to the values that a file can hold. For each estimator it prints the mean and the root mean square of
the errors, in grey levels (0 to 255).

- diabolo: `runtime/image/noise_level.py`;
- wavelet: the median absolute deviation of the diagonal detail coefficients of a db2 wavelet, divided by
  0.6745 (Donoho and Johnstone, 1994), as in scikit-image's `estimate_sigma`.

The last line is the time for a picture of 12 megapixels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks._shared import tables
from diabolo.runtime.image.noise_level import estimate_noise

__all__ = ["wavelet"]

LEVELS = 0, 5, 10, 15, 25, 50  # of 255
DB2 = np.array([-0.12940952, -0.22414387, 0.8365163, -0.48296291])  # high-pass


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos.noise_level")
    parser.add_argument("--data-dir", type=Path, required=True, help="the folder that holds BSDS500")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th picture")
    given = parser.parse_args(words)
    names = (given.data_dir / "BSDS500/bsd68.txt").read_text("utf-8").split()[:: given.every]
    pictures = [Image.open(given.data_dir / f"BSDS500/data/images/val/{name}.jpg") for name in names]
    for mode in ("L", "RGB"):
        compare(mode, [picture.convert(mode) for picture in pictures])
    large = np.random.default_rng(0).integers(0, 256, (3, 3000, 4000), np.uint8)
    began = time.perf_counter()
    estimate_noise(large)
    print(f"\n{time.perf_counter() - began:.2f} seconds for 12 megapixels in colour")


def compare(mode: str, pictures: list[Image.Image]) -> None:
    tables.heading(
        f"{len(pictures)} pictures in {'grey' if mode == 'L' else 'colour'}",
        ("sigma", "noise", *(f"{name}: {what}" for name in ESTIMATORS for what in ("mean error", "rms"))),
    )
    clean = [np.atleast_3d(np.asarray(one, np.float32)).transpose(2, 0, 1) / 255 for one in pictures]
    for clip in (False, True):
        for level in LEVELS:
            rng = np.random.default_rng(level)  # the same noise, clipped or not
            errors: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
            for image in clean:
                noisy = image + np.float32(level / 255) * rng.standard_normal(image.shape, np.float32)
                noisy = noisy.clip(0, 1) if clip else noisy
                for name, estimate in ESTIMATORS.items():
                    errors[name].append(255 * estimate(noisy) - level)
            cells = [f"{f(values):.2f}" for values in errors.values() for f in (np.mean, rms)]
            tables.row(str(level), "clipped" if clip else "unclipped", *cells)


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.square(values).mean()))


def wavelet(image: NDArray[np.float32]) -> float:
    """The estimate for an image `(channels, height, width)`: the root mean square over the channels."""
    detail = _half(_half(image.astype(np.float64), 1), 2)
    deviations = np.median(np.abs(detail), axis=(1, 2)) / NormalDist().inv_cdf(0.75)
    return rms(deviations)


def _half(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    count = values.shape[axis] - len(DB2) + 1
    return sum(np.take(values, range(i, i + count, 2), axis) * weight for i, weight in enumerate(DB2))


ESTIMATORS: dict[str, Callable[[NDArray[np.float32]], float]] = {
    "diabolo": estimate_noise,
    "wavelet": wavelet,
}

if __name__ == "__main__":
    main()
