"""The settings of a dataclass, derived from its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from diabolo.runtime.errors import closest
from diabolo.train.errors import OptionError
from diabolo.train.settings._rules import KEY, Rules
from diabolo.train.settings._setting import NOUNS, Setting, plain

__all__ = ["Settings", "make", "settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The base of dataclasses of settings; an instance checks its values when it is made.

    Raises:
        UnknownNameError, OptionError: a value that is not allowed.
    """

    def __post_init__(self) -> None:
        for name, one in settings(type(self)).items():
            value = plain(getattr(self, name))
            object.__setattr__(self, name, value)  # the dataclass is frozen
            one.check(value)


def settings(holder: type) -> dict[str, Setting]:
    """The settings of a dataclass by name, in the order of its fields. A field without rules is one, too."""
    return _settings(holder)


def make(holder: type, values: Mapping[str, Any], owner: str) -> Any:
    """A dataclass of settings with some values given.

    Args:
        holder: the dataclass.
        values: by name.
        owner: what has these settings, as a message calls it: "variant 'vae'".

    Raises:
        OptionError: a name that is not among its settings, or a value that is not allowed.
        UnknownNameError: a value that is not one of the choices.
    """
    known = list(settings(holder))
    for name in values:
        if name not in known:
            guess = f" Did you mean {close!r}?" if (close := closest(str(name), known)) else ""
            raise OptionError(
                f"{owner} has no option {name!r}.{guess} Its options: {', '.join(known) or 'none'}."
            )
    return holder(**values)


@cache
def _settings(holder: type) -> dict[str, Setting]:
    hints = _hints(holder)
    made = {}
    for each in fields(holder):
        kind, optional = _kind(hints.get(each.name), each.default)
        found = each.metadata.get(KEY) or Rules(help=each.metadata.get("help", ""))
        made[each.name] = Setting(
            name=each.name, kind=kind, optional=optional, default=each.default, rules=found
        )
    return made


def _hints(holder: type) -> dict[str, Any]:
    try:
        return get_type_hints(holder)
    except NameError:  # a class of another package may name types that it imports for type checkers only
        return {}


def _kind(hint: Any, default: Any) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed; for an unknown type, that of the default."""
    if get_origin(hint) in (Union, UnionType):
        rest = [each for each in get_args(hint) if each is not NoneType]
        if len(rest) == 1 and len(rest) < len(get_args(hint)):
            return _kind(rest[0], default)[0], True
    if hint in NOUNS or get_origin(hint) in (tuple, dict):
        return hint, False
    return (object if default is MISSING or default is None else type(default)), default is None
