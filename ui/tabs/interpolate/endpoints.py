"""Interpolation for programs: the endpoints, unseen on the page."""

from __future__ import annotations

from typing import Any

import gradio as gr

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image import mosaic
from diabolo.runtime.image.convert import to_pil
from diabolo.runtime.latent.interpolation import METHODS
from diabolo.runtime.latent.path import LatentPath, read
from diabolo.ui.components import identity, subclass
from diabolo.ui.files.incoming import FileInput
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.texts import Texts
from diabolo.ui.tabs.interpolate.film import rendered
from diabolo.ui.work import check_pictures, stop_if_disconnected

__all__ = ["endpoints", "grid_of"]

_MOST = 32  # pictures that one request brings


def _info(_self: gr.JSON) -> dict[str, Any]:
    return {"type": "object", "description": "a path: format diabolo-path, as docs/interpolation.md has it"}


_Path = subclass(gr.JSON, api_info=_info, preprocess=identity, postprocess=identity)


def endpoints(context: Context, texts: Texts) -> None:
    """Publish `/interpolate`, `/interpolate_path`, `/interpolate_grid` and `/render_path`."""

    def through(model: str, given: list[Any], steps: float, method: str) -> tuple[Autoencoder, LatentPath]:
        opened = context.model(model)
        if len(given) > _MOST:
            raise UsageError(f"{len(given)} pictures are too many: one request takes at most {_MOST}.")
        seen = []
        for picture in given:
            stop_if_disconnected()
            seen.append(context.see(model, str(picture)).image)
        return opened, LatentPath.through(opened, seen, steps=_whole(steps), method=method)

    def both(opened: Autoencoder, path: LatentPath) -> tuple[str, str]:
        strip, animation = rendered(context, opened, path, "PNG", "GIF")
        return context.keep(strip, "strip.png"), context.keep(animation, "way.gif")

    def interpolate(
        model: str, a: str | None, b: str | None, steps: float, method: str, request: gr.Request
    ) -> tuple[str | None, str | None, str]:
        """Decode the codes on the way from one picture to another.

        Args:
            model: the model's name.
            a: a picture of any size, where the way begins.
            b: a picture of any size, where it ends.
            steps: how many pictures, both ends included.
            method: linear, spherical or standardised.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and a hint when a
            picture is missing.
        """
        if a is None or b is None:
            return None, None, context.say(texts, request)["both"]
        with shown_errors():
            return *both(*through(model, [a, b], steps, method)), ""

    def interpolate_path(
        model: str, images: list[Any] | None, steps: float, method: str
    ) -> tuple[str, str, dict[str, Any]]:
        """Decode the codes on the way through several pictures.

        Args:
            model: the model's name.
            images: two to 32 pictures of any size, the key frames in their order.
            steps: how many pictures from one key frame to the next, both included.
            method: linear, spherical or standardised.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and the path, which
            `/render_path` and `diabolo interpolate --path` draw again.
        """
        with shown_errors():
            opened, path = through(model, images or [], steps, method)
            return *both(opened, path), path.document()

    def render_path(model: str, path: dict[str, Any]) -> tuple[str, str, str]:
        """Decode a path that was saved before.

        Args:
            model: the model's name; of the latent shape that the path has.
            path: the path, as `/interpolate_path` returns it.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and a note when the path
            was made with another model.
        """
        with shown_errors():
            opened = context.model(model)
            way = read(path if isinstance(path, dict | str) else "")
            return *both(opened, way), way.check(opened.manifest)

    def interpolate_grid(model: str, images: list[Any] | None, size: float, method: str) -> str:
        """Decode a grid between four pictures.

        Args:
            model: the model's name.
            images: four pictures of any size: top left, top right, bottom left, bottom right.
            size: how many pictures on each side, corners included.
            method: linear, spherical or standardised.

        Returns:
            The grid (PNG).
        """
        with shown_errors():
            opened, path = through(model, images or [], size, method)
            with context.turn(path.steps**2, opened.manifest.image_shape):
                return context.keep(grid_of(opened, path), "grid.png")

    with gr.Row(visible=False):
        a, b, strip, animation, grid = (pixels(name) for name in ("a", "b", "strip", "animation", "grid"))
        images = FileInput(file_count="multiple", label="images")
        steps, size = gr.Number(12, label="steps"), gr.Number(8, label="size")
        method = gr.Radio(list(METHODS), value=next(iter(METHODS)), label="method")
        path, hint = _Path(label="path"), gr.Textbox(label="hint")
        two, many, again, four = (gr.Button() for _ in range(4))
    model, drawn = context.chooser, [strip, animation]
    two.click(interpolate, [model, a, b, steps, method], [*drawn, hint], **context.endpoint("interpolate"))
    many.click(
        interpolate_path,
        [model, images, steps, method],
        [*drawn, path],
        **context.endpoint("interpolate_path"),
    )
    again.click(render_path, [model, path], [*drawn, hint], **context.endpoint("render_path"))
    four.click(interpolate_grid, [model, images, size, method], grid, **context.endpoint("interpolate_grid"))


def grid_of(model: Autoencoder, path: LatentPath) -> bytes:
    """A path's four keys as the corners of a grid, PNG: as `diabolo interpolate --grid` writes it.

    Raises:
        UsageError: other than four keys, or more pictures than one request may ask for.
    """
    m = model.manifest
    check_pictures(path.steps**2, m.image_shape)
    latents = path.grid(m).reshape(-1, *m.latent_shape)
    return mosaic.drawn(to_pil(model.decode(latents)), "PNG", columns=path.steps)


def _whole(number: float) -> int:
    if number != int(number):
        raise UsageError(f"steps must be a whole number, not {number}.")
    return int(number)
