"""Compare several models: by their reconstructions of one picture, and by their latent spaces."""

from __future__ import annotations

import gradio as gr

from diabolo.ui.parts.context import Context
from diabolo.ui.tabs.compare import one_picture, two_maps
from diabolo.ui.tabs.compare.texts import TEXTS

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Compare", "zh-TW": "比較"}
ORDER = 40


def build(context: Context) -> None:
    """Lay out the tab."""
    with gr.Tabs():
        with gr.Tab(context.text("compare", "rows")):
            one_picture.build(context)
        with gr.Tab(context.text("compare", "maps")):
            two_maps.build(context)
