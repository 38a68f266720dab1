"""The texts of the checks, in each language."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["step_text", "texts"]

_FOLDER = Path(__file__).with_name("texts")


@functools.cache
def texts(language: str) -> dict[str, dict[str, Any]]:
    """In 'en' or 'zh-TW': `steps` by name, `findings`, each with `what` and `hint`, and `between` the items
    of a list.
    """
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))


def step_text(step: str, language: str) -> str:
    """What it means that this step of a check holds, in 'en' or 'zh-TW'."""
    text: str = texts(language)["steps"][step]
    return text
