"""The endpoints for interpolation, for programs; their components are hidden on the page."""

from __future__ import annotations

from dataclasses import dataclass
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
from diabolo.ui.parts.examples import example_path, example_pictures
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.texts import Texts
from diabolo.ui.refused import refusal
from diabolo.ui.tabs.interpolate.film import rendered
from diabolo.ui.work import check_pictures, stop_if_disconnected

__all__ = ["endpoints", "grid_of"]

_MOST = 32  # pictures in one request


def _info(_self: gr.JSON) -> dict[str, Any]:
    return {"type": "object", "description": "a path in the format diabolo-path, see docs/interpolation.md"}


_Path = subclass(gr.JSON, api_info=_info, preprocess=identity, postprocess=identity)


@dataclass(kw_only=True)
class _Fields:
    """The hidden components by whose labels programs name arguments and results."""

    a: gr.Image
    b: gr.Image
    images: gr.File
    steps: gr.Number
    size: gr.Number
    method: gr.Radio
    path: gr.JSON
    strip: gr.Image
    animation: gr.Image
    grid: gr.Image
    hint: gr.Textbox


def endpoints(context: Context, texts: Texts) -> None:
    """Publish `/interpolate`, `/interpolate_path`, `/interpolate_grid` and `/render_path`."""
    with gr.Row(visible=False):
        a, b, strip, animation, grid = (pixels(name) for name in ("a", "b", "strip", "animation", "grid"))
        fields = _Fields(
            a=a,
            b=b,
            images=FileInput(file_count="multiple", label="images"),
            steps=gr.Number(12, label="steps"),
            size=gr.Number(8, label="size"),
            method=gr.Radio(list(METHODS), value=next(iter(METHODS)), label="method"),
            path=_Path(label="path"),
            strip=strip,
            animation=animation,
            grid=grid,
            hint=gr.Textbox(label="hint"),
        )
        _interpolate(context, texts, fields)
        _interpolate_path(context, fields)
        _render_path(context, fields)
        _interpolate_grid(context, fields)


def _interpolate(context: Context, texts: Texts, fields: _Fields) -> None:
    def interpolate(
        model: str, a: str | None, b: str | None, steps: float, method: str, request: gr.Request
    ) -> tuple[str, str]:
        """Decode the codes on the path from one picture to another.

        Args:
            model: the model's name.
            a: a picture of any size, where the path starts.
            b: a picture of any size, where it ends.
            steps: how many pictures, both ends included.
            method: linear, spherical or standardised.

        Returns:
            A strip of all pictures (PNG), and an animation there and back (GIF).
        """
        if a is None or b is None:
            raise refusal(context.say(texts, request)["both"])
        with shown_errors():
            return _files(context, *_path_through(context, model, [a, b], steps, method))

    gr.Button().click(
        interpolate,
        [context.chooser, fields.a, fields.b, fields.steps, fields.method],
        [fields.strip, fields.animation],
        **context.endpoint("interpolate", "strip", "animation"),
    )


def _interpolate_path(context: Context, fields: _Fields) -> None:
    def interpolate_path(
        model: str, images: list[Any] | None, steps: float, method: str
    ) -> tuple[str, str, dict[str, Any]]:
        """Decode the codes on the path through several pictures.

        Args:
            model: the model's name.
            images: two to 32 pictures of any size, the key frames in order.
            steps: how many pictures from one key frame to the next, both included.
            method: linear, spherical or standardised.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and the path, which
            `/render_path` and `diabolo interpolate --path` draw again.
        """
        with shown_errors():
            opened, path = _path_through(context, model, images or [], steps, method)
            return *_files(context, opened, path), path.document()

    gr.Button().click(
        interpolate_path,
        [context.chooser, fields.images, fields.steps, fields.method],
        [fields.strip, fields.animation, fields.path],
        **context.endpoint("interpolate_path", "strip", "animation", "path", images=example_pictures(2)),
    )


def _render_path(context: Context, fields: _Fields) -> None:
    def render_path(model: str, path: dict[str, Any]) -> tuple[str, str, str]:
        """Decode a path that was saved before.

        Args:
            model: the model's name; its latent must have the path's shape.
            path: the path, as `/interpolate_path` returns it.

        Returns:
            A strip of all pictures (PNG), an animation there and back (GIF), and a note if the path
            was made with another model.
        """
        with shown_errors():
            opened = context.model(model)
            found = read(path if isinstance(path, dict | str) else "")
            return *_files(context, opened, found), found.check(opened.manifest)

    gr.Button().click(
        render_path,
        [context.chooser, fields.path],
        [fields.strip, fields.animation, fields.hint],
        **context.endpoint("render_path", "strip", "animation", "note", path=example_path(context)),
    )


def _interpolate_grid(context: Context, fields: _Fields) -> None:
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
            opened, path = _path_through(context, model, images or [], size, method)
            with context.turn(path.steps**2, opened.manifest.image_shape):
                return context.keep(grid_of(opened, path), "grid.png")

    gr.Button().click(
        interpolate_grid,
        [context.chooser, fields.images, fields.size, fields.method],
        fields.grid,
        **context.endpoint("interpolate_grid", "grid", images=example_pictures(4)),
    )


def _path_through(
    context: Context, model: str, given: list[Any], steps: float, method: str
) -> tuple[Autoencoder, LatentPath]:
    """The model called `model`, and the path through the codes of the pictures in its latent space."""
    opened = context.model(model)
    if len(given) > _MOST:
        raise UsageError(f"{len(given)} pictures are too many: one request takes at most {_MOST}.")
    seen = []
    for picture in given:
        stop_if_disconnected()
        seen.append(context.see(model, str(picture)).image)
    return opened, LatentPath.through(opened, seen, steps=_whole(steps), method=method)


def _files(context: Context, model: Autoencoder, path: LatentPath) -> tuple[str, str]:
    """The strip and the animation."""
    strip, animation = rendered(context, model, path, "PNG", "GIF")
    return context.keep(strip, "strip.png"), context.keep(animation, "path.gif")


def grid_of(model: Autoencoder, path: LatentPath) -> bytes:
    """The grid between a path's four key latents, as the PNG that `diabolo interpolate --grid` writes.

    Raises:
        UsageError: the path does not have four keys, or more pictures than a request may ask for.
    """
    m = model.manifest
    check_pictures(path.steps**2, m.image_shape)
    latents = path.grid(m).reshape(-1, *m.latent_shape)
    return mosaic.render(to_pil(model.decode(latents)), "PNG", columns=path.steps)


def _whole(number: float) -> int:
    if number != int(number):
        raise UsageError(f"steps must be a whole number, not {number}.")
    return int(number)
