"""One setting: its name, type, default and rules, and how a value is checked, read and written."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, NoReturn, get_args, get_origin

import numpy as np

from diabolo.runtime.errors import UnknownNameError
from diabolo.train.errors import OptionError
from diabolo.train.settings._rules import Rules

__all__ = ["NOUNS", "Setting", "plain"]

NOUNS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_LONGEST = 200  # characters of a wrong value that a message shows


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting, as its field describes it.

    Attributes:
        name: of the field.
        kind: the type of the value: bool, int, float, str, or a dict or tuple of these.
        optional: whether None is allowed, too.
        default: the value if none is given; `dataclasses.MISSING` if one must be given.
        rules: everything else.
    """

    name: str
    kind: Any
    optional: bool
    default: Any
    rules: Rules

    @property
    def key(self) -> str:
        """The name in recipes and of the option, with '-' for '_': `latent-dim`."""
        return self.name.replace("_", "-")

    @property
    def help(self) -> str:
        """The help text."""
        return self.rules.help if isinstance(self.rules.help, str) else self.rules.help()

    @property
    def allowed(self) -> str:
        """Which values are allowed, in words that follow 'it must be'."""
        if self.rules.form:
            return self.rules.form
        if self.rules.choices:
            return f"one of {', '.join(self.rules.choices)}"
        noun = NOUNS.get(self.kind, str(self.kind))
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
        """Check that a value is allowed.

        Args:
            value: for the field.
            called: what the message calls the setting; by default its name.

        Raises:
            UnknownNameError: it is not one of the choices.
            OptionError: it has another type, or is out of range.
            Exception: whatever `Rules.check` raises, except ValueError.
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
        """The value of what is given on a command line or in a recipe.

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
        """What a recipe holds for a value."""
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


def plain(value: Any) -> Any:
    """A value with numpy's numbers as Python's, which config.json can hold; also those in a tuple or list."""
    if type(value) in (tuple, list):
        return type(value)(map(plain, value))
    return value.item() if isinstance(value, np.generic) else value


def _is(value: object, kind: Any) -> bool:
    """Whether a value has a type. An int counts as a float, a list as a tuple; True is not a number."""
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
    """The numbers in a value, which may be a tuple; True is not a number."""
    parts = value if isinstance(value, tuple | list) else [value]
    return [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
