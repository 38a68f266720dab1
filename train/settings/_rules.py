"""The rules of a setting: what its field says besides name, type and default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["KEY", "Rules", "rules", "same", "setting"]

KEY = "setting"  # in the metadata of a field


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a field says besides its name, type and default.

    Attributes:
        help: one or two sentences for the command's help and the docs, or a function that returns them.
        low, high: the smallest and the largest number allowed; for a tuple, of each of its numbers.
        above, below: likewise, but the bound itself is not allowed.
        choices: the only values allowed.
        unit: what a number counts, in the plural: 'epochs'.
        form: what is allowed, in words that follow 'it must be', if the attributes above do not say it.
        parse: converts a text to the value; raises ValueError for a text that is not allowed.
        write: converts the value to what a recipe holds; by default it holds the value itself.
        check: raises a ValueError, or an error with its own message, for a value that is not allowed.
        path: whether any path-like object is allowed besides a str.
        metavar: how the help shows the value; by default the choices or the type.
        default_text: the default in words, if it is None or depends on something else.
        command_default: the default of the command line, if it differs from the one in Python.
        off: for a bool that may be None, the name of the option that sets it to False.
        envvar: the environment variable that is used if the option is not given; a recipe cannot set it.
        option: whether the command line has an option for it.
        local: whether it says where or how something is computed, not what; recipes of runs leave it out.
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
    return {KEY: Rules(help=help_text, **more)}


def setting(default: Any, help_text: str | Callable[[], str], **more: Any) -> Any:
    """A field with a default.

    Args:
        default: of the field.
        help_text: see `Rules.help`.
        more: the other attributes of `Rules`.
    """
    return field(default=default, metadata=rules(help_text, **more))


def same(holder: type, name: str) -> Any:
    """A field with the default and the rules of the setting `name` of another class."""
    (other,) = (each for each in fields(holder) if each.name == name)
    return field(default=other.default, metadata=other.metadata)
