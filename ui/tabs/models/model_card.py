"""A bundle's README.md as HTML. It is untrusted, so only its text and pictures of the bundle are shown.

Its own HTML is escaped, links are shown as text, and pictures from anywhere else are replaced by their text.
The app shows it below the card that `card_body.py` composes in the visitor's language.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError
from diabolo.ui.models.cache import cached

__all__ = ["Pictures", "card_html"]

_LONGEST = 20_000  # bytes of a card, ten times what `export` writes; the rest is cut off
_CELLS = 10_000  # lines times columns; if a table may have more, tables are shown as text
_ADDRESS = 200  # characters of a link's target that are shown; a card may have a link at every other letter
_PICTURES = 8
_LARGEST = 4 << 20  # bytes of all pictures together
_PNG = b"\x89PNG\r\n\x1a\n"


@cached(16)
def card_html(bundle: Bundle) -> str:
    """The card as HTML that loads nothing, cached with its bundle; '' if the bundle has no card.

    A long card is cut off, and only its first pictures are shown.

    Raises:
        BundleError: the card was modified.
    """
    name = bundle.manifest.file("card")
    if name is None:
        return ""
    text = bundle.read(name)[:_LONGEST].decode("utf-8", "replace")
    reader = MarkdownIt("commonmark", {"html": False})
    if _cells(text) <= _CELLS:
        reader.enable("table")
    tokens, pictures = reader.parse(text), Pictures(bundle)
    for token in tokens:
        if token.children:
            token.children = list(_harmless(token.children, pictures))
    html: str = reader.renderer.render(tokens, reader.options, {})
    return html


def _cells(text: str) -> int:
    """The most cells that a table of this text can have: short rows are filled up to the widest."""
    lines = text.splitlines()
    return len(lines) * (1 + max((line.count("|") for line in lines), default=0))


class Pictures:
    """The pictures of one card as data URLs: each file of the bundle at most once, and only a few files."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._seen: set[str] = set()
        self._left = _LARGEST

    def take(self, name: str) -> str:
        """A PNG file of the bundle as a data URL; '' for any other name, and for one too many."""
        entry = self._bundle.manifest.files.get(name)
        if entry is None or name in self._seen or len(self._seen) >= _PICTURES or entry.size > self._left:
            return ""
        self._seen.add(name)
        self._left -= entry.size
        try:
            raw = self._bundle.read(name)
        except BundleError:  # the checks report it
            return ""
        return (
            f"data:image/png;base64,{base64.b64encode(raw).decode('ascii')}" if raw.startswith(_PNG) else ""
        )


def _harmless(tokens: list[Token], pictures: Pictures) -> Iterator[Token]:
    """Keep pictures of the bundle; replace others by their text, and links by their text and target."""
    targets: list[str] = []
    for token in tokens:
        if token.type == "image":
            source = pictures.take(str(token.attrs.get("src", "")))
            if source:
                token.attrs = {"src": source, "alt": ""}
                yield token
            else:
                yield _text(token.content)
        elif token.type == "link_open":
            targets.append(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            yield _text(f" ({_short(targets.pop())})")
        else:
            yield token


def _short(address: str) -> str:
    return address if len(address) <= _ADDRESS else f"{address[:_ADDRESS]}…"


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)
