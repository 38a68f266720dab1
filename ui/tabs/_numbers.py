"""Values that programs send to endpoints and get from them, unseen on the page."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr

__all__ = ["numbers", "record"]


def _list(_self: gr.JSON) -> dict[str, Any]:
    """A list, of whatever nesting: gradio's own words for any JSON are no schema that assistants accept."""
    return {"type": "array", "items": {}, "description": "numbers, or a list of such lists"}


def _object(_self: gr.JSON) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {}, "description": "values by their names"}


def _as_it_is(_self: gr.JSON, value: Any) -> Any:
    """Plain values: what gradio wraps them in is text of its own to an assistant."""
    return value


def _json(info: Callable[[gr.JSON], dict[str, Any]]) -> Any:
    """As `_picture._File` is made, for the same reasons."""
    members = {"api_info": info, "postprocess": _as_it_is, "is_template": True, "__module__": __name__}
    return ABCMeta.__new__(type(gr.JSON), "JSON", (gr.JSON,), members)


_Numbers, _Record = _json(_list), _json(_object)


def numbers(name: str) -> gr.JSON:
    """A list of numbers, of any nesting, called `name` by clients."""
    made: gr.JSON = _Numbers(label=name, visible=False)
    return made


def record(name: str) -> gr.JSON:
    """Values by their names, as a JSON object, called `name` by clients."""
    made: gr.JSON = _Record(label=name, visible=False)
    return made
