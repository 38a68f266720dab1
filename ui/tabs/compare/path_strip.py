"""The straight path between two latents as a strip of pictures, with their marks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime._old_names import old_names
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import convert
from diabolo.ui.parts.inline_html import escaped, picture
from diabolo.ui.parts.marks import Marks, marks_of

__all__ = ["path_strip"]

__getattr__ = old_names(__name__, {"walk": "path_strip"})

_STEPS = 12


def path_strip(
    name: str,
    model: Autoencoder,
    ends: tuple[NDArray[np.float32], NDArray[np.float32]],
    classes: tuple[str, str],
    say: Mapping[str, str],
) -> str:
    """The path through one model's latent space as HTML.

    Args:
        name: the model's name.
        model: decodes the path.
        ends: the first and the last latent, float32 `(*latent_shape)`.
        classes: the classes that the ends are codes of.
        say: texts of `Context.say(compare.TEXTS, request)`, and those of `marks.TEXTS`.
    """
    shares = np.linspace(0, 1, _STEPS, dtype=np.float32)
    latents = np.stack([(1 - share) * ends[0] + share * ends[1] for share in shares])
    made = model.decode(latents)
    marks = marks_of(model, latents, made)
    frames = "".join(
        _frame(image, step, marks, say) for step, image in enumerate(convert.to_pil(made), start=1)
    )
    path = say["from_to"].format(start=classes[0], end=classes[1])
    return (
        f'<section class="path-strip"><p><b>{escaped(name)}</b> {escaped(path)}'
        f"{marks.legend(say)}</p><ol>{frames}</ol></section>"
    )


def _frame(image: Image.Image, step: int, marks: Marks, say: Mapping[str, str]) -> str:
    here = marks.at(step - 1)
    words = ", ".join(say[f"{mark}_short"] for mark in here)
    told = say["step"].format(step=step, count=_STEPS) + (f": {words}" if words else "")
    return f'<li class="{" ".join(here)}">{picture(image, told)}</li>'
