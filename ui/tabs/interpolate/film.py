"""A path through the latent space on the page: a player, the strip below it, and files to download."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib import resources
from typing import Any

import gradio as gr

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import DiaboloError, UnknownNameError, UsageError
from diabolo.runtime.image import mosaic
from diabolo.runtime.image.convert import to_pil
from diabolo.runtime.latent.path import LatentPath, read
from diabolo.ui.drawing import draw_in_subprocess
from diabolo.ui.parts.context import Context
from diabolo.ui.parts.data_url import data_url
from diabolo.ui.parts.marks import marks_of
from diabolo.ui.server_functions import report_errors
from diabolo.ui.work import check_frames, check_pictures, large, stop_if_disconnected

__all__ = ["film", "film_of", "rendered"]

_LONGEST = 4_000_000  # characters of a path
_KINDS = ("GIF", "PNG", "WEBP")


def film(context: Context) -> gr.HTML:
    """The player. Its value is what `film_of` makes, or {"words": ...} if there is nothing to play.

    With "greeting" in the value as well, the player keeps what it is playing.
    """

    def film_file(asked: Mapping[str, Any]) -> dict[str, str]:
        """A file of a path: base64 as 'data', or a message as 'problem'."""
        try:
            kind = str(asked["kind"]).upper()
            if kind not in _KINDS:
                raise UnknownNameError("kind of file", str(asked["kind"]), map(str.lower, _KINDS))
            text = str(asked["path"])
            if len(text) > _LONGEST:
                raise UsageError(f"a path has at most {_LONGEST:,} characters here, not {len(text):,}.")
            (content,) = rendered(context, context.model(str(asked["model"])), read(text), kind)
        except DiaboloError as error:
            return {"problem": str(error)}
        return {"data": base64.b64encode(content).decode()}

    files = resources.files("diabolo.ui.tabs.interpolate")
    return gr.HTML(
        {"words": {}},
        html_template=files.joinpath("film.html").read_text("utf-8"),
        js_on_load=files.joinpath("film.js").read_text("utf-8"),
        apply_default_css=False,
        server_functions=[report_errors(film_file)],
        elem_classes="film-part",
    )


def rendered(context: Context, model: Autoencoder, path: LatentPath, *kinds: str) -> list[bytes]:
    """A path as files, as `diabolo interpolate --path` writes them.

    Args:
        context: gives large work its turn.
        model: decodes the path.
        path: through the model's latent space.
        kinds: 'PNG' for a strip, 'GIF' or 'WEBP' for an animation.

    Raises:
        LatentError: the path does not fit the model.
        UsageError: the path has more pictures than a request may ask for.
    """
    m, count = model.manifest, (len(path.keys) - 1) * (path.steps - 1) + 1
    path.check(m)
    size = _drawn(m)
    check_pictures(count, m.image_shape)
    check_frames(count, size)
    with context.turn(count, size):
        frames, legs = to_pil(model.decode(path.latents(m))), len(path.keys) - 1
        apart = large(count, size)
        return [
            draw_in_subprocess(frames, kind, legs, stop_if_disconnected)
            if apart and kind != "PNG"
            else mosaic.render(frames, kind, legs=legs)
            for kind in kinds
        ]


def _drawn(m: Manifest) -> tuple[int, int]:
    """The size of an animation's frame in pixels, `(width, height)`."""
    height, width = m.image_shape[1:]
    scale = mosaic.enlargement((width, height), mosaic.FRAME)
    return width * scale, height * scale


def film_of(
    context: Context, name: str, model: Autoencoder, path: LatentPath, words: Mapping[str, str]
) -> dict[str, Any]:
    """The player's value for a path.

    Args:
        context: gives large work its turn.
        name: the model's name in the app.
        model: decodes the path.
        path: through the model's latent space.
        words: the tab's texts and those of `marks` in one language.

    Raises:
        UsageError: the path has more pictures than a request may ask for.
    """
    shape, count = model.manifest.image_shape, (len(path.keys) - 1) * (path.steps - 1) + 1
    check_pictures(count, shape)
    with context.turn(count, shape):
        latents = path.latents(model.manifest)
        images = model.decode(latents)
        marks = marks_of(model, latents, images)
        strip = mosaic.render(to_pil(images), "PNG", scale=1)
    return {
        "model": name,
        "file": model.manifest.name,
        "path": path.dumps(),
        "strip": data_url(strip),
        "count": len(images),
        "steps": path.steps,
        "pace": mosaic.frame_duration(len(images), len(path.keys) - 1),
        "marks": [marks.at(index) for index in range(len(images))],
        "legend": marks.legend(words),
        "words": dict(words),
    }
