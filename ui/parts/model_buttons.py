"""Buttons that choose a model for the whole app, within HTML that a tab writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gradio as gr

from diabolo.runtime.errors import UsageError
from diabolo.ui.parts.context import EVERY, Context
from diabolo.ui.parts.inline_html import escaped

__all__ = ["CLICKED", "advice", "advice_html", "choose_on_click"]

CLICKED = """element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-name]");
  if (button) trigger("click", { name: button.dataset.name });
});"""


def advice(context: Context, name: str) -> gr.HTML:
    """A component for the HTML of `advice_html`; `name` is a class."""
    box = gr.HTML(js_on_load=CLICKED, apply_default_css=False, padding=False, elem_classes=["advice", name])
    choose_on_click(context, box)
    return box


def advice_html(lines: Iterable[str], names: Iterable[str], say: dict[str, str]) -> str:
    """Sentences, and a button for each of the models that are recommended, as HTML.

    Args:
        lines: the sentences; they are escaped.
        names: of the models.
        say: `SHARED` in one language.
    """
    told = "".join(f"<p>{escaped(line)}</p>" for line in lines)
    buttons = "".join(
        f'<button type="button" data-name="{escaped(name)}">{escaped(say["try"].format(name=name))}</button>'
        for name in names
    )
    return told + (f"<div>{buttons}</div>" if buttons else "")


def choose_on_click(context: Context, buttons: gr.HTML) -> None:
    """Let a component with buttons, each with the attribute `data-name`, choose the model of that name."""

    def choose(event: gr.EventData) -> tuple[Any, str]:
        name = getattr(event, "name", None)
        if not isinstance(name, str):
            raise UsageError("this event chooses a model by its name. Load the page again.")
        return gr.update(value=name), ""

    buttons.click(choose, None, [context.chooser, context.automatic], **EVERY)
