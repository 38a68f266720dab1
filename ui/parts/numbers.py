"""Values that programs send to endpoints and get from them, unseen on the page."""

from __future__ import annotations

from typing import Any

import gradio as gr

from diabolo.ui.components import identity, subclass

__all__ = ["numbers", "record"]


def _list(_self: gr.JSON) -> dict[str, Any]:
    """A list, of whatever nesting: gradio's own words for any JSON are no schema that assistants accept."""
    return {"type": "array", "items": {}, "description": "numbers, or a list of such lists"}


def _object(_self: gr.JSON) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {}, "description": "values by their names"}


# plain values: what gradio wraps them in is text of its own to an assistant
_Numbers = subclass(gr.JSON, api_info=_list, postprocess=identity)
_Record = subclass(gr.JSON, api_info=_object, postprocess=identity)


def numbers(name: str) -> gr.JSON:
    """A list of numbers, of any nesting, called `name` by clients."""
    made: gr.JSON = _Numbers(label=name, visible=False)
    return made


def record(name: str) -> gr.JSON:
    """Values by their names, as a JSON object, called `name` by clients."""
    made: gr.JSON = _Record(label=name, visible=False)
    return made
