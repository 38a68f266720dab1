"""Networks whose models take pictures of any size."""

from __future__ import annotations

from typing import Any

from diabolo.train import networks
from diabolo.train.errors import OptionError

__all__ = ["multiple_of", "takes_any_size"]

_LARGEST = 256  # pixels


def takes_any_size(network: networks.Network) -> bool:
    """Whether the network's module has the function `stride`."""
    return hasattr(network.holder, "stride")


def multiple_of(network: networks.Network, crop: int, options: dict[str, Any]) -> int:
    """What the sides of pictures are multiples of: the pixels of one step of the latent's grid.

    Args:
        network: that is trained on crops.
        crop: their side, in pixels.
        options: as in `Network.latent_shape`.

    Raises:
        OptionError: its models take images of one size, or the crop is not a multiple of that.
    """
    if not takes_any_size(network):
        others = [name for name in networks.names() if takes_any_size(networks.find(name))]
        raise OptionError(
            f"--crop needs a network that takes pictures of any size, and {network.name!r} takes one size. "
            f"Use --network {' or '.join(others)}, or resize the pictures: --image-size instead of --crop."
        )
    step = network.holder.stride(**network.given(options))
    if type(step) is not int or not 1 <= step <= _LARGEST:
        raise OptionError(
            f"{network.name}.stride returns {step!r}; it must be a whole number from 1 to {_LARGEST}."
        )
    if crop % step:
        raise OptionError(
            f"--crop {crop} is not a multiple of {step}, the stride of the network {network.name!r}. "
            f"Give --crop {-(-crop // step) * step}, or a network with a smaller stride."
        )
    return step
