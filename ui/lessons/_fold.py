"""The fold 'What is this?' of a tab; its text follows the chosen model, and is fetched when it is opened."""

from __future__ import annotations

import gradio as gr

from diabolo.ui.lessons._facts import facts_of, kinds_of
from diabolo.ui.lessons._texts import chosen, filled, lessons
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import SHARED

__all__ = ["add_fold"]


def add_fold(context: Context, tab: str) -> None:
    """Place the fold of a tab, closed, if there is a text for it; a tab of another package may have none."""
    if not any(name.split(".")[0] == tab for name in lessons()["en"]):
        return
    with gr.Accordion(context.text("", "lesson"), open=False, elem_classes="lesson"):
        text = gr.Markdown(elem_classes="lesson-text")

        def show(model: str, request: gr.Request) -> str:
            with shown_errors():
                m = context.manifest(model)
                told = chosen(tab, kinds_of(m), context.say(lessons(), request))
                return filled(told, facts_of(model, m), context.say(SHARED, request)["not_known"])

        refresh(context, show, [context.chooser], [text])
