"""Two latent maps side by side: whether what lies between the codes was learned, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.components import choice
from diabolo.ui.explorer import LatentExplorer
from diabolo.ui.parts.context import LATEST, QUIET, Context, shown_errors
from diabolo.ui.parts.first_open import on_first_open
from diabolo.ui.parts.texts import Texts
from diabolo.ui.tabs.compare.pairs import pair, same_images, standing_for
from diabolo.ui.tabs.compare.path_strip import walk

__all__ = ["build"]


def build(context: Context, texts: Texts, text: Callable[[str], Any], seen: gr.Image) -> None:
    """Lay out the two maps; `seen` is the picture that can be shown on both."""
    names = list(context.bundles)
    gr.Markdown(text("maps_lead"), elem_classes="lead")
    with gr.Row(elem_classes="map-choices"):
        start = choice(label=text("from"), min_width=110, elem_classes="compare-from")
        end = choice(label=text("to"), min_width=110, elem_classes="compare-to")
        follow = gr.Checkbox(
            True, label=text("follow"), min_width=280, elem_classes="compare-follow", scale=3
        )
        show = gr.Button(text("show_picture"), size="sm", min_width=200, elem_classes="compare-show")
    ways = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="compare-ways")
    told = gr.Markdown(elem_classes=["note", "compare-told"])
    choosers, lines, maps = [], [], []
    with gr.Row(elem_classes="two-maps", equal_height=False):
        for side, name in zip(("left", "right"), pair(context), strict=True):
            with gr.Column(min_width=300, elem_classes=f"map-{side}"):
                choosers.append(choice(names, value=name, label=text(side)))
                lines.append(gr.Markdown(elem_classes=["note", "compare-line"]))
                maps.append(
                    LatentExplorer(context.bundles, chosen=name, language=context.language, sliders=False)
                )
    sent = gr.State()  # where the pointers of which models were put together: the right one does not follow

    def open_tab(*names: str) -> list[Any]:
        """There may be other models by now."""
        return [gr.update(choices=context.bundles.names()) for _ in names]

    def describe(left: str, right: str, request: gr.Request) -> list[str]:
        return [_line(context.manifest(name), context.say(texts, request)) for name in (left, right)]

    def list_classes(left: str, right: str, *chosen: str | None) -> list[Any]:
        """The classes that both models know; those chosen stay, where they are among them."""
        theirs = context.manifest(right).classes
        both = [name for name in context.manifest(left).classes if name in theirs]
        kept = [name if name in both else None for name in chosen]
        free = iter([name for name in both if name not in kept])
        shown = len(both) > 1
        return [gr.update(choices=both, value=name or next(free, None), visible=shown) for name in kept]

    def go(left: str, right: str, start: str | None, end: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Both pointers go to a code of one class, and a way leads from there to the other class."""
        with shown_errors():
            say, models = context.say(texts, request), (context.model(left), context.model(right))
            ends = [name and standing_for(name, *models) for name in (start, end)]
            if start is None or end is None or not ends[0] or not ends[1]:
                return gr.skip(), gr.skip(), None, "", say["no_classes"]
            shown = [
                walk(name, model, (ends[0][side], ends[1][side]), (start, end), say)
                for side, (name, model) in enumerate(zip((left, right), models, strict=True))
            ]
            line = say["same_image" if same_images(*models) else "own_image"].format(name=start)
            places = [place.ravel().tolist() for place in ends[0]]
            return *places, [left, right, *places], "".join(shown), line

    def place(left: str, right: str, picture: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Both pointers go to the picture's codes."""
        with shown_errors():
            say = context.say(texts, request)
            if picture is None:
                return gr.skip(), gr.skip(), gr.skip(), say["no_picture"]
            codes = [
                context.model(name).encode(context.see(name, picture).image[None]).ravel().tolist()
                for name in (left, right)
            ]
            return *codes, [left, right, *codes], say["your_picture"]

    def lead(left: str, right: str, latent: list[float] | None, sent: list[Any] | None, on: bool) -> Any:
        """The right pointer goes to where its model puts the picture under the left one."""
        if not on or latent is None:
            return gr.skip()
        if sent and sent[:2] == [left, right] and _same(latent, sent[2]):
            return sent[3]  # again: an answer from before may have come after it
        with shown_errors():
            one, other = context.model(left), context.model(right)
            shape = one.manifest.latent_shape
            if one.manifest.image_shape != other.manifest.image_shape or len(latent) != np.prod(shape):
                return gr.skip()
            picture = one.decode(np.asarray(latent, np.float32).reshape(1, *shape))
            return other.encode(picture).ravel().tolist()

    def choose(name: str) -> Any:
        return gr.update(chosen=name)

    ends = [start, end]
    went: dict[str, Any] = {"inputs": [*choosers, *ends], "outputs": [*maps, sent, ways, told]}
    opened = on_first_open(open_tab, choosers, choosers)
    events = [opened]
    for chooser, explorer in zip(choosers, maps, strict=True):
        events.append(chooser.input(choose, chooser, explorer, **LATEST))
    for event in events:
        event = event.then(describe, choosers, lines, **LATEST)
        event.then(list_classes, [*choosers, *ends], ends, **LATEST).then(go, **went, **LATEST)
    for chosen in ends:
        chosen.input(go, **went, **LATEST)
    show.click(place, [*choosers, seen], [*maps, sent, told], **QUIET)
    maps[0].change(lead, [*choosers, maps[0], sent, follow], maps[1], **LATEST)


def _same(one: list[float], other: list[float]) -> bool:
    """Latents that went through a browser keep seven digits."""
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-5, atol=1e-6)


def _line(m: Manifest, say: dict[str, str]) -> str:
    """What model.json says that bears on holes."""
    holes = m.metrics.get("holes")
    parts = [say["without_prior"] if m.prior is None else say["with_prior"]]
    if isinstance(holes, int | float):
        parts.append(say["holes"].format(share=f"{100 * holes:.1f}"))
    return "  \n".join(parts)
