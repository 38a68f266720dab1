"""Defaults of `Config` that depend on the variant, the network and the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from diabolo.train import networks, variants
from diabolo.train.settings import Setting

__all__ = ["with_defaults"]


def with_defaults(
    known: Mapping[str, Setting],
    variant: variants.VariantBase,
    rates: Mapping[str, float],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """The settings given, completed by defaults of the variant, the network and the optimizer.

    Args:
        known: the settings of `Config`, by name.
        variant: has defaults for those that have none of their own.
        rates: the learning rate of each optimizer.
        given: values by name; None takes the default.
    """
    values = {key: value for key, value in given.items() if value is not None}
    values.setdefault("network", variant.default_network)
    if isinstance(values["network"], str) and (own := networks.default_latent_dim(values["network"])):
        values.setdefault("latent_dim", own)
    for name, one in known.items():
        if one.default is MISSING and hasattr(variant, f"default_{name}"):
            values.setdefault(name, getattr(variant, f"default_{name}"))
    if isinstance(values.get("optimizer"), str) and values["optimizer"] in rates:
        values.setdefault("lr", rates[values["optimizer"]])
    return values
