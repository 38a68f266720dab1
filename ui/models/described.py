"""A model in one line of Markdown."""

from __future__ import annotations

from math import prod

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.background import background_kind
from diabolo.ui.parts.plain_text import as_text

__all__ = ["described"]


def described(m: Manifest, device: str, say: dict[str, str]) -> str:
    """What a model takes, what it is, what it was trained on, and how large its code is.

    Args:
        m: the model's manifest.
        device: that it runs on.
        say: `SHARED` in one language.
    """
    channels, height, width = m.image_shape
    colour = say[m.colour].format(channels=channels)
    key = {"dark": "dark", "bright": "light", None: None}[background_kind(m.background)]
    size = say["own_size"].format(colour=colour) if m.any_size else f"{width} × {height} {colour}"
    parts = [
        size,
        *([say[key]] if key and not m.any_size else []),
        " · ".join(dict.fromkeys((as_text(m.variant), as_text(m.network)))),  # "conv" is the name of both
        say["trained_on"].format(dataset=as_text(m.dataset)),
        _latent(m, say),
        say["runs_on"].format(device=device),
    ]
    return "  ·  ".join(parts)


def _latent(m: Manifest, say: dict[str, str]) -> str:
    if m.any_size:
        return say["grid"].format(count=m.latent_shape[0], stride=m.any_size.latent_stride)
    count, shape = str(prod(m.latent_shape)), " × ".join(map(str, m.latent_shape))
    return say["latent"].format(count=count if shape == count else f"{shape} = {count}")
