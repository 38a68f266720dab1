"""A run's settings as a recipe: the TOML that `diabolo train VARIANT --recipe` reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from diabolo.train import networks, variants
from diabolo.train.config import Config
from diabolo.train.settings import settings

__all__ = ["recipe"]

# these come first, or belong to the variant or the network
_OWN = {"variant", "dataset", "latent_dim", "variant_options", "network_options"}


def recipe(config: Config, dataset: str) -> str:
    """TOML with the variant, the dataset, the latent's size and every setting that is not the default.

    Args:
        config: of a run.
        dataset: the name to give for its dataset, since the path of a folder is of no use to others.

    Returns:
        The recipe; '' if a recipe cannot express the settings: another `clip`, or options of a user's own
        network.
    """
    known = settings(Config)
    changed = {name: value for name, value in _changed(config).items() if name not in _OWN}
    if not all(known[name].rules.option for name in changed):
        return ""
    if config.network_options and networks.is_own(config.network):
        return ""
    own = asdict(variants.find(config.variant).Options())
    values: dict[str, Any] = {"variant": config.variant, "dataset": dataset, "latent_dim": config.latent_dim}
    values |= {name: value for name, value in config.variant_options.items() if value != own[name]}
    values |= _network_options(config)
    values |= {
        name: known[name].write(value) for name, value in changed.items() if not known[name].rules.local
    }
    lines = (
        f"{name.replace('_', '-')} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in values.items()
    )
    return "".join(lines)


def _network_options(config: Config) -> dict[str, Any]:
    """Those of the network that are not its defaults."""
    if not config.network_options:
        return {}
    usual = settings(networks.find(config.network).options_class)
    return {
        name: usual[name].write(value)
        for name, value in config.network_options.items()
        if value != usual[name].default
    }


def _changed(config: Config) -> dict[str, Any]:
    """The settings that are not the defaults of the variant and the optimizer."""
    usual = asdict(Config.make(config.variant, config.dataset))
    usual |= {"lr": Config.make(config.variant, config.dataset, optimizer=config.optimizer).lr}
    return {name: value for name, value in asdict(config).items() if value != usual[name]}
