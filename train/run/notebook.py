"""A run as a notebook shows it: one piece of HTML with the pictures inside."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["page"]


def page(title: str, figures: Mapping[str, Any], pictures: Iterable[Path]) -> str:
    """HTML with a title, a table of the figures that are single numbers, and pictures.

    Args:
        title: what was trained, and where.
        figures: by name, as in metrics.json.
        pictures: PNG files.
    """
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td style='text-align:right'>{value:.5g}</td></tr>"
        for name, value in figures.items()
        if isinstance(value, (int, float))
    )
    shown = "".join(_picture(path) for path in pictures)
    return f"<div><b>{html.escape(title)}</b><table>{rows}</table>{shown}</div>"


def _picture(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    name = html.escape(path.stem)
    return f"<img alt='{name}' style='max-width:32em;margin:.5em' src='data:image/png;base64,{content}'>"
