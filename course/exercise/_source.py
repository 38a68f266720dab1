"""What can be said about a student's file without executing it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from diabolo.course.exercise._report import Mistake

__all__ = ["check_source"]

_CHARACTER = re.compile(r"invalid (?:non-printable )?character")


def check_source(path: Path) -> None:
    """Check that the file is Python, and that no gap is left open.

    Raises:
        Mistake: it is not, or there is one.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Mistake("encoding") from None
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        code = "character" if _CHARACTER.match(error.msg) else "syntax"
        line = (error.text or "").strip()
        raise Mistake(code, line=error.lineno or 0, error=error.msg.rstrip("."), text=line) from None
    except ValueError:  # a NUL byte
        raise Mistake("encoding") from None
    if open_lines := _gaps(tree):
        raise Mistake("gap", lines=list(map(str, open_lines)), count=len(open_lines))


def _gaps(tree: ast.AST) -> list[int]:
    """The lines that hold a `...`, except in an index or a type such as `tuple[int, ...]`."""
    indices = {
        inner for node in ast.walk(tree) if isinstance(node, ast.Subscript) for inner in ast.walk(node.slice)
    }
    return sorted(
        {
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and node.value is Ellipsis and node not in indices
        }
    )
