"""Settings of `Config` that do not go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diabolo.train import networks, variants
from diabolo.train.errors import OptionError

__all__ = ["check_network", "check_noise", "check_noisy", "multiple_of"]

_LARGEST_STRIDE = 256  # pixels


def check_network(name: str, variant: variants.VariantBase, network: str, options: Mapping[str, Any]) -> None:
    """Check that the variant called `name` runs on the network, which takes these options of its own.

    Raises:
        OptionError: it runs on others only, or the network does not take them.
    """
    if variant.networks is not None and network not in variant.networks:
        raise OptionError(
            f"variant {name!r} runs on the network {' or '.join(variant.networks)} only, not {network!r}. "
            f"Use --network {variant.networks[0]}, or another variant."
        )
    if options and not networks.is_own(network):  # a user's file is not executed here
        networks.find(network).make_options(dict(options))


def check_noisy(name: str, variant: variants.VariantBase, noisy: str | None, crop: int | None) -> None:
    """Check that the variant called `name` takes given noisy pictures, if there are any, and as crops.

    Raises:
        OptionError: it does not, or they would be resized.
    """
    if noisy is None:
        return
    if not variant.takes_noisy:
        able = [other for other in variants.names() if variants.find(other).Variant.takes_noisy]
        raise OptionError(
            f"--noisy is for the variant {' or '.join(able)}, which learns to clean pictures, not for "
            f"{name!r}. Leave --noisy out, or train {able[0]}."
        )
    if crop is None:
        raise OptionError("--noisy needs --crop: pictures that are resized lose their noise. Add --crop 64.")


def check_noise(name: str, options: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Check that the variant called `name` is not to add noise of its own, if noisy pictures are given.

    Raises:
        OptionError: its option `noise` is not the default.
    """
    usual = getattr(variants.find(name).Options(), "noise", None)
    if given.get("noisy") is not None and options.get("noise", usual) != usual:
        raise OptionError(
            "--noise adds noise, and --noisy gives pictures that have it. Leave one of them out."
        )


def multiple_of(crop: int, network: networks.Network, layers: Mapping[str, Any]) -> int:
    """What the sides of pictures must be multiples of: the network's stride.

    Args:
        crop: the side of the crops.
        network: the network.
        layers: what it is made with.

    Raises:
        OptionError: the network does not take pictures of any size, or the crop is not a multiple.
    """
    if not network.takes_any_size:
        others = [name for name in networks.names() if networks.find(name).takes_any_size]
        raise OptionError(
            f"--crop needs a network that takes pictures of any size, and {network.name!r} takes one size. "
            f"Use --network {' or '.join(others)}, or resize the pictures: --image-size instead of --crop."
        )
    step = network.holder.stride(**network.given(layers))
    if type(step) is not int or not 1 <= step <= _LARGEST_STRIDE:
        raise OptionError(
            f"{network.name}.stride returns {step!r}; it must be a whole number from 1 to {_LARGEST_STRIDE}."
        )
    if crop % step:
        raise OptionError(
            f"--crop {crop} is not a multiple of {step}, the stride of the network {network.name!r}. "
            f"Give --crop {-(-crop // step) * step}, or a network with a smaller stride."
        )
    return step
