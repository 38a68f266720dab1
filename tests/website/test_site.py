"""The site that is made of the documents: its links hold, it asks nobody else, and it has all there is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import click
import pytest
from _built import Page
from _chromium import new_page, started

from diabolo import runtime
from diabolo.ui.cli import main
from website.messages import error_tree
from website.tree import LANGUAGES

ROOT = Path(__file__).parents[2]
LABS = sorted(path.name for path in (ROOT / "course" / "labs").iterdir() if (path / "en.md").exists())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning."""
    out = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-W", "ignore", "-m", "website", "-o", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """All pages, by their files."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    with started() as running:
        yield running


def test_every_link_leads_to_a_file_and_an_anchor_that_exist(pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.asked]:
            parts = urlsplit(link)
            if parts.scheme or link in ("", "#"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path}: {link}: no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                broken.append(f"{path}: {link}: no such anchor")
    assert broken == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_nothing_is_asked_of_another_host(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for asked in page.asked:
            assert asked.startswith("data:") or not (urlsplit(asked).scheme or urlsplit(asked).netloc), (
                path,
                asked,
            )
    for path in site.rglob("*.css"):
        for asked in re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", path.read_text("utf-8")):
            assert not re.search(r"^[\"']?(\w+:)?//", "".join(asked)), (path, asked)


def test_no_mark_of_markdown_is_left_in_a_text(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        if "python" not in path.parts:  # where arguments may be called **options
            assert not re.search(r"\*\*\S|\S\*\*", "".join(page.text)), path


def test_every_lab_is_there_in_both_languages(site: Path, pages: dict[Path, Page]) -> None:
    assert len(LABS) >= 3
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for lab in LABS:
            page = pages[site / language / "labs" / f"{lab}.html"]
            assert f"../../{other}/labs/{lab}.html" in page.links
            assert "$" not in "".join(page.text), "a formula is left as it was written"


def test_a_page_of_one_language_leads_to_the_first_page_of_the_other(
    pages: dict[Path, Page], site: Path
) -> None:
    assert "../../zh-TW/index.html" in pages[site / "en" / "commands" / "train.html"].links
    assert {"en/index.html", "zh-TW/index.html"} <= set(pages[site / "index.html"].links)


def test_every_command_and_option_is_described(site: Path) -> None:
    top = click.Context(main, info_name="diabolo")
    for name in main.list_commands(top):
        text = (site / "en" / "commands" / f"{name}.html").read_text("utf-8")
        command = main.get_command(top, name)
        assert command is not None
        for param in command.params:
            for option in param.opts if isinstance(param, click.Option) else ():
                assert re.search(rf"{re.escape(option)}\b", text), f"{name} {option}"


def test_every_name_of_the_runtime_is_described(site: Path, pages: dict[Path, Page]) -> None:
    ids = pages[site / "en" / "python" / "diabolo.runtime.html"].ids
    assert {f"diabolo.runtime.{name}" for name in runtime.__all__} <= ids
    assert "diabolo.runtime.Autoencoder.interpolate" in ids, "it is inherited"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_of_error_is_in_the_page_on_troubleshooting(site: Path, language: str) -> None:
    text = (site / language / "troubleshooting.html").read_text("utf-8")
    assert len(error_tree()) > 20
    for error in error_tree():
        assert f">{error.name}<" in text, error.name


@pytest.mark.browser
def test_a_reader_finds_chinese_words_and_nobody_else_is_asked(site: Path, browser: Any) -> None:
    page = new_page(browser)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.as_uri()}/zh-TW/search.html?q={quote('重建誤差')}")
    page.wait_for_selector("#search-results li a")
    titles = page.locator("#search-results li > a").all_inner_texts()
    page.goto(f"{site.as_uri()}/en/index.html")
    page.close()
    assert any(title.startswith("Lab 1") for title in titles), titles
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1360])
def test_no_page_is_wider_than_the_window(site: Path, browser: Any, width: int) -> None:
    page = new_page(browser, viewport={"width": width, "height": 844})
    for name in ("en/index", "zh-TW/index", "en/troubleshooting", "en/python/diabolo.runtime", "en/data"):
        page.goto(f"{site.as_uri()}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.close()
