"""Help texts of `Config` that depend on the installed networks, and conversions of its values."""

from __future__ import annotations

from contextlib import suppress

from diabolo.runtime.errors import PluginError
from diabolo.train import networks

__all__ = [
    "AUGMENT_TEXT",
    "BATCH_SIZE_TEXT",
    "EPOCHS_TEXT",
    "last_part",
    "latent_dim_help",
    "network_help",
    "parse_names",
]

AUGMENT_TEXT = (
    "none with --crop, if the epochs are given, or from 1,000 images on; otherwise rotate:10, zoom:0.1, a "
    "shift of a twelfth of the image's smaller side and, below 300 images if the loss is the reconstruction "
    "error alone, mix:0.5"
)
EPOCHS_TEXT = "as many as make 3,500 steps, at least 10; fewer for large images"
BATCH_SIZE_TEXT = "128 if the epochs are given, otherwise 16 to 128, by the number and size of the images"


def parse_names(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError
    return names


def latent_dim_help() -> str:
    """A network of another package that cannot be loaded is an error when it is chosen, not in the help."""
    own = {}
    for name in networks.names():
        with suppress(PluginError):
            own[name] = networks.default_latent_dim(name)
    defaults = ", ".join(f"{count} with {name}" for name, count in own.items() if count)
    return f"Size of the latent vector, or the number of channels of a latent grid (default {defaults})."


def network_help() -> str:
    """Made when it is shown, since other packages may add networks."""
    return f"{', '.join(networks.names())}, or two classes of your own in a Python file, which is executed."


def last_part(path: str) -> str:
    """The last part of a path, since the rest means nothing on another machine."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]
