"""Generate pictures: draw random latents and decode them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import ceil, prod, sqrt
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image import convert, mosaic
from diabolo.runtime.image.photo.scene import has_scene
from diabolo.runtime.latent.space import LatentSpace
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.marks import Marks, marks_of
from diabolo.ui.parts.numbers import record
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import SHARED, source_of
from diabolo.ui.tabs.generate.texts import TEXTS
from diabolo.ui.work import check_pictures

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Generate", "zh-TW": "生成"}
ORDER = 60
_MOST = 100  # pictures
_LONGEST = 1200  # pixels of the grid's longer side
_NAMED = 12  # pictures whose numbers are given in words, at most
_COLOURS = {"unlike": "orange", "far": "blue"}
_BARS = {"unlike": (217, 115, 13, 255), "far": (42, 125, 225, 255)}
_BAR, _STRIP = 8, 22  # pixels: the height of a bar, and of the space for both below each picture


@dataclass(kw_only=True)
class _Page:
    """The components of the tab."""

    count: gr.Slider
    seed: gr.Number
    others: gr.Button
    words: gr.Markdown
    grid: gr.Image


def build(context: Context) -> None:
    """Lay out the tab."""
    _wire(context, _layout(context))
    _endpoint(context)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("generate", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260, elem_classes="generate-choices"):
            count = gr.Slider(1, _MOST, value=16, step=1, label=text("count"))
            seed = gr.Number(0, precision=0, minimum=0, label=text("seed"), info=text("same"))
            others = gr.Button(text("others"), variant="primary", elem_classes="generate-run")
            words = gr.Markdown(elem_classes=["note", "generate-words"])
        with gr.Column(min_width=280, scale=2):
            grid = pixels(text("grid"), name="generate-grid")
    return _Page(count=count, seed=seed, others=others, words=words, grid=grid)


def _wire(context: Context, page: _Page) -> None:
    """Draw the pictures when the page opens and when a choice changes."""

    def show(model: str, count: float, seed: float, request: gr.Request) -> tuple[Image.Image, str]:
        with shown_errors():
            found = _generate(context, model, count, seed)
            return _grid(found.pictures, found.marks), _words(context, found, request, marked=True)

    def another_seed() -> int:
        return random.randrange(10_000)

    inputs, outputs = [context.chooser, page.count, page.seed], [page.grid, page.words]
    refresh(context, show, inputs, outputs, [page.count.change, page.seed.change])
    page.others.click(another_seed, None, page.seed, **QUIET)


def _endpoint(context: Context) -> None:
    """Publish `/sample`, for programs; its picture has no marks."""

    def sample(
        model: str, count: float, seed: float, request: gr.Request
    ) -> tuple[Image.Image, str, dict[str, Any]]:
        """Generate pictures.

        Args:
            model: the model's name.
            count: how many pictures, 1 to 100.
            seed: a whole number from 0; the same seed gives the same pictures.

        Returns:
            All of them in one picture, row by row (PNG); what they were drawn from, in words; and the
            numbers, from 1, of those that are `unlike` the data or `far` from the codes. Either is null if
            the bundle does not have what it takes to tell.
        """
        with shown_errors():
            found = _generate(context, model, count, seed)
            return _grid(found.pictures), _words(context, found, request), _figures(found.marks)

    with gr.Row(visible=False):
        count, seed = (
            gr.Number(16, label="count", precision=0),
            gr.Number(0, label="seed", minimum=0, precision=0),
        )
        grid, words, marks = pixels("grid"), gr.Textbox(label="words"), record("marks")
        run = gr.Button()
    run.click(
        sample,
        [context.chooser, count, seed],
        [grid, words, marks],
        **context.endpoint("sample", "grid", "source", "marks"),
    )


def _figures(marks: Marks) -> dict[str, list[int] | None]:
    """For each mark the numbers of the pictures that have it, from 1; None if it is not known."""
    numbers = {name: (np.flatnonzero(found) + 1).tolist() for name, found in marks.known.items()}
    return {"unlike": None, "far": None} | numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class _Generated:
    """Pictures, what they were drawn from, and their marks."""

    space: LatentSpace
    pictures: list[Image.Image]
    marks: Marks
    photos: bool  # whether the model is one of any size without stored codes


def _generate(context: Context, model: str, count: float, seed: float) -> _Generated:
    """Draw latents and decode them.

    Raises:
        UsageError: a count or a seed that is not allowed.
    """
    if not 1 <= (count := int(count or 0)) <= _MOST:
        raise UsageError(f"count must be from 1 to {_MOST}, not {count}.")
    opened = context.model(model)
    shape = opened.manifest.image_shape
    check_pictures(count, shape)
    with context.turn(count, shape):
        latents = opened.sample_latents(count, seed=int(seed or 0))
        made = opened.decode(latents)
        marks = marks_of(opened, latents, made)
    return _Generated(
        space=opened.latent_space, pictures=convert.to_pil(made), marks=marks, photos=has_scene(opened)
    )


def _grid(pictures: list[Image.Image], marks: Marks | None = None) -> Image.Image:
    """Pictures in about as many rows as columns; with marks, two bars below each on a transparent ground."""
    columns = ceil(sqrt(len(pictures)))
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    scale = mosaic.enlargement((columns * (width + 1), rows * (height + 1)), _LONGEST)
    if marks is None:
        return mosaic.tiled(pictures, columns, scale, gap=1)
    marked = [
        _marked(mosaic.tiled([picture], 1, scale), marks.at(index)) for index, picture in enumerate(pictures)
    ]
    return mosaic.tiled(marked, columns, gap=_BAR)


def _marked(picture: Image.Image, marks: list[str]) -> Image.Image:
    """A picture with a strip below it, and in it a bar for each mark."""
    width, height = picture.size
    out = Image.new("RGBA", (width, height + _STRIP))
    out.paste(picture.convert("RGBA"))
    for row, name in enumerate(marks):
        top = height + 2 + row * (_BAR + 2)
        out.paste(_BARS[name], (0, top, width, top + _BAR))
    return out


def _words(context: Context, found: _Generated, request: gr.Request, marked: bool = False) -> str:
    """What the latents were drawn from, what that means for the pictures, and which of them are unusual."""
    say = context.say(TEXTS, request)
    source = source_of(found.space.distribution, context.say(SHARED, request))
    lines = [say[_meaning(found.space)].format(source=source), *([say["photos"]] if found.photos else [])]
    for name, marks in found.marks.known.items():
        numbers = [str(index + 1) for index in np.flatnonzero(marks)]
        listed = ", ".join(numbers[:_NAMED]) + (" …" if len(numbers) > _NAMED else "")
        which = say["marked" if marked else "which"].format(numbers=listed, colour=say[_COLOURS[name]])
        lines.append(say[name].format(found=len(numbers), count=len(marks), which=which if numbers else ""))
    return "\n\n".join([*lines, say["usual"]] if found.marks.known else lines)


def _meaning(space: LatentSpace) -> str:
    """The key in `TEXTS`: training draws codes towards a prior, whose positions are independent."""
    if space.distribution.name in ("fitted", "mixture"):
        return space.distribution.name
    return "grid_prior" if prod(space.shape[1:]) > 1 else "prior"
