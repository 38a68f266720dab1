"""Train a model in a process of its own, watch it learn, and export it into the chooser of all tabs."""

from __future__ import annotations

import importlib.util
from typing import Any

import gradio as gr
from gradio.context import Context as Page

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.parts.context import EVERY, QUIET, Context, shown_errors
from diabolo.ui.tabs.train.desk import TrainDesk
from diabolo.ui.tabs.train.texts import TEXTS
from diabolo.ui.training.supervisor import Trainings

__all__ = ["ORDER", "TEXTS", "TITLE", "build", "is_offered"]

TITLE = {"en": "Train", "zh-TW": "訓練"}
ORDER = 65


def is_offered() -> bool:
    """Whether the app has this tab: where torch is installed, which is not imported for this."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "diabolo.train"))


def build(context: Context) -> None:
    """Lay out the tab."""
    gr.Markdown(context.text("train", "lead"), elem_classes="lead")
    if not context.training:
        gr.Markdown(context.text("train", "refused"), elem_classes="train-refused")
        return
    trainings = Trainings(context.bundles)
    desk = TrainDesk(trainings, context.language)
    _wire(context, desk)


def _wire(context: Context, desk: TrainDesk) -> None:
    """Offer exported models in the chooser, also on pages that are opened later."""

    def offer(event: gr.EventData) -> tuple[Any, Any]:
        name = event._data.get("name") if isinstance(event._data, dict) else None
        if not (name is None or isinstance(name, str)):
            raise UsageError("this event names a model. Load the page again.")
        names = context.bundles.names()
        if name is None:
            return gr.update(choices=names, visible=len(names) > 1), gr.skip()
        if name not in names:
            with shown_errors():
                raise UnknownNameError("model", name, names)
        return gr.update(choices=names, value=name, visible=len(names) > 1), ""

    def arrive() -> Any:
        names = context.bundles.names()
        return gr.update(choices=names, visible=len(names) > 1) if context.bundles.added else gr.skip()

    desk.select(offer, None, [context.chooser, context.automatic], **EVERY)
    page = Page.root_block
    if page is not None:
        page.load(arrive, None, context.chooser, **QUIET)
