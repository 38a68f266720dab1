"""The labs' texts: in both languages, with the same code, and with our source as it is now."""

from __future__ import annotations

import ast
import json
from itertools import pairwise

import nbformat
import pytest

from diabolo.course.catalogue import LANGUAGES, Lab, find, labs
from diabolo.course.errors import LabError
from diabolo.course.notebook import notebook
from diabolo.course.quotes import source, with_quotes
from diabolo.course.text import cells
from diabolo.runtime.errors import UnknownNameError

ALL = labs()
texts = pytest.mark.parametrize("language", LANGUAGES)
each = pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.name)


def test_the_labs_are_found() -> None:
    assert [lab.number for lab in ALL] == list(range(1, len(ALL) + 1))
    assert ALL[0].name == "autoencoder"
    with pytest.raises(UnknownNameError, match=r"unknown lab '0'.*8, 9, 10.*diabolo lab"):
        find(0)


@each
@texts
def test_a_text_is_complete(lab: Lab, language: str) -> None:
    text = lab.text(language)
    assert text.startswith(f"# Lab {lab.number}")
    assert f"{lab.minutes} min" in text or f"{lab.minutes} 分鐘" in text
    assert "diabolo ui" in text  # ends in the app
    assert with_quotes(text) == text, "run python -m diabolo.course.quotes"
    for cell in lab.cells(language):
        if cell.picture:
            assert (lab.folder / cell.picture).is_file(), "run python -m benchmarks.labs"


@each
def test_both_languages_have_the_same_code(lab: Lab) -> None:
    ours, theirs = (
        [
            (
                cell.kind,
                cell.picture,
                ast.dump(ast.parse(cell.source)) if cell.kind == "code" else cell.source,
            )
            for cell in lab.cells(language)
            if cell.kind != "text"
        ]
        for language in LANGUAGES
    )
    assert ours == theirs  # but for comments
    assert any(kind == "code" for kind, _, _ in ours)


@each
def test_chinese_paragraphs_are_one_line(lab: Lab) -> None:
    """A line break between two Chinese characters would be shown as a space."""
    for cell in lab.cells("zh-TW"):
        if cell.kind == "text":
            for one, other in pairwise(cell.source.splitlines()):
                assert not (one and other and one[-1] > "\u2e80" and other[0] > "\u2e80"), one


@each
@texts
def test_the_notebook_is_valid(lab: Lab, language: str) -> None:
    made = nbformat.reads(notebook(lab, language), as_version=4)
    nbformat.validate(made)
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    assert "from diabolo" in code
    assert "quote=" not in code
    assert not any("](" in cell.source and "![" in cell.source for cell in made.cells)  # files it lacks


def test_what_a_notebook_holds() -> None:
    text = """# Title

```python quote=diabolo.course.text:Cell
old
```
Before.

```python
a = 1
a
```

![What it shows](one.png)

After.

```sh
diabolo models

diabolo info x
```
```text
not run
```
"""
    found = cells(text)
    kinds = [(cell.kind, cell.picture) for cell in found]
    assert kinds == [
        ("text", ""),
        ("quote", ""),
        ("text", ""),
        ("code", "one.png"),
        ("text", ""),
        ("commands", ""),
        ("text", ""),
    ]
    assert found[3].source == "a = 1\na"
    assert text.splitlines()[found[3].line - 1] == "a = 1"
    assert found[4].source == "After."
    assert "not run" in found[6].source
    assert "class Cell" in with_quotes(text)
    assert "\nold\n" not in with_quotes(text)
    assert source("diabolo.course.text:cells").startswith("def cells")


def test_a_code_block_without_an_end() -> None:
    with pytest.raises(LabError, match="line 3 does not end"):
        cells("a\n```python\nx = 1\n")


def test_json_is_readable() -> None:
    text = notebook(ALL[0], "zh-TW")
    assert "自編碼器" in text  # not escaped: a difference can be read
    assert json.loads(text)["nbformat"] == 4
