"""Find variants, networks, datasets, commands and tabs by their files: `fashion_mnist.py` is 'fashion-mnist'.

A new one is one new file (or folder); there is no list to extend. Files with a leading underscore are not
included. Another distribution adds one by an entry point whose group is the package's full name and whose
value is a module with the same contract:

    [project.entry-points."diabolo.train.datasets"]
    faces = "my_package.faces"

A file takes precedence over an entry point of the same name.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib import metadata
from types import ModuleType

from diabolo.runtime.errors import PluginError, UnknownNameError

__all__ = ["find", "names"]


def names(package: str) -> list[str]:
    """The names in a package and in its entry points, sorted. The modules are not imported.

    Args:
        package: the full name, such as 'diabolo.train.datasets'.
    """
    return sorted({*_files(package), *(point.name for point in metadata.entry_points(group=package))})


def find(package: str, name: str, kind: str, hint: str = "") -> ModuleType:
    """Import a module by its name, from a package or from an entry point.

    Args:
        package: the full name, such as 'diabolo.train.datasets'.
        name: as in `names`.
        kind: what it is, for the message: 'dataset'.
        hint: a sentence at the end of the message.

    Raises:
        UnknownNameError: there is no such name.
        PluginError: another distribution's module cannot be imported.
    """
    if not isinstance(name, str):
        raise UnknownNameError(kind, name, names(package), hint)
    if name in _files(package):
        return importlib.import_module(f"{package}.{name.replace('-', '_')}")
    for point in metadata.entry_points(group=package, name=name):
        return _load(point, kind)
    raise UnknownNameError(kind, name, names(package), hint)


def _files(package: str) -> list[str]:
    path = importlib.import_module(package).__path__
    found = (m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))
    return [name.replace("_", "-") for name in found]


def _load(point: metadata.EntryPoint, kind: str) -> ModuleType:
    owner = point.dist.name if point.dist else "unknown"
    try:
        module = point.load()
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        reason = f"{type(error).__name__}: {error}"
    else:
        if isinstance(module, ModuleType):
            return module
        reason = f"{point.value} is not a module"
    raise PluginError(
        f"the {kind} {point.name!r} of the installed package {owner!r} cannot be loaded: {reason}. "
        f"Update it, or remove it: pip uninstall {owner}."
    )
