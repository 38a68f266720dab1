"""One of the two models in the tab: its charts, the picture's code as a grid, and one unit."""

from __future__ import annotations

from importlib import resources
from typing import Any

import gradio as gr
import numpy as np

from diabolo.ui.components import choice, slider
from diabolo.ui.parts.context import EVERY, LATEST, Context, shown_errors
from diabolo.ui.parts.picture import Picture
from diabolo.ui.tabs.inside import unit_charts, unit_view
from diabolo.ui.tabs.inside.texts import TEXTS
from diabolo.ui.tabs.inside.units import units_of

__all__ = ["Side"]


class Side:
    """Lays out one side of the tab and updates it.

    Args:
        context: the app's context.
        name: the name of the first model.
        label: the label of the dropdown that chooses the model.
    """

    def __init__(self, context: Context, name: str, label: Any) -> None:
        self._context = context
        no_script: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
        with gr.Column(min_width=320):
            self.chooser = choice(list(context.bundles), value=name, label=label)
            self.charts = gr.HTML(**no_script, elem_classes="inside-charts")
            script = resources.files("diabolo.ui.tabs.inside").joinpath("unit_grid.js").read_text("utf-8")
            self.grid = gr.HTML(js_on_load=script, apply_default_css=False, elem_classes="inside-grid")
            self.unit = slider(
                0, 1, step=1, value=0, label=context.text("inside", "unit"), elem_classes="inside-unit"
            )
            self.page = gr.HTML(**no_script, elem_classes="inside-page")
        self.shown = [self.grid, self.unit, self.page]
        inputs = [self.chooser, context.picture, self.unit]
        self.chooser.input(self.change, inputs[:2], [self.charts, *self.shown], **LATEST)
        self.unit.input(self.look, inputs, self.shown, **LATEST)
        self.grid.select(self.pick, inputs[:2], self.shown, **EVERY)

    def pick(self, name: str, picture: Picture, request: gr.Request, event: gr.SelectData) -> tuple[Any, ...]:
        """Show the unit that was clicked in the grid; the event has its number, as values may be outdated."""
        return self.look(name, picture, event.index, request)

    def change(self, name: str, picture: Picture, request: gr.Request) -> tuple[Any, ...]:
        """All that is shown of another model."""
        with shown_errors():
            unit = self.most_active(name)
            return self.describe(name, request), *self.look(name, picture, unit, request, new=True)

    def most_active(self, name: str) -> int:
        """The unit that fires for most of the stored codes."""
        fired = units_of(self._context.model(name)).fired()
        return 0 if fired is None else int(np.argmax(fired))

    def describe(self, name: str, request: gr.Request) -> str:
        """The charts of a model's units as HTML."""
        model, say = self._context.model(name), self._context.say(TEXTS, request)
        codes = model.codes
        return unit_charts.page(units_of(model), None if codes is None else codes.labels, say)

    def look(
        self, name: str, picture: Picture, unit: float, request: gr.Request, new: bool = False
    ) -> tuple[Any, ...]:
        """The grid of a picture's code, and one unit: one that fires if the picture is `new`."""
        with shown_errors():
            context, say = self._context, self._context.say(TEXTS, request)
            model = context.model(name)
            units, seen = units_of(model), context.look(name, picture, request)
            unit = units.check(min(unit, len(units) - 1))
            image = latent = None
            if seen is not None:
                image = seen.image
                latent = model.encode(image[None])[0]
                heights = units.height(units.of(latent[None]))[0]
                unit = int(heights.argmax()) if new and heights[unit] <= 0.5 else unit
            slider = gr.update(maximum=max(1, len(units) - 1), value=unit, visible=len(units) > 1)
            return (
                unit_view.grid(units, latent, unit, say),
                slider,
                unit_view.page(model, unit, image, say),
            )
