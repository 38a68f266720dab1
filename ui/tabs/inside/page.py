"""Look at a code's units: which fire, what changes without one, and what excites it."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.ui.parts.context import LATEST, Context, picture_of, shown_errors
from diabolo.ui.parts.first_open import on_first_open
from diabolo.ui.parts.inline_html import signed_map
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture_input import PictureInput, pixels
from diabolo.ui.tabs.inside import unit_view
from diabolo.ui.tabs.inside.texts import TEXTS
from diabolo.ui.tabs.inside.unit_side import Side
from diabolo.ui.tabs.inside.units import beside, plain_and_sparse, units_of

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Inside", "zh-TW": "內部"}
ORDER = 45


def build(context: Context) -> None:
    """Lay out the tab."""

    def text(key: str) -> Any:
        return context.text("inside", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        source = PictureInput(context)
        source.show(height=400, name="inside-seen")
    with gr.Row(equal_height=False, elem_classes="two-insides"):
        sides = [
            Side(context, name, text(key), source)
            for key, name in zip(("left", "right"), plain_and_sparse(context), strict=True)
        ]
    (left, right), both = sides, [*sides[0].shown, *sides[1].shown]

    def look_at_both(
        seen: str | None, given: Any, one: str, its: float, other: str, others: float, request: gr.Request
    ) -> tuple[Any, ...]:
        """Show a new picture's codes in both models."""
        return (
            *left.look(one, its, seen, given, request, new=True),
            *right.look(other, others, seen, given, request, new=True),
        )

    def choose(name: str, request: gr.Request) -> tuple[Any, ...]:
        """The model chosen for the whole app comes to the left, and what tells most about it to the right."""
        return lay(name, beside(context, name), request)

    def begin(name: str, request: gr.Request) -> tuple[Any, ...]:
        """The pair of the model that was chosen before the tab was opened, or that which tells most."""
        untouched = name == next(iter(context.bundles))
        return lay(*plain_and_sparse(context), request) if untouched else choose(name, request)

    def lay(name: str, other: str, request: gr.Request) -> tuple[Any, ...]:
        """Names and all that belongs to them in one answer: another may be on its way."""
        names = [gr.update(choices=context.bundles.names(), value=one) for one in (name, other)]
        return *names, *left.change(name, request), *right.change(other, request)

    choosers = [left.chooser, right.chooser]
    all_shown = [*choosers, left.charts, *left.shown, right.charts, *right.shown]
    inputs = [source.seen, source.given, left.chooser, left.unit, right.chooser, right.unit]
    source.wire(look_at_both, inputs, both)
    on_first_open(begin, context.chooser, all_shown)
    context.chooser.change(choose, context.chooser, all_shown, **LATEST)
    _endpoints(context)


def _endpoints(context: Context) -> None:
    """What programs may ask."""

    def units(model: str) -> tuple[list[dict[str, Any]], float | None]:
        """Say of each unit of a model's code how active it is over the stored codes of test images.

        A unit is one number of the latent; of a latent of channels and positions, a channel, as their mean.
        It fires where it is above the middle of its range.

        Args:
            model: the model's name.

        Returns:
            For each unit its number, mean, deviation, lowest and highest value, mean activity in [0, 1] and
            the share of images for which it fires; and the share of units that fire for an average image.
            Without stored codes: nothing, and null.
        """
        with shown_errors():
            found = units_of(context.model(model))
        values, activity, fired = found.values, found.activity(), found.fired()
        if values is None or activity is None or fired is None:
            return [], None
        columns: dict[str, NDArray[Any]] = {
            "unit": np.arange(len(found)),
            "mean": values.mean(0),
            "deviation": values.std(0),
            "low": found.low,
            "high": found.high,
            "activity": activity,
            "fires": fired,
        }
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows], float(fired.mean())

    def switch_off(
        model: str, image: str | None, unit: float
    ) -> tuple[Image.Image, Image.Image, Image.Image]:
        """Reconstruct a picture without one unit of its code: at 0 if it is a sigmoid, else at its mean.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.
            unit: the unit's number, from 0.

        Returns:
            The reconstruction, the one without the unit, and what became darker and what brighter, in two
            colours of which the full ones are a change of 1.
        """
        with shown_errors():
            opened = context.model(model)
            seen = context.see(model, image).image
            before, after, *_ = unit_view.switched(opened, seen, units_of(opened).check(unit))
            return picture_of(before), picture_of(after), signed_map(before, after, 1)

    with gr.Row(visible=False):
        rows, share, tell = numbers("units"), gr.Number(label="share"), gr.Button()
        image, unit, off = pixels("image"), gr.Number(label="unit", value=0), gr.Button()
        before, after, difference = (pixels(name) for name in ("before", "after", "difference"))
    tell.click(units, context.chooser, [rows, share], **context.endpoint("units"))
    off.click(
        switch_off,
        [context.chooser, image, unit],
        [before, after, difference],
        **context.endpoint("switch_off"),
    )
