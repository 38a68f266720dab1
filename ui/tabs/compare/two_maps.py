"""Two latent maps side by side, to compare what lies between the codes of two models."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.components import choice
from diabolo.ui.explorer import LatentExplorer
from diabolo.ui.parts.context import LATEST, QUIET, Context, shown_errors
from diabolo.ui.parts.first_open import on_first_open
from diabolo.ui.parts.marks import TEXTS as MARKS
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.tabs.compare.pairs import pair, same_images, standing_for
from diabolo.ui.tabs.compare.path_strip import path_strip
from diabolo.ui.tabs.compare.texts import TEXTS

__all__ = ["build"]


@dataclass(kw_only=True)
class _Page:
    """The components of this part of the tab; lists have the left one and the right one.

    `placed` holds [left model, right model, left latent, right latent] after both pointers were placed
    together, so that the right one does not follow the left one's picture then. `removed` says which uploads
    are gone, and `replaced` changes with the models that took their places.
    """

    start: gr.Dropdown
    end: gr.Dropdown
    follow: gr.Checkbox
    show_picture: gr.Button
    paths: gr.HTML
    note: gr.Markdown
    removed: gr.Markdown
    replaced: gr.State
    choosers: list[gr.Dropdown]
    lines: list[gr.Markdown]
    maps: list[LatentExplorer]
    placed: gr.State


def build(context: Context) -> None:
    """Lay out this part of the tab."""
    _wire(context, _layout(context))


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("compare", key)

    gr.Markdown(text("maps_lead"), elem_classes="lead")
    with gr.Row(elem_classes="map-choices"):
        start = choice(label=text("from"), min_width=110, elem_classes="compare-from")
        end = choice(label=text("to"), min_width=110, elem_classes="compare-to")
        follow = gr.Checkbox(
            True, label=text("follow"), min_width=280, elem_classes="compare-follow", scale=3
        )
        show = gr.Button(text("show_picture"), size="sm", min_width=200, elem_classes="compare-show")
    paths = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="compare-paths")
    note = gr.Markdown(elem_classes=["note", "compare-told"])
    removed = gr.Markdown(elem_classes="compare-removed")
    choosers, lines, maps = [], [], []
    with gr.Row(elem_classes="two-maps", equal_height=False):
        for side, name in zip(("left", "right"), pair(context), strict=True):
            with gr.Column(min_width=300, elem_classes=f"map-{side}"):
                choosers.append(choice(list(context.bundles), value=name, label=text(side)))
                lines.append(gr.Markdown(elem_classes=["note", "compare-line"]))
                maps.append(
                    LatentExplorer(context.bundles, chosen=name, language=context.language, sliders=False)
                )
    return _Page(
        start=start,
        end=end,
        follow=follow,
        show_picture=show,
        paths=paths,
        note=note,
        removed=removed,
        replaced=gr.State(),
        choosers=choosers,
        lines=lines,
        maps=maps,
        placed=gr.State(),
    )


def _wire(context: Context, page: _Page) -> None:
    pointers = _Pointers(context)

    def offer(_owned: str, left: str, right: str, request: gr.Request) -> tuple[Any, ...]:
        return _offered(context, (left, right), request)

    def describe(left: str, right: str, request: gr.Request) -> list[str]:
        return [_line(context.manifest(name), context.say(TEXTS, request)) for name in (left, right)]

    def list_classes(left: str, right: str, *chosen: str | None) -> list[Any]:
        """The classes that both models have; of those chosen before, the ones among them stay chosen."""
        theirs = context.manifest(right).classes
        both = [name for name in context.manifest(left).classes if name in theirs]
        kept = [name if name in both else None for name in chosen]
        free = iter([name for name in both if name not in kept])
        shown = len(both) > 1
        return [gr.update(choices=both, value=name or next(free, None), visible=shown) for name in kept]

    def choose(name: str) -> tuple[Any, str]:
        return gr.update(chosen=name), ""

    choosers, ends = page.choosers, [page.start, page.end]
    to_classes: dict[str, Any] = {
        "fn": pointers.to_classes,
        "inputs": [*choosers, *ends],
        "outputs": [*page.maps, page.placed, page.paths, page.note],
        **LATEST,
    }
    offered = [*choosers, *page.maps, page.removed, page.replaced]
    refresh(context, offer, [context.owned, *choosers], offered)
    changes = [
        on_first_open(describe, choosers, page.lines),
        page.replaced.change(describe, choosers, page.lines, **LATEST),
    ]
    for chooser, explorer in zip(choosers, page.maps, strict=True):
        chosen = chooser.input(choose, chooser, [explorer, page.removed], **LATEST)
        changes.append(chosen.then(describe, choosers, page.lines, **LATEST))
    for described in changes:
        described.then(list_classes, [*choosers, *ends], ends, **LATEST).then(**to_classes)
    for end in ends:
        end.input(**to_classes)
    placed = [*page.maps, page.placed, page.note]
    page.show_picture.click(pointers.to_picture, [*choosers, context.picture], placed, **QUIET)
    left, right = page.maps
    left.change(pointers.follow, [*choosers, left, page.placed, page.follow], right, **LATEST)


def _offered(context: Context, before: tuple[str, str], request: gr.Request) -> tuple[Any, ...]:
    """The visitor's uploads have changed; another model takes the place of one that was removed."""
    gone = [name for name in dict.fromkeys(before) if name not in context.bundles]
    shown = [other if name in gone else name for name, other in zip(before, pair(context), strict=True)]
    # a name that is kept is not sent: the visitor may choose another before this answer arrives
    every = context.bundles.names()
    names = [
        gr.update(choices=every) if name == old else gr.update(choices=every, value=name)
        for name, old in zip(shown, before, strict=True)
    ]
    if not gone:
        return *names, *[gr.skip()] * 4
    say = context.say(TEXTS, request)
    told = "  \n".join(say["removed"].format(name=as_text(name)) for name in gone)
    maps = [
        gr.skip() if name == old else gr.update(chosen=name) for name, old in zip(shown, before, strict=True)
    ]
    return *names, *maps, told, time.monotonic_ns()  # never the same: a state fires when it changes


class _Pointers:
    """Moves the pointers of both maps."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def to_classes(
        self, left: str, right: str, start: str | None, end: str | None, request: gr.Request
    ) -> tuple[Any, ...]:
        """Move both pointers to a code of the first class, and show the paths to the second one."""
        context = self._context
        with shown_errors():
            say, marks = (context.say(texts, request) for texts in (TEXTS, MARKS))
            models = context.model(left), context.model(right)
            ends = [name and standing_for(name, *models) for name in (start, end)]
            if start is None or end is None or not ends[0] or not ends[1]:
                return gr.skip(), gr.skip(), None, "", say["no_classes"]
            paths = [
                path_strip(name, model, (ends[0][side], ends[1][side]), (start, end), say | marks)
                for side, (name, model) in enumerate(zip((left, right), models, strict=True))
            ]
            note = say["same_image" if same_images(*models) else "own_image"].format(name=start)
            places = [place.ravel().tolist() for place in ends[0]]
            return *places, [left, right, *places], "".join(paths), note

    def to_picture(self, left: str, right: str, picture: Picture, request: gr.Request) -> tuple[Any, ...]:
        """Move both pointers to the picture's codes."""
        context = self._context
        with shown_errors():
            say = context.say(TEXTS, request)
            codes = []
            for name in (left, right):
                look = context.look(name, picture, request)
                if look is None or picture.kind == "example":
                    return gr.skip(), gr.skip(), gr.skip(), say["no_picture"]
                codes.append(context.model(name).encode(look.image[None]).ravel().tolist())
            return *codes, [left, right, *codes], say["your_picture"]

    def follow(
        self, left: str, right: str, latent: list[float] | None, placed: list[Any] | None, on: bool
    ) -> Any:
        """Move the right pointer to the code that its model gives the picture at the left one."""
        if not on or latent is None:
            return gr.skip()
        if placed and placed[:2] == [left, right] and _same(latent, placed[2]):
            return placed[3]  # once more: an earlier answer may have arrived after it
        with shown_errors():
            one, other = self._context.model(left), self._context.model(right)
            shape = one.manifest.latent_shape
            if one.manifest.image_shape != other.manifest.image_shape or len(latent) != np.prod(shape):
                return gr.skip()
            picture = one.decode(np.asarray(latent, np.float32).reshape(1, *shape))
            return other.encode(picture).ravel().tolist()


def _same(one: list[float], other: list[float]) -> bool:
    """Whether two latents are equal to the seven digits that a browser keeps."""
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-5, atol=1e-6)


def _line(m: Manifest, say: dict[str, str]) -> str:
    """What model.json says about holes: whether there is a prior, and the share of holes."""
    holes = m.metrics.get("holes")
    parts = [say["without_prior"] if m.prior is None else say["with_prior"]]
    if isinstance(holes, int | float):
        parts.append(say["holes"].format(share=f"{100 * holes:.1f}"))
    return "  \n".join(parts)
