"""Settings, each written once: a field of a dataclass, from which everything else about it is derived.

    @dataclass(frozen=True, kw_only=True)
    class Options(Settings):
        beta: float = setting(1.0, "weight of the KL to N(0, I)", low=0, high=10**6)

The field gives the check of type and range, the message about a wrong value, the option `--beta` of the
command line with its help, the key `beta` in a recipe, and the row in docs/settings.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from diabolo.runtime.errors import UnknownNameError
from diabolo.train.errors import OptionError

__all__ = ["Rules", "Setting", "Settings", "rules", "same", "setting", "settings"]

_KEY = "setting"  # in the metadata of a field
_NOUNS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_LONGEST = 200  # characters of a wrong value that a message shows


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a field says besides its name, type and default.

    Attributes:
        help: one or two sentences for the command's help and the docs, or a function that makes them.
        low, high: the smallest and the largest number allowed; of a tuple, for each of its numbers.
        above, below: likewise, but the bound itself is not allowed.
        choices: the only values allowed.
        unit: what a number counts, in the plural: 'epochs'.
        form: what is allowed, in words that follow 'it must be', where the above do not say it.
        parse: makes the value of a text; raises ValueError where it cannot.
        write: makes what a recipe holds of the value; by default it holds the value itself.
        check: raises ValueError for a value that is not allowed, or an error of its own.
        path: a str or any other path is allowed.
        metavar: how the help shows the value; by default the choices or the type.
        default_text: the default in words, where it is None or depends on something else.
        command_default: the default of the command line, where it is another one than Python's.
        off: for a bool that may be None, the name of the option that sets it to False.
        envvar: the environment variable that holds where the option is not given; a recipe cannot set it.
        option: whether the command line has an option for it.
        local: whether it says where or how something is computed, not what; a run's recipe leaves it out.
    """

    help: str | Callable[[], str] = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    form: str = ""
    parse: Callable[[str], Any] | None = None
    write: Callable[[Any], Any] | None = None
    check: Callable[[Any], object] | None = None
    path: bool = False
    metavar: str = ""
    default_text: str = ""
    command_default: object = None
    off: str = ""
    envvar: str = ""
    option: bool = True
    local: bool = False


def rules(help_text: str | Callable[[], str], **more: Any) -> dict[str, Rules]:
    """The metadata of a field without a default: `latent_dim: int = field(metadata=rules(...))`.

    Args:
        help_text: see `Rules.help`.
        more: the other attributes of `Rules`.
    """
    return {_KEY: Rules(help=help_text, **more)}


def setting(default: Any, help_text: str | Callable[[], str], **more: Any) -> Any:
    """A field with a default.

    Args:
        default: of the field.
        help_text: see `Rules.help`.
        more: the other attributes of `Rules`.
    """
    return field(default=default, metadata=rules(help_text, **more))


def same(holder: type, name: str) -> Any:
    """A field that is the setting `name` of another class as well: same default, same rules."""
    (other,) = (each for each in fields(holder) if each.name == name)
    return field(default=other.default, metadata=other.metadata)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """All that a field says.

    Attributes:
        name: of the field.
        kind: the type of the value: bool, int, float, str, or a dict or tuple of these.
        optional: whether None is allowed, too.
        default: what holds if nothing is given; `dataclasses.MISSING` if something must be.
        rules: everything else.
    """

    name: str
    kind: Any
    optional: bool
    default: Any
    rules: Rules

    @property
    def key(self) -> str:
        """The name in a recipe, and after the dashes of the option."""
        return self.name.replace("_", "-")

    @property
    def help(self) -> str:
        """What it is."""
        return self.rules.help if isinstance(self.rules.help, str) else self.rules.help()

    @property
    def allowed(self) -> str:
        """Which values are allowed, in words that follow 'it must be'."""
        if self.rules.form:
            return self.rules.form
        if self.rules.choices:
            return f"one of {', '.join(self.rules.choices)}"
        noun = _NOUNS.get(self.kind, str(self.kind))
        return f"{noun} of {self.rules.unit}{self._range}" if self.rules.unit else f"{noun}{self._range}"

    @property
    def _range(self) -> str:
        low, high, above, below = self._bounds
        if low is not None and high is not None:
            return f" from {_plain(low)} to {_plain(high)}"
        words = {"at least": low, "above": above, "at most": high, "below": below}
        told = [f"{word} {_plain(bound)}" for word, bound in words.items() if bound is not None]
        return f" {' and '.join(told)}" if told else ""

    @property
    def _bounds(self) -> tuple[float | None, float | None, float | None, float | None]:
        return self.rules.low, self.rules.high, self.rules.above, self.rules.below

    def check(self, value: object, called: str = "") -> None:
        """See that the value is allowed.

        Args:
            value: as the field would hold it.
            called: what the message calls the setting; by default its name.

        Raises:
            UnknownNameError: it is not one of the choices.
            OptionError: it is of another type, or out of its range; or an error of `Rules.check`.
        """
        if value is None and self.optional:
            return
        if not (_is(value, self.kind) or (self.rules.path and isinstance(value, os.PathLike))):
            self._refuse(value, called)
        if self.rules.choices and value not in self.rules.choices:
            raise UnknownNameError(self.name.replace("_", " "), str(value), self.rules.choices)
        if not all(self._inside(one) for one in _numbers(value)):
            self._refuse(value, called)
        if self.rules.check:
            try:
                self.rules.check(value)
            except ValueError:
                self._refuse(value, called)

    def read(self, written: object) -> Any:
        """The value that is written on a command line or in a recipe.

        Args:
            written: a text, or a value of TOML. A list is read like a text with commas.

        Raises:
            UnknownNameError, OptionError: see `check`.
        """
        called = f"--{self.key}"
        try:
            value = self._parse(written)
        except ValueError:
            self._refuse(written, called)
        self.check(value, called)
        return value

    def write(self, value: Any) -> Any:
        """What a recipe holds of a value."""
        return self.rules.write(value) if self.rules.write else value

    def _parse(self, written: object) -> Any:
        if isinstance(written, list):
            written = ",".join(map(str, written))
        textual = self.kind is str or self.rules.parse is not None
        if textual and type(written) in (int, float):
            written = str(written)
        if self.kind is int and isinstance(written, float) and written.is_integer():
            return int(written)
        if not isinstance(written, str):
            return written
        if self.rules.parse:
            return self.rules.parse(written)
        return self.kind(written) if self.kind in (int, float) else written

    def _inside(self, number: float) -> bool:
        low, high, above, below = self._bounds
        return (
            (isinstance(number, int) or math.isfinite(number))
            and (low is None or number >= low)
            and (high is None or number <= high)
            and (above is None or number > above)
            and (below is None or number < below)
        )

    def _refuse(self, value: object, called: str) -> NoReturn:
        shown = repr(value)
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} …"
        raise OptionError(f"{called or self.name} {shown} is not possible; it must be {self.allowed}.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A base for dataclasses of settings, checked when one is made.

    Raises:
        UnknownNameError, OptionError: a value that is not allowed.
    """

    def __post_init__(self) -> None:
        for name, one in settings(type(self)).items():
            one.check(getattr(self, name))


def settings(holder: type) -> dict[str, Setting]:
    """The settings of a dataclass by name, in the order of its fields; a field needs no rules to be one."""
    return _settings(holder)


@cache
def _settings(holder: type) -> dict[str, Setting]:
    hints = _hints(holder)
    made = {}
    for each in fields(holder):
        kind, optional = _kind(hints.get(each.name), each.default)
        found = each.metadata.get(_KEY) or Rules(help=each.metadata.get("help", ""))
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
    """The type without None, and whether None was in it; of a type that is not known here, the default's."""
    if get_origin(hint) in (Union, UnionType):
        rest = [each for each in get_args(hint) if each is not NoneType]
        if len(rest) == 1 and len(rest) < len(get_args(hint)):
            return _kind(rest[0], default)[0], True
    if hint in _NOUNS or get_origin(hint) in (tuple, dict):
        return hint, False
    return (object if default is MISSING or default is None else type(default)), default is None


def _is(value: object, kind: Any) -> bool:
    """Whether a value is of a type: an int is a float as well, True is not a number, a list is a tuple."""
    if get_origin(kind) is tuple:
        if not isinstance(value, tuple | list):
            return False
        wanted = get_args(kind)
        wanted = wanted[:1] * len(value) if Ellipsis in wanted else wanted
        return len(value) == len(wanted) and all(map(_is, value, wanted))
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else get_origin(kind) or kind)


def _numbers(value: object) -> list[float]:
    """The numbers of which a value consists; True is not one."""
    parts = value if isinstance(value, tuple | list) else [value]
    return [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
