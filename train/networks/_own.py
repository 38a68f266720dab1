"""A user's own network, loaded from a Python file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diabolo.train.errors import OptionError
from diabolo.train.userfile import execute

__all__ = ["load"]


def load(path: Path, name: str) -> Any:
    """Execute the file; return its class `name`, or the module if `name` is empty.

    Raises:
        OptionError: the file is missing, fails, or lacks the class `name`, `Encoder` or `Decoder`.
    """
    module = execute(path)
    if name and not hasattr(module, name):
        there = sorted(key for key, value in vars(module).items() if isinstance(value, type))
        raise OptionError(f"{path} has no class {name!r}; it has {', '.join(there) or 'none'}.")
    holder = getattr(module, name) if name else module
    lacking = [part for part in ("Encoder", "Decoder") if not callable(getattr(holder, part, None))]
    if lacking:
        where = f"{name} in {path}" if name else str(path)
        raise OptionError(
            f"{where} has no {' and no '.join(lacking)}. A network is two classes: "
            "Encoder(image_shape, outputs) and Decoder(image_shape, latent_dim); for a latent that is a grid "
            "also latent_shape(image_shape, latent_dim)."
        )
    return holder
