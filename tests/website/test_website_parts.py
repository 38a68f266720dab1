"""The parts of which the site is made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from website import links, movie, navigation, screenshots
from website.docstrings import as_rest
from website.messages import error_tree, found_in, messages
from website.sphinx_extension import Chinese
from website.tree import LANGUAGES, ROOT, Tree

TREES = {language: Tree.find(language) for language in LANGUAGES}


def rewritten(text: str, file: str = "docs/training.md", language: str = "en") -> str:
    page = TREES[language].name_of(ROOT / file)
    assert page is not None
    return links.rewrite(text, page, ROOT / file, TREES, language, lambda path: f"/copied/{path.name}")


@pytest.mark.parametrize(
    ("source", "error", "parts"),
    [
        ('raise UsageError("no bundle given. Name one.")', "UsageError", ("no bundle given. Name one.",)),
        (
            'raise DataError(f"{self.path} holds {len(names)} files. " + ("" if ok else "Add some."))',
            "DataError",
            ("\0path", " holds ", "\0names", " files. Add some."),
        ),
        (
            'errors.UnknownNameError("colour", name, COLOURS)',
            "UnknownNameError",
            ("unknown colour '", "\0name", "'. Choose from: ", "\0colours", ". "),
        ),
    ],
)
def test_a_message_is_read_from_where_it_is_made(source: str, error: str, parts: tuple[str, ...]) -> None:
    assert list(found_in(source, {error})) == [(error, parts)]


def test_messages_are_found_in_every_floor() -> None:
    found = messages()
    assert len(found) > 400
    assert {message.file.split("/")[0] for message in found} == {"runtime", "train", "export", "course", "ui"}


def test_every_type_of_error_has_a_meaning_in_chinese() -> None:
    texts = tomllib.loads((ROOT / "website" / "troubleshooting.toml").read_text("utf-8"))
    assert list(texts["zh-TW"]["errors"]) == [error.name for error in error_tree()]


@pytest.mark.parametrize(
    ("link", "made"),
    [
        ("[data](data.md#sizes)", "[data](/data.md#sizes)"),
        ("[any](https://doi.org/x)", "[any](https://doi.org/x)"),
        ("[here](#metrics)", "[here](#metrics)"),
        ("[data.md](data.md)", "[Data](/data.md)"),
        ("[rules](../CONTRIBUTING.md)", "[rules](/contributing.md)"),
        ("![A picture](app.png)", "![A picture](/copied/app.png)"),
        ("[the script](../examples/browser/any-size.js)", "the script (`examples/browser/any-size.js`)"),
        ("[any-size.js](../examples/browser/any-size.js)", "`examples/browser/any-size.js`"),
        ("[messages](../runtime/errors.py)", "[messages](/troubleshooting.md)"),
        ("`[data](data.md)`", "`[data](data.md)`"),
        ("```\n[data](data.md)\n```", "```\n[data](data.md)\n```"),
    ],
)
def test_a_link_is_made_for_the_site(link: str, made: str) -> None:
    assert rewritten(link) == made


def test_a_chinese_page_leads_to_an_english_one_where_there_is_no_other() -> None:
    made = rewritten("[訓練](../training.md#noise)、[變體](variants.md)", "docs/zh-TW/guide.md", "zh-TW")
    english = '<a class="abroad" hreflang="en" href="../en/training.html#noise">訓練</a>'
    assert made == f"{english}、[變體](/variants.md)"


def test_labs_are_found_and_listed_by_their_number(tmp_path: Path) -> None:
    for lab in ("1-one", "10-ten", "2-two"):
        (tmp_path / "course" / "labs" / lab).mkdir(parents=True)
        (tmp_path / "course" / "labs" / lab / "en.md").write_text("# Lab")
    tree = Tree.find("en", tmp_path)
    assert tree.labs() == ["labs/1-one", "labs/2-two", "labs/10-ten"]
    assert "labs/1-one\nlabs/2-two\nlabs/10-ten" in navigation.toctrees(tree, set(tree.pages))


def test_chinese_is_searched_by_pairs_of_characters() -> None:
    assert Chinese({}).split("重建誤差 MSE，值") == ["MSE", "重建", "建誤", "誤差", "值"]


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        (["Text.", "", "    code", "", "More."], ["Text.", "", "::", "", "    code", "", "More."]),
        (["    It is `(a,", "    b)`, or c."], ["    It is ``(a, b)``,", "    or c."]),
        (["All `Model`s, `a*b`"], ["All ``Model``\\ s, ``a*b``"]),
        (
            ["Example:", "    ```python", "    x = `1`", "    ```"],
            ["Example:", "", "::", "", "        x = `1`", ""],
        ),
        (["Args:", "    *values: any."], ["Args:", "    \\*values: any."]),
        (["Text.", "", "from diabolo import x"], ["Text.", "", "::", "", "    from diabolo import x"]),
        (["one: first", "    line", "two: second"], [":one: first", "    line", ":two: second"]),
    ],
)
def test_a_docstring_is_shown_as_it_stands(lines: list[str], made: list[str]) -> None:
    assert as_rest(lines, module=True) == made


def test_the_moving_picture_is_that_of_the_models() -> None:
    (made, *_) = movie.frames(4)
    path = ROOT / "docs" / "diabolo.gif"
    assert path.stat().st_size < 1e6
    with Image.open(path) as stored:
        assert getattr(stored, "n_frames", 1) > 40
        assert stored.size == made.size
        first = np.asarray(stored.convert("RGB"), float)
        stored.seek(20)
        later = np.asarray(stored.convert("RGB"), float)
    assert np.abs(first - np.asarray(made, float)).mean() < 6
    assert np.abs(later - first).mean() > 6


def test_each_screenshot_is_in_the_documents() -> None:
    docs = Path(screenshots.__file__).parents[1] / "docs"
    linked = "".join(page.read_text("utf-8") for page in (*docs.glob("*.md"), docs.parent / "README.md"))
    assert screenshots.SHOTS
    for name in screenshots.SHOTS:
        assert (docs / f"{name}.png").is_file()
        assert f"{name}.png)" in linked
