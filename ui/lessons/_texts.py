"""The texts by language and name, and how a model's facts get into them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from importlib import resources

from diabolo.ui.parts.texts import LANGUAGES, Texts

__all__ = ["chosen", "filled", "lessons"]

_FACT = re.compile(r"\{\{(\w+)\}\}")


@functools.cache
def lessons() -> Texts:
    """The texts of each language by their names, such as 'explore' and 'explore.posterior'."""
    folder = resources.files("diabolo.ui.lessons")
    return {
        language: {
            file.name.removesuffix(".md"): file.read_text("utf-8")
            for file in folder.joinpath(language).iterdir()
            if file.name.endswith(".md")
        }
        for language in LANGUAGES
    }


def chosen(tab: str, kinds: Iterable[str], texts: Mapping[str, str]) -> str:
    """A tab's text for a model of these kinds; '' if the tab has none.

    Args:
        tab: its name.
        kinds: of the model, see `kinds_of`; those that matter most first.
        texts: of `lessons` in one language.
    """
    names = [*(f"{tab}.{kind}" for kind in kinds), tab]
    return next((texts[name] for name in names if name in texts), "")


def filled(text: str, facts: Mapping[str, str], unknown: str) -> str:
    """The text with the facts in their places, and `unknown` for those that the model does not have."""
    return _FACT.sub(lambda found: facts.get(found[1], unknown), text)
