"""All texts of the app's pages, by language."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any

import diabolo.ui
from diabolo.ui.explorer._component import _read
from diabolo.ui.parts.texts import LANGUAGES


@functools.cache
def tables() -> dict[str, dict[str, dict[str, str]]]:
    """All tables of texts of the app's modules, by 'module.NAME'."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(diabolo.ui.__path__, "diabolo.ui."):
        if ".cli" in module.name or module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, dict) and set(value) == set(LANGUAGES) and isinstance(value["en"], dict):
                found[f"{module.name}.{name}"] = value
    return found


def explorer_words() -> dict[str, str]:
    """The texts of the explorer's script in each language, as source."""
    english, chinese = _read("words.js").split("  zh: {")
    return dict(zip(LANGUAGES, (english, chinese), strict=True))


def labels(language: str) -> list[str]:
    """Everything that a page may say in a language."""
    found = [text for table in tables().values() for text in table[language].values()]
    return [*found, explorer_words()[language]]
