"""How the served page looks: theme, style sheet, footer and translations."""

from __future__ import annotations

from importlib import resources
from typing import Any

import gradio as gr

from diabolo.ui.app import translations

__all__ = ["looks"]


def looks() -> dict[str, Any]:
    """Arguments of `gr.Blocks.launch` and `gr.mount_gradio_app` for the app's page."""
    return {
        "run_history": False,
        "enable_monitoring": False,  # it would recompute statistics of all calls after each call
        "footer_links": ["api", "settings"],
        "i18n": translations(),
        "theme": _theme(),
        "css": resources.files("diabolo.ui").joinpath("page.css").read_text("utf-8"),
    }


def _theme() -> Any:
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans TC", "Microsoft JhengHei", "sans-serif"]
    theme: Any = gr.themes.Soft(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=fonts,
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    plain = {"background_fill": "none", "text_color": "*body_text_color", "text_weight": "500"}
    labels = {f"block_{part}_{key}": value for part in ("title", "label") for key, value in plain.items()}
    dark = {f"{key}_dark": value for key, value in labels.items() if not key.endswith("weight")}
    # make fields and buttons visible: the theme has them white on white
    edges = {"input_border_width": "1px", "input_border_color": "*border_color_primary"}
    # the theme's own teal on white, and white on it, has a contrast of 2.5:1; WCAG asks for 4.5:1
    contrast = {
        "color_accent": "*primary_700",
        "slider_color": "*primary_700",
        "slider_color_dark": "*primary_400",
        "button_secondary_background_fill_hover_dark": "*primary_700",
        "body_text_color_subdued": "*neutral_500",
        "link_text_color": "*primary_700",
        "link_text_color_hover": "*primary_800",
        "link_text_color_visited": "*primary_700",
        "link_text_color_active": "*primary_800",
        "link_text_color_dark": "*primary_400",
    }
    filled = ("button_primary_background_fill", "checkbox_label_background_fill_selected")
    for part in filled:
        contrast |= {part: "*primary_700", f"{part}_dark": "*primary_700"}
    hover = {f"button_primary_background_fill_hover{mode}": "*primary_800" for mode in ("", "_dark")}
    theme = theme.set(**labels, **dark, **edges, **contrast, **hover)
    # no argument of `set`; the style sheet does not reach the panel *Use via API*
    theme.color_accent_dark = "*primary_400"
    return theme
