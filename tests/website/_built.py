"""The built site, read as a browser reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_ASKED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src", "link": "href"}
_CODE = {"code", "pre", "script", "style", "math"}


@dataclass
class Page(HTMLParser):
    """What matters of a page.

    Attributes:
        path: its file.
        ids: the anchors that a link may name.
        links: where its links lead.
        asked: what a browser asks for without a click.
        text: what is read, without code.
    """

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the file."""
        super().__init__()
        self._within: list[str] = []
        self.feed(self.path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag's anchor and what it leads to."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        wanted = tag != "link" or found.get("rel") in ("stylesheet", "icon", "preload", "shortcut icon")
        if wanted and (name := _ASKED.get(tag)) in found:
            self.asked.append(found[name])
        if tag in _CODE:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of code."""
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        """Note the text."""
        if not self._within:
            self.text.append(data)
