"""What comes before the first step: the model, the training budget, the trainer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from diabolo.train import networks, variants
from diabolo.train.batches.held_out import brightness, learned_and_held
from diabolo.train.budget import announced, augmentation, decide, flops_per_image
from diabolo.train.callbacks import Callback
from diabolo.train.config import Config
from diabolo.train.datasets import Crops, ImageData, Split
from diabolo.train.distributed import Distributed
from diabolo.train.model import Model
from diabolo.train.run import Run
from diabolo.train.trainer import Trainer
from diabolo.train.variants import VariantBase

__all__ = ["build", "decide_budget", "decide_options", "prepare"]

_SHOWN = 64  # images that a variant chooses its options by


def decide_options(config: Config, data: ImageData, callback: Callback, distributed: Distributed) -> Config:
    """The config with what the user left to the images: variant options, crop; the same in every process."""
    images = learned_and_held(data, config.seed)[0]
    if isinstance(images, Crops):  # of a dataset whose images keep their size, whether asked to or not
        config = replace(config, crop=data.image_shape[1])
    index = np.unique(np.linspace(0, len(images) - 1, _SHOWN).astype(np.intp))
    variant = variants.make(config.variant, config.variant_options)
    suited = variant.suited(images[index].astype(np.float32) / np.float32(255))
    chosen = {name: value for name, value in suited.items() if config.variant_options.get(name) is None}
    if chosen and distributed.is_main:
        told = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in chosen.items())
        callback.note(f"chosen for these images: {told}")
    return replace(config, variant_options=config.variant_options | chosen)


def build(config: Config, network: networks.Network, data: ImageData) -> tuple[VariantBase, Model]:
    """The variant and the untrained model, its weights initialised with the run's seed."""
    torch.manual_seed(config.seed)
    return config.build(data.image_shape, network)


def decide_budget(
    config: Config,
    built: tuple[VariantBase, Model],
    data: ImageData,
    callback: Callback,
    distributed: Distributed,
) -> Config:
    """The config with what the user left to the number of images; the same in every process."""
    images = len(learned_and_held(data, config.seed)[0])
    chosen = decide(config, images, 0 if config.epochs else flops_per_image(*built))
    chosen = replace(chosen, augment=augmentation(config, images, data.image_shape))
    if config.epochs is None and distributed.is_main:
        callback.note(announced(chosen, images, *built))
        if chosen.augment != (config.augment or ""):
            callback.note(
                f"{images:,} images are few, so each is changed a little at every step: "
                f"--augment {chosen.augment}. To train on the images as they are: --augment none"
            )
    return chosen


def prepare(
    run: Run,
    built: tuple[VariantBase, Model],
    data: ImageData,
    callback: Callback,
    distributed: Distributed,
) -> Trainer:
    """The trainer of a run, with the images to learn from and those held out."""
    images, held = learned_and_held(data, run.config.seed)
    variant, model = built
    model.set_mean(torch.from_numpy(brightness(images)).float())
    return Trainer(
        run=run,
        variant=variant,
        model=model,
        images=images,
        validation=Split(images=held),
        distributed=distributed,
        callback=callback,
    )
