"""The page on troubleshooting: every error message that Diabolo has, by the type of the error."""

from __future__ import annotations

import html
import tomllib

from website.messages import ErrorType, Message, error_tree, messages
from website.tree import ROOT

__all__ = ["page"]

_TEXTS = ROOT / "website" / "troubleshooting.toml"
_NAMES = ("model.json", "onnxruntime")


def page(language: str) -> str:
    """The page's Markdown."""
    texts = tomllib.loads(_TEXTS.read_text("utf-8"))[language]
    found = messages()
    parts = [texts["top"]]
    for error in error_tree():
        own = [message for message in found if message.error == error.name]
        if own:
            meaning = texts.get("errors", {}).get(error.name, error.meaning)
            parts.append(f"## {_title(meaning)}\n\n{_class(error, texts['exit'])}\n\n{_list(own)}")
    return "\n".join(parts)


def _title(meaning: str) -> str:
    """With a capital letter, unless it begins with a name."""
    return meaning if meaning.startswith(_NAMES) else meaning[0].upper() + meaning[1:]


def _class(error: ErrorType, said: str) -> str:
    return said.format(name=f"`{error.name}`", code=2 if _is_usage(error.name) else 1)


def _is_usage(name: str) -> bool:
    """Whether it is a `UsageError` or below it in the tree."""
    within = -1
    for error in error_tree():
        if within >= 0 and error.depth <= within:
            within = -1
        if error.name == "UsageError":
            within = error.depth
        if error.name == name:
            return within >= 0
    return False


def _list(found: list[Message]) -> str:
    """The messages as HTML: they have characters that mean something else in Markdown."""
    rows = "\n".join(f"<li>{_text(message)}<code>{message.file}</code></li>" for message in found)
    return f'<ul class="messages" lang="en">\n{rows}\n</ul>\n'


def _text(message: Message) -> str:
    text = "".join(
        f"<var>{html.escape(part[1:].replace('_', ' '))}</var>"
        if part.startswith("\0")
        else html.escape(part, quote=False)
        for part in message.parts
    )
    return text.replace("</var><var>", "</var> <var>").replace("\n", " ")
