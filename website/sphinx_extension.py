"""What Sphinx does not have: formulas as MathML, search in Chinese, links to the other language."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.locale import get_translation
from sphinx.search import SearchLanguage

from website.docstrings import as_rest

__all__ = ["Chinese", "setup"]

_HAN = "\u3400-\u9fff"
_SPLIT = """
function splitQuery(query) {
  const terms = [];
  for (const [part] of query.matchAll(/[\\u3400-\\u9fff]+|[\\p{L}\\p{N}_]+/gu)) {
    if (/[\\u3400-\\u9fff]/.test(part) && part.length > 1)
      for (let i = 0; i + 1 < part.length; i++) terms.push(part.slice(i, i + 2));
    else terms.push(part);
  }
  return terms;
}
"""

_WORDS = {  # of the theme, which has no catalogue for the language
    "zh-TW": {
        "On this page": "本頁內容",
        "Next": "下一頁",
        "Previous": "上一頁",
        "Home": "首頁",
        "Back to top": "回到頁首",
        "Skip to content": "跳到內容",
        "Made with": "網站工具：",
    }
}


class Chinese(SearchLanguage):
    """Chinese has no spaces between words: each two neighbouring characters are a term."""

    lang = "zh_TW"
    language_name = "Chinese"
    js_splitter_code = _SPLIT

    def split(self, input: str) -> list[str]:
        """The terms of a text; words in Latin letters stay as they are."""
        terms = re.findall(r"[A-Za-z0-9_]+", input)
        for part in re.findall(f"[{_HAN}]+", input):
            terms += [part] if len(part) == 1 else [part[i : i + 2] for i in range(len(part) - 1)]
        return terms

    def word_filter(self, stemmed_word: str) -> bool:
        """Every term is kept."""
        return bool(stemmed_word)


def _inline_math(writer: Any, node: nodes.math) -> None:
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block_math(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def _docstring(_app: Sphinx, what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = as_rest(lines, module=what == "module")


def _dashes(_app: Sphinx, doctree: nodes.document) -> None:
    """The dash between a parameter and what it is; Sphinx writes two hyphens."""
    for text in list(doctree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))


def _languages(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Tell the page's template where the same page, or else the first one, is in the other languages."""
    up = "../" * (page.count("/") + 1)
    context["tongues"] = {
        language: f"{up}{language}/{page if page in (*pages, 'search') else 'index'}.html"
        for language, pages in app.config.html_context["others"].items()
    }
    known = _WORDS.get(app.config.html_context["tongue"], {})
    for name in ("_", "gettext"):
        context[name] = lambda text: known.get(text.strip()) or get_translation("sphinx")(text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of all of it."""
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.add_search_language(Chinese)
    app.connect("autodoc-process-docstring", _docstring, priority=100)  # before napoleon
    app.connect("doctree-read", _dashes)
    app.connect("html-page-context", _languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
