"""Run a lab's cells in this process, as a notebook would: for its pictures, and for tests."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from diabolo.course.text import Cell

__all__ = ["run"]


def run(
    cells: list[Cell],
    shell: Callable[[str], object],
    shown: Callable[[Cell, Any], object] = lambda _cell, _value: None,
) -> dict[str, Any]:
    """Run code and commands in order, in the current folder.

    Args:
        cells: of one lab.
        shell: runs one line of commands.
        shown: told of each code cell, after it ran, and the value of its last line if that is an expression,
            or else None.

    Returns:
        The variables at the end.

    Raises:
        Exception: whatever a cell raises; its traceback has the line of the lab's text.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        if cell.kind == "commands":
            for line in filter(str.strip, cell.source.splitlines()):
                shell(line)
        elif cell.kind == "code":
            shown(cell, _value(cell, names))
    return names


def _value(cell: Cell, names: dict[str, Any]) -> Any:
    tree = ast.parse(cell.source)
    ast.increment_lineno(tree, cell.line - 1)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "<lab>", "exec"), names)  # noqa: S102 - the project's own labs
        return None
    tree.body.pop()
    exec(compile(tree, "<lab>", "exec"), names)  # noqa: S102
    return eval(compile(ast.Expression(last.value), "<lab>", "eval"), names)  # noqa: S307
