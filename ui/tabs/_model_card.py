"""A bundle's README.md as HTML. Anybody may have written it, so it can show its words and nothing else.

No HTML of its own, no link that can be followed, no picture but those that lie in the bundle.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError

__all__ = ["card_html"]

_LONGEST = 100_000  # bytes of a card; the rest is left out
_LARGEST = 4 << 20  # bytes of a picture
_PNG = b"\x89PNG\r\n\x1a\n"


def card_html(bundle: Bundle) -> str:
    """The card as HTML that asks nobody for anything; '' where the bundle has none.

    Raises:
        BundleError: the card was changed.
    """
    name = bundle.manifest.file("card")
    if name is None:
        return ""
    text = bundle.read(name)[:_LONGEST].decode("utf-8", "replace")
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_harmless(token.children, bundle))
    html: str = reader.renderer.render(tokens, reader.options, {})
    return html


def _harmless(tokens: list[Token], bundle: Bundle) -> Iterator[Token]:
    """Pictures of the bundle stay; others become their words, and links their words and where they lead."""
    ways: list[str] = []
    for token in tokens:
        if token.type == "image":
            source = _picture(str(token.attrs.get("src", "")), bundle)
            if source:
                token.attrs = {"src": source, "alt": ""}
                yield token
            else:
                yield _text(token.content)
        elif token.type == "link_open":
            ways.append(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            yield _text(f" ({ways.pop()})")
        else:
            yield token


def _picture(name: str, bundle: Bundle) -> str:
    """A PNG file of the bundle as an address that holds it, or ''."""
    entry = bundle.manifest.files.get(name)
    if entry is None or entry.size > _LARGEST:
        return ""
    try:
        raw = bundle.read(name)
    except BundleError:  # the checks say so
        return ""
    return f"data:image/png;base64,{base64.b64encode(raw).decode('ascii')}" if raw.startswith(_PNG) else ""


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)
