"""Metrics of a trained model on the test split."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.runtime._old_names import old_keywords
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.runtime.image.tiles import pad
from diabolo.train.datasets import Crops, Images, Split
from diabolo.train.distributed import Distributed
from diabolo.train.evaluation.whole import count as whole_pictures
from diabolo.train.evaluation.whole import paired, pictures
from diabolo.train.model import Model
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase

__all__ = [
    "add_test_noise",
    "batches",
    "encode_all",
    "evaluate",
    "numbered_batches",
    "numbered_pairs",
    "reconstruct",
    "validate",
]

_BATCH = 512  # images, at most
_BATCH_BYTES = 2**26  # of a batch as float32, at most: large images must not fill memory
_SEED = 20081  # fixed, so that every model is tested on the same noise
_BY_LEVEL = 16  # whole pictures that are measured at each of them
# the least MSE, so that the PSNR of equal images is 138 dB, not infinite
_ROUNDING = float(np.finfo(np.float32).eps) ** 2
_LEVELS = 4  # levels of noise, within a range, that metrics are given for


def batches(images: Images, *, whole: bool = False) -> Iterator[NDArray[np.float32]]:
    """Batches of the images, in order: float32 `(batch, channels, height, width)` in [0, 1].

    Args:
        images: uint8 `(n, channels, height, width)`.
        whole: whether the whole pictures of crops are given, one by one.
    """
    return (batch for _, batch in numbered_batches(images, whole=whole))


@torch.inference_mode()
def encode_all(model: Model, images: Images) -> NDArray[np.float32]:
    """The latents of images: float32 `(n, *latent_shape)`; the means for a VAE.

    Args:
        model: in eval mode.
        images: uint8 `(n, channels, height, width)`.
    """
    device = model.offset.device
    codes = [
        model.encode(torch.from_numpy(b).to(device)).latent.float().cpu().numpy() for b in batches(images)
    ]
    return np.concatenate(codes)


@torch.inference_mode()
@old_keywords(processes="distributed")
def validate(
    variant: VariantBase, model: Model, split: Split, distributed: Distributed | None = None
) -> float:
    """The mean of the variant's loss over all images of `split`, in its own unit, with fixed random numbers.

    Args:
        variant: gives the loss.
        model: is put into eval mode.
        split: the images.
        distributed: the processes that share the work.
    """
    model.eval()
    sums = _Sums()
    for number, batch, noisy in numbered_pairs(split.images, distributed):
        _add_loss(sums, variant, model, batch, number, noisy, len(split))
    return float(sums.figures(variant, len(split), distributed)["loss"])


@torch.inference_mode()
@old_keywords(processes="distributed")
def evaluate(
    variant: VariantBase, model: Model, test: Split, distributed: Distributed | None = None
) -> dict[str, Any]:
    """Metrics over all images of `test`, as means over images.

    Of crops, the pictures that they are of are measured, whole; see `whole.pictures`.

    Args:
        variant: gives the loss, and the noise if it removes noise.
        model: is put into eval mode.
        test: the images.
        distributed: the processes that share the work.

    Returns:
        By name: `mse`, `psnr` (dB) and `ssim` of the reconstructions of clean images; `images`, their number;
        the terms of the variant's loss; and for a variant with noise, on fixed noise, `denoised_mse`,
        `noisy_psnr` and `noisy_ssim` of the input, `denoised_psnr` and `denoised_ssim` of the output. If it
        was trained on a range of levels, `by_level` has the same for some of them. Where noisy copies are
        given, they are the input.
    """
    model.eval()
    sums = _Sums()
    levels = [] if paired(test.images) else _levels(variant.noise)
    whole = whole_pictures(test.images) if model.multiple else None
    for number, batch, noisy in numbered_pairs(test.images, distributed, whole=whole is not None):
        out = reconstruct(model, batch)
        error = metrics.mse(batch, out)
        sums.add("mse", error.sum())
        sums.add("psnr", metrics.psnr_of_mse(error).sum())
        sums.add("ssim", metrics.ssim(batch, out).sum())
        if variant.noise is not None:
            given = add_test_noise(batch, variant.noise, number) if noisy is None else noisy
            _add_denoised(sums, "", model, batch, given)
        for index, level in enumerate(levels if whole is None or number < _BY_LEVEL else []):
            sums.add(f"level{index}_images", len(batch))
            _add_denoised(sums, f"level{index}_", model, batch, add_test_noise(batch, level, number))
        _add_loss(sums, variant, model, batch, number, noisy, len(test))
    figures = sums.figures(variant, whole or len(test), distributed)
    if levels:
        keys = [key for key in figures if key.startswith("level")]
        values = {key: figures.pop(key) for key in keys}
        figures["by_level"] = [
            _level(level) | _means(values, f"level{index}_") for index, level in enumerate(levels)
        ]
    return figures


def _means(values: dict[str, float], start: str) -> dict[str, float]:
    """The values whose names begin so, without that, per image that was measured."""
    found = {name.removeprefix(start): value for name, value in values.items() if name.startswith(start)}
    images = found.pop("images")
    return {name: value / images for name, value in found.items()}


def _levels(noise: NoiseSpec | None) -> list[NoiseSpec]:
    """Some levels spread over a range of noise; none if there is only one level."""
    return noise.spread(_LEVELS) if noise is not None and noise.is_range else []


def _level(noise: NoiseSpec) -> dict[str, Any]:
    """How `by_level` names a level; a number does not name that of a combination."""
    named = {} if noise.is_plain else {"noise": str(noise)}
    return {"level": round(noise.low, 4), **named}


def numbered_batches(
    images: Images, distributed: Distributed | None = None, *, whole: bool = False
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The batches that this process evaluates, with their numbers, which determine the noise.

    Args:
        images: uint8 `(n, channels, height, width)`.
        distributed: the processes that share the work; by default this one does all of it.
        whole: whether the whole pictures of crops are given, one by one.

    Yields:
        The number and a batch, float32 in [0, 1].
    """
    if whole and isinstance(images, Crops):
        yield from pictures(images, distributed)
        return
    size = max(1, min(_BATCH, _BATCH_BYTES // (4 * math.prod(images.shape[1:]))))
    rank, count = (distributed.rank, distributed.world_size) if distributed else (0, 1)
    for number in range(rank, -(-len(images) // size), count):
        yield number, images[number * size : (number + 1) * size].astype(np.float32) / np.float32(255)


def numbered_pairs(
    images: Images, distributed: Distributed | None = None, *, whole: bool = False
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32] | None]]:
    """As `numbered_batches`, with the given noisy copies, if there are any.

    Args:
        images: uint8 `(n, channels, height, width)`.
        distributed: the processes that share the work; by default this one does all of it.
        whole: whether the whole pictures of crops are given, one by one.

    Yields:
        The number, a batch, and the noisy copies of its images or None; float32 in [0, 1].
    """
    both = isinstance(images, Crops) and images.paired
    source = images.stacked() if isinstance(images, Crops) and both else images
    for number, batch in numbered_batches(source, distributed, whole=whole):
        clean, noisy = np.split(batch, 2, axis=1) if both else (batch, None)
        yield number, np.ascontiguousarray(clean), noisy


def add_test_noise(batch: NDArray[np.float32], noise: NoiseSpec, number: int) -> NDArray[np.float32]:
    """A noisy copy of batch `number`, with the same noise for every model."""
    return add_noise(batch, noise, np.random.default_rng([_SEED, number]))


def reconstruct(model: Model, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """The model's reconstructions of a batch `(batch, channels, height, width)` in [0, 1], of its size."""
    height, width = batch.shape[2:]
    padded = pad(batch, model.multiple or 1)
    out: NDArray[np.float32] = model(torch.from_numpy(padded).to(model.offset.device)).float().cpu().numpy()
    return out[:, :, :height, :width]


def _add_denoised(
    sums: _Sums, prefix: str, model: Model, batch: NDArray[np.float32], noisy: NDArray[np.float32]
) -> None:
    out = reconstruct(model, noisy)
    error = metrics.mse(batch, out)
    unequal = np.maximum(metrics.mse(batch, noisy), _ROUNDING)  # the lowest level may be 0
    sums.add(f"{prefix}noisy_psnr", metrics.psnr_of_mse(unequal).sum())
    sums.add(f"{prefix}denoised_psnr", metrics.psnr_of_mse(error).sum())
    sums.add(f"{prefix}noisy_ssim", metrics.ssim(batch, noisy).sum())
    sums.add(f"{prefix}denoised_ssim", metrics.ssim(batch, out).sum())
    sums.add(f"{prefix}denoised_mse", error.sum())


def _add_loss(
    sums: _Sums,
    variant: VariantBase,
    model: Model,
    batch: NDArray[np.float32],
    number: int,
    noisy: NDArray[np.float32] | None,
    images: int,
) -> None:
    device, multiple = model.offset.device, model.multiple or 1
    given = None if noisy is None else torch.from_numpy(pad(noisy, multiple)).to(device)
    step = Step(_SEED, number, device, training=False, noisy=given, images=images)
    loss = variant.loss(model, torch.from_numpy(pad(batch, multiple)).to(device), step)
    for name, value in (loss.terms | {"loss": loss.objective}).items():
        sums.add(name, float(value.detach()) * len(batch))
    for name, pool in loss.pools.items():
        sums.pool(name, pool.cpu() * len(batch))


class _Sums:
    """Sums over images, by name."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._pools: dict[str, Tensor] = {}

    def add(self, name: str, value: Any) -> None:
        self._values[name] = self._values.get(name, 0.0) + float(value)

    def pool(self, name: str, value: Tensor) -> None:
        self._pools[name] = self._pools[name] + value if name in self._pools else value

    def figures(self, variant: VariantBase, count: int, distributed: Distributed | None) -> dict[str, Any]:
        """Means over `count` images, from the sums of all processes."""
        total = _Sums()
        for values, pools in (
            distributed.gather((self._values, self._pools)) if distributed else [self._both()]
        ):
            for name, value in values.items():
                total.add(name, value)
            for name, value in pools.items():
                total.pool(name, value)
        figures = {name: value / count for name, value in total._values.items()}
        pools = {name: value / count for name, value in total._pools.items()}
        figures["images"] = count
        return figures | variant.pooled(figures, pools) if pools else figures

    def _both(self) -> tuple[dict[str, float], dict[str, Tensor]]:
        return self._values, self._pools
