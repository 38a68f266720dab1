"""Look at the units of a code: which fire, what changes without one, and what activates it most."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.models.suited import reconstructs
from diabolo.ui.parts.context import Context, picture_of, shown_errors
from diabolo.ui.parts.inline_html import signed_map
from diabolo.ui.parts.numbers import numbers
from diabolo.ui.parts.picture import Picture
from diabolo.ui.parts.picture_input import PictureView, pixels
from diabolo.ui.tabs.inside import unit_view
from diabolo.ui.tabs.inside.texts import TEXTS
from diabolo.ui.tabs.inside.unit_side import Side
from diabolo.ui.tabs.inside.units import counterpart, is_sparse, plain_and_sparse, units_of

__all__ = ["ORDER", "SUITS", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Inside", "zh-TW": "內部"}
ORDER = 45


def _suits(m: Manifest) -> tuple[Any, ...]:
    return is_sparse(m), *reconstructs(m)


SUITS = _suits


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("inside", "lead"), elem_classes="lead")
    source = PictureView(context)
    source.show(height=220, name="inside-seen")
    with gr.Row(equal_height=False, elem_classes="two-insides"):
        first, second = plain_and_sparse(context)
        left = Side(context, first, context.text("inside", "left"))
        right = Side(context, second, context.text("inside", "right"))
    _wire(context, source, left, right)
    _units_endpoint(context)
    _switch_off_endpoint(context)


def _wire(context: Context, source: PictureView, left: Side, right: Side) -> None:
    def follow(
        model: str,
        picture: Picture,
        one: str,
        its: float,
        other: str,
        others: float,
        before: str | None,
        _owned: str,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Show a new picture's codes in both models; for another model, that one and its counterpart."""
        with shown_errors():
            told = source.told(context.look(model, picture, request), request)
            if before == model and one in context.bundles and other in context.bundles:
                charts = [gr.skip(), gr.skip()]
            else:
                one, other = model, counterpart(context, model)
                its, others = left.most_active(one), right.most_active(other)
                charts = [left.describe(one, request), right.describe(other, request)]
            # uploads may have come or gone since the page was opened
            names = [gr.update(choices=context.bundles.names(), value=name) for name in (one, other)]
            sides = (
                *left.look(one, picture, its, request, new=True),
                *right.look(other, picture, others, request, new=True),
            )
            return *told, model, *names, *charts, *sides

    before = gr.State()  # the model that both sides were chosen for
    choosers, charts = [left.chooser, right.chooser], [left.charts, right.charts]
    inputs = [left.chooser, left.unit, right.chooser, right.unit, before, context.owned]
    source.wire(follow, inputs, [before, *choosers, *charts, *left.shown, *right.shown])


def _units_endpoint(context: Context) -> None:
    """Publish `/units`, for programs."""

    def units(model: str) -> tuple[list[dict[str, Any]], float | None]:
        """Describe each unit of a model's code by its activity over the stored codes of test images.

        A unit is one number of the latent. In a latent of channels and positions it is a channel, as the mean
        over its positions. It fires if it is above the middle of its range.

        Args:
            model: the model's name.

        Returns:
            For each unit its number, mean, standard deviation ("deviation"), lowest and highest value, mean
            activity in [0, 1] and the share of images for which it fires; and the share of units that fire
            for an average image. Without stored codes: nothing, and null.
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

    with gr.Row(visible=False):
        rows, share, run = numbers("units"), gr.Number(label="share"), gr.Button()
    run.click(units, context.chooser, [rows, share], **context.endpoint("units", "units", "share"))


def _switch_off_endpoint(context: Context) -> None:
    """Publish `/switch_off`, for programs."""

    def switch_off(
        model: str, image: str | None, unit: float
    ) -> tuple[Image.Image, Image.Image, Image.Image]:
        """Reconstruct a picture with one unit switched off.

        A sigmoid unit, or one that is 0 for most images, is set to 0, others to their mean.

        Args:
            model: the model's name.
            image: a picture of any size; it is fitted to the model first.
            unit: the unit's number, from 0.

        Returns:
            The reconstruction, the one without the unit, and the difference in two colours: darker and
            brighter; the full colour is a change of 1.
        """
        with shown_errors():
            opened = context.model(model)
            seen = context.see(model, image).image
            before, after, *_ = unit_view.switched(opened, seen, units_of(opened).check(unit))
            return picture_of(before), picture_of(after), signed_map(before, after, 1)

    with gr.Row(visible=False):
        image, unit, run = pixels("image"), gr.Number(label="unit", value=0), gr.Button()
        before, after, difference = (pixels(name) for name in ("before", "after", "difference"))
    run.click(
        switch_off,
        [context.chooser, image, unit],
        [before, after, difference],
        **context.endpoint("switch_off", "before", "after", "difference"),
    )
