"""Networks, one file each: a module with two classes, `Encoder` and `Decoder`.

    Encoder(image_shape, outputs)      (batch, channels, height, width) in [0, 1] -> (batch, outputs)
    Decoder(image_shape, latent_dim)   (batch, latent_dim) -> logits (batch, channels, height, width)

The decoder returns logits; the model adds its offset and the sigmoid.
"""

from __future__ import annotations

from types import ModuleType

from diabolo.runtime import _discovery

__all__ = ["find", "names"]


def names() -> list[str]:
    """The networks found on disk, by name."""
    return _discovery.names(__name__)


def find(name: str) -> ModuleType:
    """The file of the network called `name`.

    Raises:
        UnknownNameError: there is none of that name.
    """
    return _discovery.find(__name__, name, "network")
