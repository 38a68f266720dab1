"""An event for the first time that a tab is opened; gradio puts a tab's content onto the page only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from diabolo.runtime._old_names import old_names
from diabolo.ui.parts.context import QUIET

__all__ = ["on_first_open"]

__getattr__ = old_names(__name__, {"when_opened": "on_first_open"})


def on_first_open(run: Callable[..., Any], inputs: Any, outputs: Any) -> Any:
    """Call `run` when a visitor first opens the tab in which this is called.

    The event is named "expand", because gradio fires any "load" as soon as the page opens.

    Returns:
        The event, for a further `.then`.
    """
    mark = gr.HTML("<i></i>", js_on_load="trigger('expand')", padding=False, elem_classes="diabolo-style")
    return mark.expand(run, inputs, outputs, **QUIET)
