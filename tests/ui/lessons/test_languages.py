"""Every text of the app stands in both languages, and with the same figures in it."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("gradio")

from _texts import explorer_words, tables

from diabolo.ui.parts.texts import LANGUAGES
from diabolo.ui.tabs.train.setting_texts import ABOUT, SETTINGS

_BY_HELP = (
    ABOUT,
    SETTINGS,
)  # in English, what a setting says of itself; tests of the tab find what is missing


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
    table = tables()[name]
    if any(table is known for known in _BY_HELP):
        table = {**table, "en": dict.fromkeys(table["zh-TW"], "") | table["en"]}
    assert lacking(table) == set()


def test_a_text_that_is_missing_is_found() -> None:
    assert lacking({"en": {"a": "{x}", "b": "", "c": "1"}, "zh-TW": {"a": "{y}", "c": "2", "d": ""}}) == {
        "a",
        "b",
        "d",
    }


def test_the_explorer_says_everything_in_both() -> None:
    keys = [re.findall(r"^    (\w+): \"", part, re.MULTILINE) for part in explorer_words().values()]
    assert len(keys[0]) > 50
    assert keys[0] == keys[1]
