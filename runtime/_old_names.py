"""Names that have changed keep working for one release, with a DeprecationWarning that gives the new name.

`old_names` is for names in a module, `OldAttribute` for attributes and methods of a class, and `old_keywords`
for keyword arguments. Modules that have moved are in `diabolo.runtime._renamed`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

__all__ = ["OldAttribute", "old_attributes", "old_keywords", "old_names"]

_Class = TypeVar("_Class", bound=type)
_Function = TypeVar("_Function", bound=Callable[..., Any])


def old_names(module: str, new: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a module in which names have changed.

    Args:
        module: the module's `__name__`.
        new: the new name for each old one, in this module unless it is written as `module:name`; with `()` at
            its end, it is a function whose result is the value.

    Returns:
        A function of a name. For an old name it warns (DeprecationWarning) at the line that uses it; for any
        other it raises AttributeError.
    """

    def find(name: str) -> Any:
        if name not in new:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, attribute = new[name].rpartition(":")
        _warn(f"{module}.{name}", f"{home}.{attribute}" if home else attribute)
        found = getattr(import_module(home) if home else sys.modules[module], attribute.removesuffix("()"))
        return found() if attribute.endswith("()") else found

    return find


class OldAttribute:
    """The old name of an attribute or method: `latent_deviation = OldAttribute("latent_std")` in the class.

    Args:
        new: the attribute's new name.
    """

    def __init__(self, new: str) -> None:
        self._new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = f"{owner.__name__}.{name}"

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        _warn(self._old, self._new)
        return getattr(instance, self._new)


def old_attributes(**new: str) -> Callable[[_Class], _Class]:
    """Give a class several old names at once: `@old_attributes(go="train")`."""

    def decorate(owner: _Class) -> _Class:
        for old, name in new.items():
            attribute = OldAttribute(name)
            attribute.__set_name__(owner, old)
            setattr(owner, old, attribute)
        return owner

    return decorate


def old_keywords(**new: str) -> Callable[[_Function], _Function]:
    """Let a function take keyword arguments by their old names: `@old_keywords(deviation="std")`."""

    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for old in new.keys() & kwargs.keys():
                _warn(f"the argument {old} of {function.__name__}", new[old])
                kwargs[new[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]  # the same arguments, and some old ones

    return decorate


def _warn(old: str, new: str) -> None:
    import warnings

    # level 1 is this function, 2 the one above that calls it, 3 the line that uses the old name
    warnings.warn(f"{old} is now called {new}.", DeprecationWarning, stacklevel=3)
