"""Which file of the repository is which page of the site, in which language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LANGUAGES", "ROOT", "Tree", "lab_number"]

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "zh-TW")

_FILES = {
    "en": {"README.md": "index", "CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog"},
    "zh-TW": {"README.zh-TW.md": "index"},
}
_FOLDERS = {  # pattern of files: the page; * is the part that differs
    "en": {"docs/*.md": "*", "course/labs/*/en.md": "labs/*", "examples/*/README.md": "examples/*"},
    "zh-TW": {"docs/zh-TW/*.md": "*", "course/labs/*/zh-TW.md": "labs/*"},
}

_MADE_FROM = {"runtime/errors.py": "troubleshooting"}  # a link to the file leads to the page made from it


@dataclass(frozen=True)
class Tree:
    """The pages of a language.

    Attributes:
        language: 'en' or 'zh-TW'.
        pages: the file of each page, by the page's name, such as 'labs/1-autoencoder'.
    """

    language: str
    pages: dict[str, Path]

    @classmethod
    def find(cls, language: str, root: Path = ROOT) -> Tree:
        """All pages that there is a text for."""
        pages = {page: root / file for file, page in _FILES[language].items() if (root / file).exists()}
        for pattern, name in _FOLDERS[language].items():
            for file in sorted(root.glob(pattern)):
                pages[name.replace("*", _differing(pattern, file, root))] = file
        return cls(language, pages)

    def name_of(self, file: Path) -> str | None:
        """The page that is made from this file, if it is one of this language."""
        made = _MADE_FROM.get(file.relative_to(ROOT).as_posix())
        return made or next((name for name, source in self.pages.items() if source == file), None)

    def labs(self) -> list[str]:
        """The labs' pages, by their numbers."""
        return sorted((name for name in self.pages if name.startswith("labs/")), key=lab_number)

    def __iter__(self) -> Iterator[tuple[str, Path]]:
        return iter(self.pages.items())


def lab_number(page: str) -> int:
    """The number of a lab, from its page's name: 1 for 'labs/1-autoencoder'."""
    found = re.match(r"labs/(\d+)-", page)
    return int(found[1]) if found else 0


def _differing(pattern: str, file: Path, root: Path) -> str:
    """The part of a file's path that stands for the asterisk of the pattern."""
    start, end = pattern.split("*")
    return file.relative_to(root).as_posix().removeprefix(start).removesuffix(end)
