"""Write a lab as a Jupyter notebook (https://nbformat.readthedocs.io, version 4.5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diabolo.course.catalogue import LANGUAGES, Lab
from diabolo.course.text import Cell

__all__ = ["language_beside", "notebook"]

_INSTALL = {
    "en": "# only where Diabolo is not installed, such as on Colab: remove the # of the next line\n",
    "zh-TW": "# 只有在還沒安裝 Diabolo 的地方（例如 Colab）才需要：刪去下一行開頭的 #，再執行\n",
}
_OURS = "diabolo"  # the key of what a notebook says of itself
_LARGEST = 1 << 26  # bytes of a notebook that is looked into
_PACKAGE = '# %pip install "diabolo[cpu,train]"'


def notebook(lab: Lab, language: str) -> str:
    """The notebook's JSON: the text, code to run, and nothing run yet.

    Args:
        lab: the lab.
        language: 'en' or 'zh-TW'.
    """
    parts = [_cell(cell) for cell in lab.cells(language)]
    install = {"cell_type": "code", "source": _INSTALL[language] + _PACKAGE}
    for number, cell in enumerate(parts):
        if cell["cell_type"] == "code":
            parts.insert(number, install)
            break
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            _OURS: {"lab": lab.number, "language": language},
        },
        "cells": [_complete(cell, number) for number, cell in enumerate(parts)],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def language_beside(file: str | Path) -> str | None:
    """The language of the lab whose notebook is in the folder of a file; None: there is none."""
    try:
        for path in sorted(Path(file).absolute().parent.glob("lab*.ipynb")):
            if path.stat().st_size < _LARGEST:
                language = json.loads(path.read_text("utf-8"))["metadata"][_OURS]["language"]
                return language if language in LANGUAGES else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # somebody else's notebook
        pass
    return None


def _cell(cell: Cell) -> dict[str, Any]:
    if cell.kind == "code":
        return {"cell_type": "code", "source": cell.source}
    if cell.kind == "commands":
        lines = (f"!{line}" if line.strip() else line for line in cell.source.splitlines())
        return {"cell_type": "code", "source": "\n".join(lines)}
    source = f"```python\n{cell.source}\n```" if cell.kind == "quote" else cell.source
    return {"cell_type": "markdown", "source": source}


def _complete(cell: dict[str, Any], number: int) -> dict[str, Any]:
    more: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    source = cell["source"].splitlines(keepends=True)
    return {"id": f"cell-{number}", "metadata": {}} | cell | more | {"source": source}
