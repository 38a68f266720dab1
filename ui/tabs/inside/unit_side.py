"""One of the two models in the tab: its charts, the picture's code as a grid, and one unit."""

from __future__ import annotations

from importlib import resources
from typing import Any

import gradio as gr
import numpy as np

from diabolo.ui.components import choice, slider
from diabolo.ui.parts.context import EVERY, LATEST, Context, shown_errors
from diabolo.ui.parts.picture_input import PictureInput
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
        source: the picture that both models encode.
    """

    def __init__(self, context: Context, name: str, label: Any, source: PictureInput) -> None:
        self._context, self._source = context, source
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
        inputs = [self.chooser, self.unit, source.seen, source.given]
        self.chooser.input(self.change, self.chooser, [self.charts, *self.shown], **LATEST).then(
            self.look, inputs, self.shown, **LATEST
        )
        self.unit.input(self.look, inputs, self.shown, **LATEST)
        self.grid.select(self.pick, [self.chooser, source.seen, source.given], self.shown, **EVERY)

    def pick(
        self, name: str, seen: str | None, given: Any, request: gr.Request, event: gr.SelectData
    ) -> tuple[Any, ...]:
        """Show the unit that was clicked in the grid; the event has its number, as values may be outdated."""
        return self.look(name, event.index, seen, given, request)

    def change(self, name: str, request: gr.Request) -> tuple[Any, ...]:
        """All that is shown of another model before it has a picture."""
        with shown_errors():
            model, say = self._context.model(name), self._context.say(TEXTS, request)
            units, codes = units_of(model), model.codes
            fired = units.fired()
            first = 0 if fired is None else int(np.argmax(fired))
            charts = unit_charts.page(units, None if codes is None else codes.labels, say)
            return charts, *self.look(name, first, None, None, request)

    def look(
        self,
        name: str,
        unit: float,
        seen: str | None,
        given: Any,
        request: gr.Request,
        new: bool = False,
    ) -> tuple[Any, ...]:
        """The grid of a picture's code, and one unit: one that fires if the picture is `new`."""
        with shown_errors():
            context, say = self._context, self._context.say(TEXTS, request)
            model = context.model(name)
            units = units_of(model)
            unit = units.check(min(unit, len(units) - 1))
            image = latent = None
            if seen is not None:
                image = context.see(name, *self._source.original(seen, given)).image
                latent = model.encode(image[None])[0]
                heights = units.height(units.of(latent[None]))[0]
                unit = int(heights.argmax()) if new and heights[unit] <= 0.5 else unit
            slider = gr.update(maximum=max(1, len(units) - 1), value=unit, visible=len(units) > 1)
            return (
                unit_view.grid(units, latent, unit, say),
                slider,
                unit_view.page(model, unit, image, say),
            )
