"""Metrics of the exported graphs and of the torch modules, on the same images."""

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

__all__ = ["Batches", "Reconstruct", "answers", "figures", "of_graphs", "of_torch"]

Batches = Callable[
    [], Iterable[NDArray[np.float32]]
]  # batches of images, float32 `(batch, *image_shape)` in [0, 1]
Reconstruct = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_ROUNDING = float(np.finfo(np.float32).eps) ** 2  # MSE of images that are equal in float32, 138 dB
_SEED = 20081  # fixed, so that all models are measured with the same noise


def of_torch(pair: Pair) -> Reconstruct:
    """The function that reconstructs images `(batch, *image_shape)` with the torch modules."""

    def reconstruct(image: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            out: NDArray[np.float32] = pair.decoder(pair.encode(torch.from_numpy(image))[0]).numpy()
        return out

    return reconstruct


def of_graphs(encoder: bytes, decoder: bytes) -> Reconstruct:
    """The function that reconstructs images `(batch, *image_shape)` with the graphs, on the CPU.

    Args:
        encoder: the bytes of encoder.onnx.
        decoder: the bytes of decoder.onnx.

    Raises:
        GraphError: onnxruntime refuses a graph.
    """
    both = answers(
        *(create_session(raw, "cpu", torch.get_num_threads(), arena=False)[0] for raw in (encoder, decoder))
    )
    return lambda image: both(image)[1]


def answers(encode: Any, decode: Any) -> Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]:
    """The function that computes latents and reconstructions of images with two sessions.

    Args:
        encode: the onnxruntime session of encoder.onnx.
        decode: the onnxruntime session of decoder.onnx.
    """

    def both(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        latent = encode.run(["latent"], {"image": image})[0]
        return latent, decode.run(["image"], {"latent": latent})[0]

    return both


def figures(reconstruct: Reconstruct, images: Batches, noise: NoiseSpec | None) -> dict[str, Any]:
    """Compute the metrics of reconstructions.

    Args:
        reconstruct: images `(batch, *image_shape)` in [0, 1] to images of the same shape.
        images: returns batches of images.
        noise: for a denoising model: its inputs get this noise, and its outputs are compared with the images
            without noise. The noise is the same for each call.

    Returns:
        `mse`, `psnr` (dB, at most 138) and `ssim`, means over the images, and `images`, their number.
    """
    sums, count = np.zeros(3), 0
    for clean, given in _noisy(images(), noise):
        out = reconstruct(given)
        error = metrics.mse(clean, out)
        decibels = metrics.psnr_of_mse(np.maximum(error, _ROUNDING))  # of equal images infinite
        sums += error.sum(), decibels.sum(), metrics.ssim(clean, out).sum()
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
