"""Hidden components for the arguments and results of endpoints: lists of numbers, and JSON objects."""

from __future__ import annotations

from typing import Any

import gradio as gr

from diabolo.ui.components import identity, subclass

__all__ = ["numbers", "record"]


def _list(_self: gr.JSON) -> dict[str, Any]:
    """A list of any nesting; assistants reject the schema that gradio has for any JSON."""
    return {"type": "array", "items": {}, "description": "numbers, or a list of such lists"}


def _object(_self: gr.JSON) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {}, "description": "values by their names"}


# plain values: an assistant would receive gradio's wrapper as text
_Numbers = subclass(gr.JSON, api_info=_list, postprocess=identity)
_Record = subclass(gr.JSON, api_info=_object, postprocess=identity)


def numbers(name: str) -> gr.JSON:
    """A list of numbers of any nesting; `name` is its name for clients."""
    made: gr.JSON = _Numbers(label=name, visible=False)
    return made


def record(name: str) -> gr.JSON:
    """A JSON object; `name` is its name for clients."""
    made: gr.JSON = _Record(label=name, visible=False)
    return made
