"""Execute a student's file and call what it holds; a failure names the line."""

from __future__ import annotations

import importlib.util
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from diabolo.course.exercise._report import Mistake

__all__ = ["StudentFile"]


class StudentFile:
    """A student's file, executed.

    Args:
        path: of the file.

    Raises:
        Mistake: executing it fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        sys.path.insert(0, str(self._path.parent))
        spec = importlib.util.spec_from_file_location("student", self._path)
        if spec is None or spec.loader is None:
            raise Mistake("encoding")
        self._module = importlib.util.module_from_spec(spec)
        sys.modules["student"] = self._module
        self.call("load", spec.loader.exec_module, self._module)

    def find(self, name: str) -> Any:
        """What the file calls `name`.

        Raises:
            Mistake: there is nothing that can be called.
        """
        found = getattr(self._module, name, None)
        if not callable(found):
            raise Mistake("missing", name=name)
        return found

    def call(self, where: str, function: Callable[..., Any], *given: Any) -> Any:
        """Call something of the student's.

        Args:
            where: what it is, for the message: `Encoder.forward`.
            function: to call.
            given: its arguments.

        Raises:
            Mistake: it raises an error; also when it would end the process.
        """
        try:
            return function(*given)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the student's code raises
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if Path(frame.filename) == self._path]
            said = f"{type(error).__name__}: {error}"
            usual = "raises-making" if where.endswith("__init__") else "raises"
            code = next((code for part, code in _KNOWN.items() if part in said), usual)
            if isinstance(error, NameError) and _is_of_a_module(error.name):
                code = "not-imported"
            if code == "arguments" and lines:  # of something that the student's code calls
                code = usual
            raise Mistake(code, where=where, error=said[:300], line=(lines or [0])[-1] or "?") from None


def _is_of_a_module(name: str | None) -> bool:
    """Whether this is the usual name of a module, or of something in one that these files use."""
    modules = (torch, torch.nn, torch.nn.functional, math)
    return name in _MODULES or any(hasattr(module, name or "") for module in modules)


_MODULES = {"torch", "nn", "F", "optim", "math", "np", "numpy"}
_KNOWN = {
    "before Module.__init__() call": "no-super",
    "shapes cannot be multiplied": "multiply",
    "channels, but got": "channels",
    "positional argument": "arguments",
    "is not a Module subclass": "layer-class",
    "unflatten:": "unflatten",
    "NameError:": "name",
    "'Encoder' object has no attribute": "attribute",
    "'Decoder' object has no attribute": "attribute",
}
