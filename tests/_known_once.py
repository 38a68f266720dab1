"""What does not change while the tests run, and others find out anew each time, is found out once."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

_getfile, _entry_points = inspect.getfile, metadata.entry_points


def begin() -> None:
    """Before anything large is imported."""
    # here, and in the processes that tests start, or each would compile the package and the tests anew
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    inspect.getfile = _file_of
    metadata.entry_points = _points


def exports() -> None:
    """For each graph that it exports, torch reads a thousand operators' sources and asks for all others."""
    registry = getattr(sys.modules.get("torch.onnx._internal.exporter._registration"), "ONNXRegistry", None)
    if registry is not None and not hasattr(registry.from_torchlib, "cache_info"):
        registry.from_torchlib = staticmethod(functools.cache(registry.from_torchlib))
    operators: Any = sys.modules.get("torch._export.utils")
    if operators is not None and not hasattr(operators._materialize_cpp_cia_ops, "cache_info"):
        operators._materialize_cpp_cia_ops = functools.cache(operators._materialize_cpp_cia_ops)


def _file_of(thing: Any) -> str:
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    theirs = str(getattr(thing, "__module__", "")).startswith("gradio.")
    if theirs and caller and caller.f_code.co_name == "create_or_modify_pyi":
        # whenever it is imported, gradio parses its components to write stubs: almost half of that time
        raise OSError("no stub is wanted")
    return _getfile(thing)


def _points(**chosen: Any) -> Any:
    """Of all distributions: their files are not read again unless a folder with some of them has changed."""
    return _read(tuple((path, _changed(path)) for path in sys.path), frozenset(chosen.items()))


@functools.cache
def _read(_folders: tuple[Any, ...], chosen: frozenset[tuple[str, str]]) -> Any:
    return _entry_points(**dict(chosen))


def _changed(path: str) -> int:
    try:
        return Path(path or ".").stat().st_mtime_ns
    except OSError:
        return 0
