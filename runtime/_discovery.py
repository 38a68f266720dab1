"""What lies in a package, found by its files: `fashion_mnist.py` is 'fashion-mnist'.

A new variant, network, dataset, command or tab is one new file; nothing keeps a list. A leading
underscore means 'machinery, not one of them'.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from diabolo.runtime.errors import UnknownNameError

__all__ = ["find", "names"]


def names(package: str) -> list[str]:
    """The names found in `package` (a full module name), sorted; the files are not imported."""
    path = importlib.import_module(package).__path__
    found = (m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))
    return sorted(name.replace("_", "-") for name in found)


def find(package: str, name: str, kind: str, hint: str = "") -> ModuleType:
    """Import the file of `package` called `name`.

    Raises:
        UnknownNameError: there is none; `kind` and `hint` go into the message.
    """
    allowed = names(package)
    if name not in allowed:
        raise UnknownNameError(kind, name, allowed, hint)
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")
