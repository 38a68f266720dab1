"""The straight path between two latents as a strip of pictures; those unlike the data are marked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import convert
from diabolo.ui.parts.inline_html import escaped, picture
from diabolo.ui.tabs.compare.novelty import novelty_of

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
        say: texts of `Context.say(compare.TEXTS, request)`.
    """
    shares = np.linspace(0, 1, _STEPS, dtype=np.float32)
    latents = np.stack([(1 - share) * ends[0] + share * ends[1] for share in shares])
    made = model.decode(latents)
    novelty = novelty_of(model)
    novel = [False] * _STEPS if novelty is None else novelty.novel(made).tolist()
    frames = ""
    for step, (image, hole) in enumerate(zip(convert.to_pil(made), novel, strict=True), 1):
        words = say["step"].format(step=step, count=_STEPS) + (say["in_hole"] if hole else "")
        frames += f"<li{' class=hole' if hole else ''}>{picture(image, words)}</li>"
    found = say["unknown"] if novelty is None else say["holes_met"].format(count=sum(novel), of=_STEPS)
    path = say["from_to"].format(start=classes[0], end=classes[1])
    return (
        f'<section class="path-strip"><p><b>{escaped(name)}</b> {escaped(path)}'
        f'<span class="small-print">{escaped(found)}</span></p><ol>{frames}</ol></section>'
    )
