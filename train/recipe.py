"""A run's settings as a recipe: the TOML that `diabolo train VARIANT --recipe` reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from diabolo.train import variants
from diabolo.train.config import Config

__all__ = ["recipe"]

# where it ran, not what; the rest stands at the top or is the variant's
_APART = {"variant", "dataset", "latent_dim", "variant_options", "data_dir", "device", "precision"}
_APART |= {"compile", "tensorboard", "clip"}


def recipe(config: Config, dataset: str) -> str:
    """TOML with the variant, the dataset, the latent's size and every setting that is not the default.

    Args:
        config: of a run.
        dataset: what to call its set; a folder's path is nobody else's.

    Returns:
        Nothing for a run with another `clip`, which no recipe can say.
    """
    plain = Config.make(config.variant, config.dataset)
    if config.clip != plain.clip:
        return ""
    like = Config.make(config.variant, config.dataset, optimizer=config.optimizer)  # each has its own rate
    usual = asdict(plain) | {"lr": like.lr}
    own = asdict(variants.find(config.variant).Options())
    values: dict[str, Any] = {"variant": config.variant, "dataset": dataset, "latent_dim": config.latent_dim}
    values |= {name: value for name, value in config.variant_options.items() if value != own[name]}
    values |= {
        name: value for name, value in asdict(config).items() if name not in _APART and value != usual[name]
    }
    if "network" in values:
        values["network"] = config.network.replace("\\", "/").rsplit("/", 1)[-1]  # of a file, its name alone
    if config.image_size:
        values["image_size"] = "x".join(map(str, config.image_size))
    lines = (
        f"{name.replace('_', '-')} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in values.items()
    )
    return "".join(lines)
