"""A sheet to draw on, in the model's proportions and on its ground; the drawing is in the component's value.

Gradio's own sketchpad draws by WebGL, which browsers without a graphics card do not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import gradio as gr
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.background import is_dark
from diabolo.ui.parts.data_url import from_data_url
from diabolo.ui.parts.texts import Texts

__all__ = ["drawing_of", "sheet_of", "sketch"]

_WORDS: Texts = {
    "en": {
        "here": "Draw here",
        "undo": "Undo",
        "wipe": "Clear",
        "ink": "Colour",
        "thin": "Thin brush",
        "medium": "Medium brush",
        "thick": "Thick brush",
    },
    "zh-TW": {
        "here": "在這裡畫",
        "undo": "復原",
        "wipe": "清除",
        "ink": "顏色",
        "thin": "細筆",
        "medium": "中筆",
        "thick": "粗筆",
    },
}
_SIDE = 280  # pixels of the sheet's longer side
_MOST = 1024  # of a drawing's side, which a page never sends
_COLOURS = ("#e5484d", "#f5a623", "#30a46c", "#0090ff")


def sketch(m: Manifest, language: str | None) -> gr.HTML:
    """The sheet; the event `change` comes while one draws, and when a stroke is taken back.

    Args:
        m: of the model that is drawn for first.
        language: one of `LANGUAGES`; None means the browser's own.
    """
    files = resources.files("diabolo.ui.parts")
    return gr.HTML(
        sheet_of(m, language),
        html_template=files.joinpath("sketch.html").read_text("utf-8"),
        js_on_load=files.joinpath("sketch.js").read_text("utf-8"),
        apply_default_css=False,
        elem_classes="sketch",
    )


def sheet_of(m: Manifest, language: str | None) -> dict[str, Any]:
    """An empty sheet for a model: its proportions, its ground, and a brush that shows on that."""
    _, height, width = m.image_shape
    scale = _SIDE / max(height, width)
    dark = is_dark(m.background)
    return {
        "drawing": "",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
        "paper": "#000000" if dark else "#ffffff",
        "inks": ["#ffffff" if dark else "#000000", *(_COLOURS if m.colour == "rgb" else ())],
        "words": _WORDS if language is None else {language: _WORDS[language]},
    }


def drawing_of(value: Mapping[str, Any] | None) -> Image.Image | None:
    """What was drawn, RGB, the sheet around it; None of an empty sheet.

    Raises:
        ImageError: what a page never sends.
    """
    if value is not None and not isinstance(value, Mapping):
        raise ImageError(f"a drawing must be an object, not {type(value).__name__}. Load the page again.")
    drawing = (value or {}).get("drawing")
    if not drawing:
        return None
    return from_data_url(drawing, "the drawing", _MOST).convert("RGB")
