"""The figures of the exported pair beside those of the torch modules, on the same images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.runtime.session.device import create_session

__all__ = ["Batches", "answers", "figures", "of_graphs", "of_torch"]

Batches = Callable[[], Iterable[NDArray[np.float32]]]  # images in order, `(batch, *image_shape)` in [0, 1]
_Rebuild = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_SEED = 20081  # fixed: all are measured on the same noise


def of_torch(pair: Pair) -> _Rebuild:
    """Images to reconstructions, by the torch modules."""

    def rebuild(image: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            out: NDArray[np.float32] = pair.decoder(pair.encode(torch.from_numpy(image))[0]).numpy()
        return out

    return rebuild


def of_graphs(encoder: bytes, decoder: bytes) -> _Rebuild:
    """Images to reconstructions, by onnxruntime on the CPU."""
    both = answers(*(create_session(raw, "cpu", torch.get_num_threads())[0] for raw in (encoder, decoder)))
    return lambda image: both(image)[1]


def answers(encode: Any, decode: Any) -> Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]:
    """Images to latents and reconstructions, by two sessions."""

    def both(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        latent = encode.run(["latent"], {"image": image})[0]
        return latent, decode.run(["image"], {"latent": latent})[0]

    return both


def figures(rebuild: _Rebuild, images: Batches, noise: NoiseSpec | None) -> dict[str, Any]:
    """`mse`, `psnr` (dB) and `ssim`, means over the images, and how many those were.

    For a model that removes noise they are those of its outputs for noisy inputs, of a fixed noise.
    """
    sums, count = np.zeros(3), 0
    for clean, given in _noisy(images(), noise):
        out = rebuild(given)
        error = metrics.mse(clean, out)
        sums += error.sum(), metrics.psnr_of_mse(error).sum(), metrics.ssim(clean, out).sum()
        count += len(clean)
    mse, psnr, ssim = (float(value) for value in sums / max(1, count))
    return {"mse": mse, "psnr": psnr, "ssim": ssim, "images": count}


def _noisy(
    images: Iterable[NDArray[np.float32]], noise: NoiseSpec | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    for number, clean in enumerate(images):
        if noise is None:
            yield clean, clean
        else:
            yield clean, add_noise(clean, noise, np.random.default_rng([_SEED, number]))
