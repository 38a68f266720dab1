"""Builds the site: arranges the sources of each language, and runs Sphinx over them."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from website import commands, python_api, troubleshooting
from website.links import rewrite
from website.navigation import toctrees
from website.tree import LANGUAGES, ROOT, Tree

__all__ = ["build"]

_HERE = Path(__file__).parent
_CODES = {"en": "en", "zh-TW": "zh_TW"}  # Sphinx's names of the languages

# the line of languages at the top of a README, for which the site has its own
_TONGUES = re.compile(r"^.*\*\*.+\*\* · .*\n|^.* · \*\*.+\*\*\n", re.MULTILINE)


def build(out: Path) -> int:
    """Build the site into an empty or absent folder.

    Returns:
        The number of warnings, which is 0 for a site that is as it should be.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty. Remove it, or name another folder with -o.")
    trees = {language: Tree.find(language) for language in LANGUAGES}
    made = {language: _generated(tree) for language, tree in trees.items()}
    names = {language: {*trees[language].pages, *map(_page, made[language])} for language in LANGUAGES}
    warnings = 0
    with tempfile.TemporaryDirectory() as work:
        for language in LANGUAGES:
            source = Path(work, language)
            for file, text in made[language].items():
                _write(source / file, text)
            _arrange(source, trees, language, names[language])
            others = {other: sorted(names[other]) for other in LANGUAGES if other != language}
            warnings += _sphinx(source, out / language, Path(work, "doctrees", language), language, others)
    shutil.copy(_HERE / "index.html", out / "index.html")
    return warnings


def _generated(tree: Tree) -> dict[str, str]:
    """The texts of the pages that are made, by their file in the tree of sources."""
    made = {"troubleshooting.md": troubleshooting.page(tree.language)}
    if tree.language == "en":  # what they are made from is in English
        made |= {f"{name}.md": text for name, text in commands.pages().items()}
        made |= python_api.pages(tree)
    return made


def _page(file: str) -> str:
    return file.rpartition(".")[0]


def _arrange(source: Path, trees: dict[str, Tree], language: str, names: set[str]) -> None:
    """Write the texts of the repository as a tree of files for Sphinx, with the pictures that they show."""

    def copy(picture: Path) -> str:
        if not picture.is_file():
            missing = picture.relative_to(ROOT)
            raise FileNotFoundError(
                f"a page of the site shows {missing}, which does not exist. Make it first."
            )
        path = Path("_pictures", picture.relative_to(ROOT))
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, source / path)
        return f"/{path.as_posix()}"

    for name, file in trees[language]:
        text = rewrite(file.read_text("utf-8"), name, file, trees, language, copy)
        if name.startswith("labs/") or "\n$$" in text:  # formulas
            text = "---\nmyst:\n  enable_extensions: [dollarmath, deflist]\n---\n" + text
        if name == "index":
            text = _TONGUES.sub("", text, count=1) + "\n" + toctrees(trees[language], names)
        _write(source / f"{name}.md", text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _sphinx(source: Path, out: Path, doctrees: Path, language: str, others: dict[str, list[str]]) -> int:
    """Run Sphinx for one language; returns the number of its warnings."""
    settings = {"language": _CODES[language], "html_context": {"tongue": language, "others": others}}
    with patch_docutils(), docutils_namespace():
        app = Sphinx(source, _HERE, out, doctrees, "html", settings, status=None)
        app.build(force_all=True)
        warnings: int = app._warncount
    return warnings
