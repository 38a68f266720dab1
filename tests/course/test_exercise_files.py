"""The files of the exercises, and what the checks say, in both languages."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from diabolo.course.catalogue import LANGUAGES, Lab, labs
from diabolo.course.exercise import Finding, check
from diabolo.course.exercise import _child as child
from diabolo.course.exercise._report import Mistake
from diabolo.course.exercise._source import check_source
from diabolo.course.exercise._texts import texts

EXERCISES = {lab.number: lab for lab in labs() if lab.exercise}
SOURCE = Path(child.__file__).parent


def checked(path: Path) -> Finding | None:
    """What is wrong with an answer to the first exercise."""
    exercise = EXERCISES[7].exercise
    assert exercise
    return check(exercise, path).failed


def test_the_exercises_are_found() -> None:
    assert list(EXERCISES) == [7, 8, 9]


@pytest.mark.parametrize("lab", EXERCISES.values(), ids=lambda lab: lab.name)
def test_a_starter_has_gaps_and_nothing_else_is_missing(lab: Lab, tmp_path: Path) -> None:
    """In both languages the same file, but for its words; the solution has the same classes and functions."""
    found = lab.exercise
    assert found
    starters = [lab.folder / found.file, lab.folder / found.file.replace(".py", ".zh-TW.py")]
    solutions = [lab.folder / "solution.py", lab.folder / "solution.zh-TW.py"]
    for pair in (starters, solutions):
        trees = [_without_words(path.read_text("utf-8")) for path in pair]
        assert trees[0] == trees[1]
    assert all(re.search("[一-龥]", said) for said in _words(solutions[1].read_text("utf-8")))
    for path in starters:
        with pytest.raises(Mistake) as raised:
            check_source(path)
        assert raised.value.code == "gap"
    head = re.compile(r"^(?:class|def) .*:", re.MULTILINE)
    assert head.findall(starters[0].read_text("utf-8")) == head.findall(solutions[0].read_text("utf-8"))


def _words(text: str) -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    return [said for node in nodes if (said := ast.get_docstring(node))]


def _without_words(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def test_gaps_are_not_indices(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def f(x: tuple[int, ...]):\n    return x[..., 0]\n", "utf-8")
    check_source(path)


def test_both_languages_say_the_same() -> None:
    ours, theirs = (texts(language) for language in LANGUAGES)
    assert ours["steps"].keys() == theirs["steps"].keys()
    assert ours["findings"].keys() == theirs["findings"].keys()
    for code, english in ours["findings"].items():
        for part in ("what", "hint"):
            assert _fields(english[part]) == _fields(theirs["findings"][code][part]), code
    source = "\n".join(path.read_text("utf-8") for path in SOURCE.glob("*.py"))
    raised = set(re.findall(r'(?:Mistake|advice|code=)\(?\s*"([a-z-]+)"', source))
    raised |= {"endless", "slow", "crashed", "no-super", "multiply", "channels", "arguments", "raises"}
    raised |= {"raises-making", "layer-class", "name", "not-imported", "attribute", "unflatten"}
    raised |= {"character", "syntax"}
    raised |= {"decoder-flat", "decoder-shape", "encoder-shape", "worse-than-pca", "above-goal"}
    assert raised == set(ours["findings"])


def test_lines_are_listed_as_the_language_does(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = ...\ny = ...\n", "utf-8")
    failed = checked(path)
    assert failed
    assert failed.what("en") == "2 still to fill, marked by ... (line 1, 2)."
    assert failed.what("zh-TW") == "還有 2 個空格沒填，就是第 1、2 行的 ...。"


def test_a_wrong_line_is_shown_after_what_python_says_of_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = (1 2)\n", "utf-8")
    failed = checked(path)
    assert failed
    wanted = "Line 1 is not Python (invalid syntax. Perhaps you forgot a comma?): x = (1 2)"
    assert failed.what("en") == wanted


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}
