"""Docstrings as reStructuredText: they are written as plain text, with code between backticks."""

from __future__ import annotations

import re

__all__ = ["as_rest"]

_FIELD = re.compile(r"[a-z]\w*: \S")  # a line of a list at the left edge, `name: what it is`
_SPECIAL = re.compile(r"(?<!\w)([*|])|(_)(?!\w)")
_CODE = (
    "from diabolo",
    "import ",
    "python -m ",
)  # a paragraph of a module that begins so is code or a command


def as_rest(lines: list[str], *, module: bool = False) -> list[str]:
    """The lines for Sphinx: what is indented after an empty line stays, the rest gets no new meaning.

    Args:
        lines: of a docstring, without the indentation that all have in common.
        module: whether it is a module's, which may show code without indenting it.
    """
    made: list[str] = []
    text = literal = 0  # how far the last line of text is indented; the block that stays as it is
    lines = _with_whole_code(_without_fences(lines))
    for line, before, after in _with_neighbours(_indented_code(lines) if module else lines):
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth < literal:
            literal = 0
        if line.strip() and not literal:
            if made and not before.strip() and depth >= text + 4:
                literal = depth
                made += [" " * text + "::", ""]
            else:
                text = depth
        made.append(line if literal else _mark(line, before, after) + _escaped(line))
    return made


def _with_neighbours(lines: list[str]) -> list[tuple[str, str, str]]:
    return list(zip(lines, ["", *lines], [*lines[1:], ""], strict=False))


def _without_fences(lines: list[str]) -> list[str]:
    """The lines with fenced code as indented code."""
    fenced = False
    made: list[str] = []
    for line in lines:
        if line.lstrip().startswith("```"):
            fenced = not fenced
            made.append("")
        else:
            made.append(f"    {line}" if fenced and line.strip() else line)
    return made


def _with_whole_code(lines: list[str]) -> list[str]:
    """The lines, each piece of code that goes on in the next line moved to the one where it begins."""
    made: list[str] = []
    for line in lines:
        if made and made[-1].count("`") % 2 and "`" in line:
            code, rest = line.strip().split("`", 1)
            end, _, rest = rest.partition(" ")
            made[-1] += f" {code}`{end}"
            line = line[: len(line) - len(line.lstrip())] + rest if rest else ""
            if not line:
                continue
        made.append(line)
    return made


def _indented_code(lines: list[str]) -> list[str]:
    code = False
    made: list[str] = []
    for line, before, _ in _with_neighbours(lines):
        if not before.strip():
            code = bool(made) and line.startswith(_CODE)
        made.append(f"    {line}" if code and line.strip() else line)
    return made


def _mark(line: str, before: str, after: str) -> str:
    """The colon before a line of a list of fields: one that others, or a continuation, stand next to."""
    near = after.startswith(" ") or _FIELD.match(after) or before.startswith(" ") or _FIELD.match(before)
    return ":" if _FIELD.match(line) and near else ""


def _escaped(line: str) -> str:
    """The line without characters that mean something, and with its code as literals."""
    parts = re.split(r"(`+[^`]*`+)", line)
    made = [
        f"``{part.strip('`')}``" if part.startswith("`") else _SPECIAL.sub(r"\\\1\2", part) for part in parts
    ]
    for number in range(1, len(made), 2):  # a literal ends before a space or a sign, not before a letter
        made[number] += "\\ " if parts[number + 1][:1].isalnum() else ""
    return "".join(made)
