"""Modules that have moved can still be imported by their old names, with a DeprecationWarning.

A package passes its old names to `renamed`. Nothing is imported until an old name is used. The finder comes
last in `sys.meta_path`, so that existing modules are found without it. Names within a module are in
`diabolo.runtime._old_names`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["renamed"]

_NAMES: dict[str, str] = {}


def renamed(names: Mapping[str, str]) -> None:
    """Let modules be imported by their old names.

    `import old`, `from old import name` and `from package import old` return the module of the new name, so
    that its classes are the same under both. The warning points at the line of the import, once in a process.

    Args:
        names: the new name for each old one, both in full:
            `{"diabolo.runtime.planes": "diabolo.runtime.latent.pca"}`.
    """
    _NAMES.update(names)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder:
    """A finder and loader of `importlib` that loads the module of the new name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _NAMES:
            return None
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]  # importing `importlib.abc` takes time

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        import warnings

        old = module.__name__
        new = _NAMES[old]
        # importlib's own frames are not counted: level 2 is the line of the import
        warnings.warn(f"{old} is now {new}; import it by that name.", DeprecationWarning, stacklevel=2)
        sys.modules[old] = import_module(new)
