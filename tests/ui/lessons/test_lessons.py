"""The folds 'What is this?': a text for every tab, in both languages, of five sentences and a formula."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from _pair import save_pair

from diabolo.runtime.bundle import Bundle, zoo

pytest.importorskip("gradio")

from _texts import labels

from diabolo.ui.app import find_tabs
from diabolo.ui.lessons._facts import facts_of, kinds_of
from diabolo.ui.lessons._texts import chosen, filled, lessons

EVERY = [(language, name) for language, texts in lessons().items() for name in sorted(texts)]
END = {"en": r"[.?!](?=\s|$)", "zh-TW": r"[。？！]"}
QUOTED = {"en": r"(?<![*\w])\*([^*\n]+)\*", "zh-TW": r"「([^」\n]+)」"}


def without_formula(text: str) -> str:
    return re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)


def kinds() -> set[str]:
    """All kinds of which there may be a text."""
    from inspect import getsource

    return set(re.findall(r'^        "(\w+)":', getsource(kinds_of), re.MULTILINE))


def test_no_text_stands_in_one_language_only() -> None:
    assert set(lessons()["en"]) == set(lessons()["zh-TW"])


@pytest.mark.parametrize("tab", list(find_tabs()))
@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_tab_has_one_for_any_model(tab: str, language: str) -> None:
    assert chosen(tab, [], lessons()[language])


def test_a_text_is_for_a_tab_and_a_kind_that_there_are() -> None:
    tabs = set(find_tabs())
    for name in lessons()["en"]:
        tab, _, kind = name.partition(".")
        assert tab in tabs
        assert kind in kinds() | {""}


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_five_sentences_and_a_formula(language: str, name: str) -> None:
    text = lessons()[language][name]
    assert text.count("$$") == 2
    prose = without_formula(text)
    assert len(re.findall(END[language], prose)) + len(re.findall(r"[:：]\s*\n", prose)) == 5
    assert "{{" in text  # a figure of the model's own


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_it_names_what_is_on_the_screen(language: str, name: str) -> None:
    named = re.findall(QUOTED[language], without_formula(lessons()[language][name]))
    assert named
    for label in named:
        assert any(label in one for one in labels(language)), label


@pytest.mark.parametrize("model", zoo.names())
def test_all_facts_are_known_of_a_ready_made_model(model: str) -> None:
    m = Bundle.open(zoo.folder(model)).manifest
    for language in lessons():
        for tab in find_tabs():
            told = filled(chosen(tab, kinds_of(m), lessons()[language]), facts_of(model, m), "(not known)")
            assert "(not known)" not in told, tab
            assert "{{" not in told, tab


def test_every_text_is_for_a_ready_made_model() -> None:
    kinds_there = [kinds_of(Bundle.open(zoo.folder(model)).manifest) for model in zoo.names()]
    tabs = list(find_tabs())
    names = {name: name for name in lessons()["en"] if name.partition(".")[0] in tabs}
    kinds_there += [["codebook"], ["mixture"]]  # of distributions that no ready-made model has
    assert {chosen(tab, found, names) for tab in tabs for found in kinds_there} == set(names)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, ""),
        ({"latent": {"prior": "normal"}}, "prior"),
        ({"latent": {"prior": "normal", "log_variance": True}}, "posterior"),
        ({"noise": {"kind": "gaussian", "level": [0.1, 0.5]}}, "noise"),
        ({"training": {"settings": {"variant_options": {"sparsity": 0.2}}}}, "sparse"),
    ],
)
def test_the_text_follows_model_json_and_not_a_name(
    tmp_path: Path, changes: dict[str, Any], kind: str
) -> None:
    m = Bundle.open(save_pair(tmp_path / "b", **changes)).manifest
    texts = {"tab": "any", **{f"tab.{one}": one for one in kinds()}}
    assert chosen("tab", kinds_of(m), texts) == (kind or "any")


def test_facts_fill_the_text_and_what_is_missing_is_said(tmp_path: Path) -> None:
    m = Bundle.open(save_pair(tmp_path / "b")).manifest
    facts = facts_of("my_model", m)
    told = filled("{{model}} {{pixels}} {{count}} {{mse}} {{rho}}", facts, "(not known)")
    assert told == "my&#95;model 64 32 0.0100 (not known)"
