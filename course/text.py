"""The text of a lab: Markdown, whose code blocks are the cells of the notebook.

- ```` ```python ```` is code that runs, ```` ```sh ```` are commands that run.
- ```` ```python quote=MODULE:NAME ```` is shown, not run: the source of a class or function of ours.
- An image in a line of its own, directly after a code block, is the picture that the block's last line
  makes. The page shows the stored file, the notebook what its own cell made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from diabolo.course.errors import LabError

__all__ = ["Cell", "cells"]

_FENCE = re.compile(r"^(`{3,})(\S*)[ \t]*(.*)$")
_IMAGE = re.compile(r"^!\[.*\]\(([\w.-]+)\)\s*$")
_KINDS = {"python": "code", "sh": "commands"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A part of a lab's text.

    Attributes:
        kind: 'text', 'code' (Python), 'commands' (of a shell) or 'quote' (source that is shown only).
        source: without the fence.
        picture: the name of the file that shows what the last line of the code makes, if there is one.
        quoted: of a quote, what it quotes: 'diabolo.train.networks.dense:Encoder'.
        line: of the text, from 1, where it begins.
    """

    kind: str
    source: str
    picture: str = ""
    quoted: str = ""
    line: int = 1


def cells(text: str) -> list[Cell]:
    """The cells of a lab's text, in order.

    Raises:
        LabError: a code block does not end, or is of an unknown kind.
    """
    found: list[Cell] = []
    for cell in _parts(text.splitlines()):
        before = found[-1] if found else None
        lines = cell.source.splitlines()
        first = next((i for i, line in enumerate(lines) if line.strip()), None)
        image = _IMAGE.match(lines[first]) if cell.kind == "text" and first is not None else None
        if image and before and before.kind == "code" and first is not None:
            found[-1] = Cell(kind="code", source=before.source, picture=image[1], line=before.line)
            rest = "\n".join(lines[first + 1 :]).strip("\n")
            cell = Cell(kind="text", source=rest, line=cell.line + first + 1)
        if cell.source.strip():
            found.append(cell)
    return found


def _parts(lines: list[str]) -> Iterator[Cell]:
    """The text between code blocks and the code blocks, with the images still in the text."""
    start, begun = 0, ""  # the line after the last block; the fence of the block we are in
    kind = quoted = ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if not begun and fence:
            if (kind := _KINDS.get(fence[2], "")) == "":
                continue  # a block of another language is text
            yield Cell(kind="text", source="\n".join(lines[start:number]).strip("\n"), line=start + 1)
            begun, start = fence[1], number + 1
            quoted = fence[3].removeprefix("quote=") if fence[3].startswith("quote=") else ""
        elif begun and line.rstrip() == begun:
            source = "\n".join(lines[start:number])
            yield Cell(kind="quote" if quoted else kind, source=source, quoted=quoted, line=start + 1)
            begun, start = "", number + 1
    if begun:
        raise LabError(f"the code block that begins before line {start + 1} does not end.")
    yield Cell(kind="text", source="\n".join(lines[start:]).strip("\n"), line=start + 1)
