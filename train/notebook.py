"""A run as a notebook shows it: one piece of HTML that needs no file beside it."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diabolo.train.run import Run

__all__ = ["page"]


def page(run: Run) -> str:
    """The run's folder, its figures that are single numbers, and its pictures."""
    config = run.config
    title = f"{config.variant} on {run.document.get('dataset_name', config.dataset)}: {run.path}"
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td style='text-align:right'>{value:.5g}</td></tr>"
        for name, value in run.metrics().items()
        if isinstance(value, (int, float))
    )
    pictures = "".join(_picture(path) for path in sorted((run.path / "plots").glob("*.png")))
    return f"<div><b>{html.escape(title)}</b><table>{rows}</table>{pictures}</div>"


def _picture(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    name = html.escape(path.stem)
    return f"<img alt='{name}' style='max-width:32em;margin:.5em' src='data:image/png;base64,{content}'>"
