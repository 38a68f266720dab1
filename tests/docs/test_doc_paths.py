"""The pages that explain the code name files that exist, and lead to pages that do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for folder in (".", "docs", "docs/zh-TW", "examples/*") for path in ROOT.glob(f"{folder}/*.md")
)
CODE = ["CONTRIBUTING.md", "docs/architecture.md", "docs/security.md"]
FOLDERS = (
    "runtime",
    "train",
    "export",
    "course",
    "ui",
    "tests",
    "benchmarks",
    "recipes",
    "examples",
    "website",
)


def names(page: str) -> list[str]:
    """What stands as code within the text, files that the page has you write left out."""
    text = (ROOT / page).read_text("utf-8")
    written = set(re.findall(r"`([\w/]+\.py)`:\n\n```", text))
    return [
        name
        for name in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
        if name not in written and "NAME" not in name
    ]


@pytest.mark.parametrize("page", CODE)
def test_files_exist(page: str) -> None:
    known = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    for name in names(page):
        if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", name):
            assert (ROOT / name).exists(), name
        elif re.fullmatch(r"\w+\.py", name):
            assert name in known, name


@pytest.mark.parametrize("page", CODE)
def test_tests_exist(page: str) -> None:
    for name in names(page):
        if re.fullmatch(r"test_\w+", name):
            assert list((ROOT / "tests").rglob(f"{name}.py")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in headings], (
                link
            )
