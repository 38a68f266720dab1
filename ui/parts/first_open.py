"""When a tab is opened: gradio puts what lies in a tab onto the page only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from diabolo.ui.parts.context import QUIET

__all__ = ["when_opened"]


def when_opened(run: Callable[..., Any], inputs: Any, outputs: Any) -> Any:
    """Call `run` when the tab in which this stands is first opened on a page; nothing of it runs before.

    Its event is called "expand" for want of a better one: gradio calls any "load" when the page opens.

    Returns:
        The event, for what comes `.then`.
    """
    mark = gr.HTML("<i></i>", js_on_load="trigger('expand')", padding=False, elem_classes="diabolo-style")
    return mark.expand(run, inputs, outputs, **QUIET)
