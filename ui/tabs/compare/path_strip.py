"""The straight way between two latents as a strip of pictures; those unlike the data are marked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import convert
from diabolo.ui.parts.inline_html import escaped, picture
from diabolo.ui.tabs.compare.novelty import ground_of

__all__ = ["walk"]

_STEPS = 12


def walk(
    name: str,
    model: Autoencoder,
    ends: tuple[NDArray[np.float32], NDArray[np.float32]],
    classes: tuple[str, str],
    say: Mapping[str, str],
) -> str:
    """The way through one model as HTML.

    Args:
        name: the model's.
        model: decodes the way.
        ends: two latents `(*latent_shape)`.
        classes: what they are codes of.
        say: words of `Context.say(compare.TEXTS, request)`.
    """
    shares = np.linspace(0, 1, _STEPS, dtype=np.float32)
    latents = np.stack([(1 - share) * ends[0] + share * ends[1] for share in shares])
    made = model.decode(latents)
    ground = ground_of(model)
    strange = [False] * _STEPS if ground is None else ground.unlike(made).tolist()
    frames = ""
    for step, (image, hole) in enumerate(zip(convert.to_pil(made), strange, strict=True), 1):
        words = say["step"].format(step=step, count=_STEPS) + (say["in_hole"] if hole else "")
        frames += f"<li{' class=hole' if hole else ''}>{picture(image, words)}</li>"
    found = say["unknown"] if ground is None else say["holes_met"].format(count=sum(strange), of=_STEPS)
    way = say["way"].format(start=classes[0], end=classes[1])
    return (
        f'<section class="walk"><p><b>{escaped(name)}</b> {escaped(way)}'
        f'<span class="small-print">{escaped(found)}</span></p><ol>{frames}</ol></section>'
    )
