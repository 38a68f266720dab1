"""Two pictures on top of each other, with a divider that mouse, touch or arrow keys move."""

from __future__ import annotations

import gradio as gr
from PIL import Image

from diabolo.ui.parts.inline_html import escaped, picture

__all__ = ["before_after", "compared"]

# The divider's position is kept outside the HTML, which is replaced with each picture. An invisible range
# input covers the pictures, so that mouse, touch and arrow keys all work.
_SCRIPT = """
let at = "50";
const place = () => {
  element.style.setProperty("--at", at + "%");
  const edge = element.querySelector("input");
  if (edge) edge.value = at;
};
element.addEventListener("input", (event) => { at = event.target.value; place(); });
watch("value", place);
place();
"""


def before_after(name: str) -> gr.HTML:
    """The component for the HTML that `compared` makes; `name` is its CSS class."""
    return gr.HTML(js_on_load=_SCRIPT, apply_default_css=False, elem_classes=["before-after", name])


def compared(
    before: Image.Image, after: Image.Image, words: tuple[str, str], classes: tuple[str, str], edge: str
) -> str:
    """HTML of two pictures of one size.

    Args:
        before: the picture on the left of the divider.
        after: the picture on the right.
        words: the names of both pictures.
        classes: the CSS classes of their elements.
        edge: the label of the divider.
    """
    names = "".join(f"<span>{escaped(word)}</span>" for word in words)
    shown = "".join(
        f'<div class="{name}">{picture(image, word)}</div>'
        for image, word, name in zip((before, after), words, classes, strict=True)
    )
    return (
        f'<header>{names}</header><div class="stage">{shown}'
        f'<input type="range" min="0" max="100" step="1" aria-label="{escaped(edge)}">'
        '<i class="edge"></i></div>'
    )
