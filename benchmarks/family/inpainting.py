"""Does a masked autoencoder restore missing patches better than OpenCV's inpainting by Telea's method?

    pip install opencv-python-headless
    DIABOLO_DATA=folder python -m benchmarks.family.inpainting      trains by recipes/cifar10-masked.toml
    ... --keep DIR                                                  keep the run, use it if it is there
    ... --train='--epochs 20'                                       more options for diabolo train

Patches of the test images are hidden, the same ones from both. The table has the PSNR (dB, mean over images)
of the hidden pixels alone: left grey, by Telea's method with the best of three radii, and by the model; and
that of whole images, of which the model hides nothing. It fails unless the model is better for every share.

Telea, 'An Image Inpainting Technique Based on the Fast Marching Method', Journal of Graphics Tools 9 (2004),
https://doi.org/10.1080/10867651.2004.10487596.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._shared import runs
from benchmarks._shared.tables import heading, row
from diabolo.runtime.image.noise import HIDDEN, NoiseSpec, add_noise
from diabolo.train import Run
from diabolo.train.evaluation.evaluate import numbered_batches, reconstruct
from diabolo.train.model import Model

RECIPE = Path(__file__).parents[2] / "recipes" / "cifar10-masked.toml"
SHARES = (0.25, 0.5, 0.75)
RADII = (1, 3, 5)  # pixels that Telea's method looks around

_Array = NDArray[np.float32]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family.inpainting")
    parser.add_argument("--recipe", default=str(RECIPE))
    parser.add_argument("--train", default="", help="more options for diabolo train: --train='--epochs 20'")
    parser.add_argument("--most", type=int, default=10_000, help="test images, at most")
    parser.add_argument("--keep", metavar="DIR", help="keep the run in DIR, and use it if it is there")
    given = parser.parse_args(words)
    cv2 = opencv()
    with runs.folder(given.keep) as folder:
        path = folder / Path(given.recipe).stem
        run = Run.open(runs.train(path, "masked", "--recipe", given.recipe, *given.train.split()))
        variant, model = run.load()
        model.eval()
        assert variant.noise is not None
        images = np.concatenate([batch for _, batch in numbered_batches(run.data().test.images)])[
            : given.most
        ]
        side = variant.noise.side
    heading(f"{len(images):,} test images, patches of {side} x {side}", ("hidden", "grey", "Telea", "masked"))
    better = [compared(cv2, model, images, share, side) for share in SHARES]
    with torch.inference_mode():
        whole = psnr(images, restored(model, images), np.ones_like(images, bool))
    print(f"\nwhole images: {whole:.2f} dB\nbetter than Telea's method: {'yes' if all(better) else 'NO'}")
    return int(not all(better))


def opencv() -> ModuleType:
    """OpenCV, or an exit that says how to install it."""
    try:
        import cv2
    except ImportError:
        raise SystemExit(
            "this benchmark compares with OpenCV, which is not installed: pip install opencv-python-headless"
        ) from None
    cv2.setNumThreads(1)
    module: ModuleType = cv2
    return module


def compared(cv2: ModuleType, model: Model, images: _Array, share: float, side: int) -> bool:
    """Print the row of a share, and tell whether the model is better."""
    mask = hidden(images, share, side)
    grey = np.where(mask, np.float32(HIDDEN), images)
    with torch.inference_mode():
        ours = psnr(images, restored(model, grey), mask)
    theirs = max(psnr(images, telea(cv2, grey, mask, radius), mask) for radius in RADII)
    row(f"{share:.0%}", f"{psnr(images, grey, mask):.2f}", f"{theirs:.2f}", f"{ours:.2f}")
    return ours > theirs


def hidden(images: _Array, share: float, side: int) -> NDArray[np.bool_]:
    """The same patches in every run: bool `(n, 1, height, width)`."""
    spec = NoiseSpec(kind="patches", low=share, high=share, side=side)
    blank = np.zeros((len(images), 1, *images.shape[2:]), np.float32)
    return add_noise(blank, spec, np.random.default_rng(20081)) == HIDDEN


def restored(model: Model, images: _Array) -> _Array:
    pieces = np.array_split(images, -(-len(images) // 256))
    return np.concatenate([reconstruct(model, piece) for piece in pieces])


def telea(cv2: ModuleType, images: _Array, mask: NDArray[np.bool_], radius: int) -> _Array:
    """Inpainted as 8-bit images, which is what the method takes."""
    found = []
    for image, gone in zip(images, mask, strict=True):
        pixels = np.ascontiguousarray(np.rint(image * 255).astype(np.uint8).transpose(1, 2, 0))
        out = cv2.inpaint(pixels, gone[0].astype(np.uint8), radius, cv2.INPAINT_TELEA)
        found.append(out.reshape(pixels.shape).transpose(2, 0, 1))
    return np.asarray(found, np.float32) / np.float32(255)


def psnr(images: _Array, other: _Array, mask: NDArray[np.bool_]) -> float:
    """In dB, over the pixels where the mask is true; the mean over images."""
    wide = np.broadcast_to(mask, images.shape)
    squared = np.where(wide, (images - other.clip(0, 1)).astype(np.float64) ** 2, 0).sum((1, 2, 3))
    error = squared / np.maximum(wide.sum((1, 2, 3)), 1)
    return float(np.mean(-10 * np.log10(np.maximum(error, 1e-10))))


if __name__ == "__main__":
    raise SystemExit(main())
