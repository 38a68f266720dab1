"""Every text of the app stands in both languages, and with the same figures in it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import pytest

pytest.importorskip("gradio")

import diabolo.ui
from diabolo.ui.explorer._component import _read
from diabolo.ui.parts.texts import LANGUAGES


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


def fields(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)[^}]*\}", text))


def lacking(table: dict[str, dict[str, str]]) -> set[str]:
    """The keys of a table that stand in one language only, or with other fields."""
    english, chinese = (table[language] for language in LANGUAGES)
    other = {
        key for key in set(english) & set(chinese) if set(fields(english[key])) != set(fields(chinese[key]))
    }
    return set(english) ^ set(chinese) | other


def test_the_tables_are_found() -> None:
    assert len(tables()) > 20


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_table_is_complete_in_both(name: str) -> None:
    assert lacking(tables()[name]) == set()


def test_a_text_that_is_missing_is_found() -> None:
    assert lacking({"en": {"a": "{x}", "b": "", "c": "1"}, "zh-TW": {"a": "{y}", "c": "2", "d": ""}}) == {
        "a",
        "b",
        "d",
    }


def test_the_explorer_says_everything_in_both() -> None:
    english, chinese = _read("words.js").split("  zh: {")
    keys = [re.findall(r"^    (\w+): \"", part, re.MULTILINE) for part in (english, chinese)]
    assert len(keys[0]) > 50
    assert keys[0] == keys[1]
