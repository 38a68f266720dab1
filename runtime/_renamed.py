"""Old names of modules that have moved: they still import, with a DeprecationWarning that gives the new name.

A package hands its old names to `renamed`. Nothing is imported until somebody asks for an old name, and since
the finder stands last in `sys.meta_path`, a module that exists is found without it.
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
    """Let modules be imported by their old names, too.

    `import old`, `from old import name` and `from package import old` give the module of the new name itself,
    so that its classes are the same under both. The warning points at the line that imports, once a process.

    Args:
        names: old to new, both in full: `{"diabolo.runtime.planes": "diabolo.runtime.latent.pca"}`.
    """
    _NAMES.update(names)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder:
    """Finds old names and loads the modules that have new ones (a finder and a loader of `importlib`)."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _NAMES:
            return None
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]  # `importlib.abc` costs an import

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        import warnings

        old = module.__name__
        new = _NAMES[old]
        # importlib's own frames do not count: level 2 is the line that imports
        warnings.warn(f"{old} is now {new}; import it by that name.", DeprecationWarning, stacklevel=2)
        sys.modules[old] = import_module(new)
