"""How long a training takes if the user does not say: the epochs, the batch size and the validations.

An epoch of a small folder is a few steps, so a fixed number of epochs would teach a model nothing. What is
fixed is the number of optimizer steps, within a bound on the arithmetic. The rule reads no clock: the same
images and settings give the same training on every machine, and in every process of a distributed one.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from diabolo.train.config import Config
from diabolo.train.errors import RunError
from diabolo.train.model import Model
from diabolo.train.optim.optimizer import make_optimizer
from diabolo.train.step import Step
from diabolo.train.variants import VariantBase, find

__all__ = [
    "announced",
    "augmentation",
    "decide",
    "decided",
    "epochs_since_validation",
    "few_steps",
    "flops_per_image",
]

_BATCH_SIZE = 128  # if the epochs are given and the batch size is not
_STEPS = 3500  # 10 epochs of MNIST are 4,300 steps
_EPOCHS = 10  # at least, so that a large set is not seen only once or twice
_FLOPS = 4e13  # at most, so that large images do not take hours
_BATCH_SIZES = (128, 64, 32, 16)
_STEPS_PER_EPOCH = 32  # at least, as long as a batch size is left to choose
_VALIDATIONS = 50  # about; each writes a checkpoint
_MOST_EPOCHS = 100_000
_FEW_IMAGES = 1000
_VERY_FEW_IMAGES = 300  # docs/benchmarks.md: mixing helps 165 images, and is a loss for 330
_SHIFT = 12  # the smaller side of an image, in shifts
_FEW_STEPS = 500  # hardly more than the warm-up of the learning rate
_TIMED = 0.3  # seconds


def decide(config: Config, images: int, flops: int) -> Config:
    """The config with `epochs`, `batch_size` and `validate_every` set; those that are set already stay.

    Without `epochs`, the batch size is the largest of 128, 64, 32 and 16 that leaves 32 steps per epoch and
    lets 3,500 steps take at most 4e13 floating-point operations, or the variant's `smallest_batch` if that is
    more. The epochs make 3,500 steps and are at least 10, unless that many take more operations: then there
    are fewer, at least 1. With `epochs`, the batch size is 128, and every epoch ends with a validation.

    Args:
        config: of the training.
        images: to train on, without those held out.
        flops: floating-point operations of a training step per image.
    """
    if config.epochs is not None:
        return replace(
            config,
            batch_size=config.batch_size or _BATCH_SIZE,
            validate_every=config.validate_every or 1,
        )
    affordable = _FLOPS / max(1, flops)  # images
    least = find(config.variant).Variant.smallest_batch
    batch = config.batch_size or max(least, _batch_size(images, affordable))
    wanted = max(_EPOCHS, round(_STEPS / math.ceil(images / batch)))
    epochs = max(1, min(wanted, int(affordable / images), _MOST_EPOCHS))
    every = config.validate_every or max(1, epochs // _VALIDATIONS)
    return replace(config, epochs=epochs, batch_size=batch, validate_every=every)


def augmentation(config: Config, images: int, image_shape: tuple[int, int, int]) -> str:
    """How the training images are augmented; what the user says stays.

    A few hundred images are soon learned by heart. If the epochs are not given, fewer than 1,000 images are
    shifted by up to a twelfth of the smaller side, rotated by up to 10 degrees and zoomed by up to a tenth;
    fewer than 300 are also mixed with up to half of another, if the variant is `mixable`. They are not
    mirrored: a mirrored letter is unlike all letters. Crops are moved, mirrored and turned anyway.

    Args:
        config: before its epochs are decided.
        images: to train on.
        image_shape: `(channels, height, width)`.
    """
    if config.augment is not None:
        return config.augment
    if config.epochs is not None or config.crop is not None or images >= _FEW_IMAGES:
        return ""
    moved = f"shift:{min(64, max(1, round(min(image_shape[1:]) / _SHIFT)))},rotate:10,zoom:0.1"
    mixed = images < _VERY_FEW_IMAGES and find(config.variant).Variant.mixable
    return f"{moved},mix:0.5" if mixed else moved


def decided(config: Config) -> tuple[int, int, int]:
    """The epochs, the batch size, and the epochs from one validation to the next, of a run's config.

    Raises:
        RunError: they are not decided.
    """
    if config.epochs is None or config.batch_size is None:
        missing = "epochs" if config.epochs is None else "batch_size"
        raise RunError(f"config.json cannot be used: it has no {missing}. Train again.")
    return config.epochs, config.batch_size, config.validate_every or 1  # 1 in runs of older releases


def epochs_since_validation(epoch: int, every: int, rows: Sequence[Mapping[str, float]]) -> int:
    """How many epochs have passed since the last validation, before this one's.

    Args:
        epoch: epochs done, at least 1.
        every: epochs from one validation to the next.
        rows: the history until the last validation.
    """
    first = (epoch - 1) // every * every
    if rows and every > 1:  # a run that was given more epochs may have ended between two multiples
        first = max(first, int(rows[-1]["epoch"]))
    return epoch - first


def _batch_size(images: int, affordable: float) -> int:
    most = min(images / _STEPS_PER_EPOCH, affordable / _STEPS)
    return next((size for size in _BATCH_SIZES if size <= most), _BATCH_SIZES[-1])


def flops_per_image(variant: VariantBase, model: Model) -> int:
    """The floating-point operations of the loss and its gradient, per image; those of matrix products count.

    The model and the global random state are left as they are.
    """
    images = 2  # some layers, such as batch normalisation, refuse a single one
    own = copy.deepcopy(model).train()
    device = own.offset.device
    with _own_randomness(device), FlopCounterMode(display=False) as counter:
        batch = torch.zeros(images, *model.image_shape, device=device)
        variant.loss(own, batch, Step(0, 0, device)).objective.backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops() // images)


def _own_randomness(device: torch.device) -> AbstractContextManager[None]:
    """Leave the global random state of the CPU and of this device as it is; other GPUs are not touched."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])


def announced(config: Config, images: int, variant: VariantBase, model: Model) -> str:
    """What was decided, and how long the training is going to take, in words.

    Args:
        config: with all that is decided.
        images: to train on.
        variant: gives the loss.
        model: is left as it is.
    """
    epochs, batch_size, every = decided(config)
    steps = epochs * math.ceil(images / batch_size)
    lasts = _rounded(steps * _seconds_per_step(config, batch_size, variant, model))
    often = "after each epoch" if every == 1 else f"every {every:,} epochs"
    return (
        f"{epochs:,} epochs with batch size {batch_size}, {steps:,} steps in all, validated {often}: "
        f"about {lasts} on {config.device}. Choose them yourself: --epochs, --batch-size"
    )


def few_steps(steps: int) -> str:
    """What to say of a poor model that was trained for so few steps; '' of any other.

    Args:
        steps: of the optimizer, in all epochs together.
    """
    if steps >= _FEW_STEPS:
        return ""
    made = f"{steps} {'step' if steps == 1 else 'steps'}"
    return f"the training made only {made}; small images get about {_STEPS:,} if --epochs is not given."


def _rounded(seconds: float) -> str:
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"


def _seconds_per_step(config: Config, batch_size: int, variant: VariantBase, model: Model) -> float:
    """Measured with a copy of the model."""
    device = torch.device(config.device)
    own = copy.deepcopy(model).to(device).train()
    optimizer = make_optimizer(own, config)
    batch = torch.full((batch_size, *model.image_shape), 0.5, device=device)
    with _own_randomness(device):
        _one_step(config, variant, own, optimizer, batch)  # the first one allocates memory
        began, steps = time.perf_counter(), 0
        while steps == 0 or (time.perf_counter() - began < _TIMED and steps < 20):
            _one_step(config, variant, own, optimizer, batch)
            steps += 1
    return (time.perf_counter() - began) / steps


def _one_step(
    config: Config,
    variant: VariantBase,
    model: Model,
    optimizer: torch.optim.Optimizer,
    batch: torch.Tensor,
) -> None:
    with torch.autocast(batch.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        loss = variant.loss(model, batch, Step(0, 0, batch.device))
    optimizer.zero_grad(set_to_none=True)
    loss.objective.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    float(loss.objective.detach())  # waits for a GPU
