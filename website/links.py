"""Links of a Markdown text, as the site needs them.

A link to a file that is a page leads to that page, in the reader's language if there is one. A link to any
other file of the repository becomes the file's path, since the site has no copy of it.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from website.tree import ROOT, Tree

__all__ = ["rewrite"]

_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:`[^`]*`|[^\[\]`])*)\]\(([^()\s]+)\)|(`+)[^`].*?\4", re.DOTALL)


def rewrite(
    text: str, page: str, file: Path, trees: Mapping[str, Tree], language: str, copy: Callable[[Path], str]
) -> str:
    """The text with every link as it is on the site.

    Args:
        text: Markdown.
        page: the page's name in the site, such as 'labs/1-autoencoder'.
        file: where the text is from; its links are relative to this file.
        trees: the pages of all languages.
        language: the one of this page.
        copy: takes a picture's path, and returns the link to its copy in the site.
    """

    def link(found: re.Match[str]) -> str:
        picture, label, target = found[1], found[2], found[3]
        if target is None or "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        path, _, anchor = target.partition("#")
        meant = Path(os.path.normpath(file.parent / path)).resolve()
        if picture:
            return f"![{label}]({copy(meant)})"
        for tongue in (language, *trees):
            name = trees[tongue].name_of(meant)
            label = _title(meant) if name and label.endswith(".md") else label
            if name and tongue == language:
                return f"[{label}](/{name}.md{'#' * bool(anchor)}{anchor})"
            if name:
                return _abroad(label, page, tongue, name, anchor)
        return _named(label, meant.relative_to(ROOT).as_posix())

    parts, start = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(link, text[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, _LINK.sub(link, text[start:])])


def _title(file: Path) -> str:
    """The first heading of a page: a link that was named after the file gets that name."""
    return next(line[2:] for line in file.read_text("utf-8").splitlines() if line.startswith("# "))


def _abroad(label: str, page: str, language: str, name: str, anchor: str) -> str:
    """A link to a page of another language."""
    up = "../" * (page.count("/") + 1)
    href = html.escape(f"{up}{language}/{name}.html{'#' * bool(anchor)}{anchor}")
    return f'<a class="abroad" hreflang="{language}" href="{href}">{label}</a>'


def _named(label: str, path: str) -> str:
    """A file that is no page, by its path."""
    words = label.strip("`")
    return f"`{path}`" if path.endswith(words) else f"{label} (`{path}`)"
