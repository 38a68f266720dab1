"""The error messages of the source, by the type of the error: what the page on troubleshooting is made from.

A message is read from the place where the error is made. The parts that are not known before it happens are
named after what is written there: a message `f"{path} already exists."` has a part called 'path'.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from website.tree import ROOT

__all__ = ["FLOORS", "ErrorType", "Message", "error_tree", "found_in", "messages"]

FLOORS = ("runtime", "train", "export", "course", "ui")
_FEWEST = 3  # words of a message that are known; with fewer it says nothing


@dataclass(frozen=True)
class ErrorType:
    """One class of the tree in `runtime/errors.py`.

    Attributes:
        name: of the class.
        depth: 0 for the root.
        meaning: what has gone wrong, in a line.
    """

    name: str
    depth: int
    meaning: str


@dataclass(frozen=True)
class Message:
    """A message of an error.

    Attributes:
        error: the name of its class.
        parts: the text, in pieces; a piece that begins with a NUL is the name of what stands there.
        file: where it is, relative to the repository.
    """

    error: str
    parts: tuple[str, ...]
    file: str


@functools.cache
def error_tree() -> list[ErrorType]:
    """The classes of errors, in the order in which the tree is drawn."""
    drawn = ast.get_docstring(ast.parse((ROOT / "runtime" / "errors.py").read_text("utf-8"))) or ""
    rows = re.findall(r"^    ([│├└─ ]*)(\w+Error) +(?:\w+: )?(.*)$", drawn, re.MULTILINE)
    return [ErrorType(name, len(lead) // 4, meaning) for lead, name, meaning in rows]


@functools.cache
def messages() -> list[Message]:
    """All messages, each once, by the floor of the house and the file."""
    known = {one.name for one in error_tree()}
    found: dict[tuple[str, tuple[str, ...]], Message] = {}
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            for error, parts in found_in(path.read_text("utf-8"), known):
                if len(re.findall(r"\w+", " ".join(p for p in parts if not p.startswith("\0")))) >= _FEWEST:
                    found.setdefault((error, parts), Message(error, parts, file))
    return list(found.values())


def found_in(source: str, known: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The messages in the text of a module: the name of the error and the parts.

    Args:
        source: of a module.
        known: the names of the classes of errors.
    """
    for call in ast.walk(ast.parse(source)) if "Error(" in source else ():
        name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
        if name in known and isinstance(call, ast.Call) and call.args:
            values = _unknown_name(call) if name == "UnknownNameError" else call.args[:1]
            yield name, _joined([part for value in values for part in _parts(value)])


def _unknown_name(call: ast.Call) -> list[ast.expr]:
    """What `UnknownNameError` says, in the order in which it says it."""
    kind, name, *more = [*call.args, *(key.value for key in call.keywords)]
    said: list[ast.expr] = [ast.Constant("unknown "), kind, ast.Constant(" '"), name]
    said += [ast.Constant("'. Choose from: "), more[0] if more else ast.Constant("…"), ast.Constant(". ")]
    return said + more[1:]


def _parts(value: ast.expr) -> list[str]:
    """The pieces of a message, as they stand in an expression."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.JoinedStr):
        return [part for one in value.values for part in _parts(one)]
    if isinstance(value, ast.FormattedValue):
        return _parts(value.value)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _parts(value.left) + _parts(value.right)
    if isinstance(value, ast.IfExp):
        one, other = _parts(value.body), _parts(value.orelse)
        return [*one, " / ", *other] if any(one) and any(other) else one if any(one) else other
    return ["\0" + _name(value)]


def _name(value: ast.expr) -> str:
    """What an expression stands for, in a word."""
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_")
    if isinstance(value, ast.Subscript):
        return _name(value.value)
    if isinstance(value, ast.Call):
        if value.args:
            return _name(value.args[0])
        return _name(value.func.value) if isinstance(value.func, ast.Attribute) else "…"
    return "…"


def _joined(parts: list[str]) -> tuple[str, ...]:
    """Neighbouring pieces of text as one."""
    joined: list[str] = []
    for part in filter(None, parts):
        if joined and not part.startswith("\0") and not joined[-1].startswith("\0"):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
