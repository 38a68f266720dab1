"""What a field of a dataclass says about a setting besides its name, type and default."""

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
    """A field that is the setting `name` of another class as well: same default, same rules."""
    (other,) = (each for each in fields(holder) if each.name == name)
    return field(default=other.default, metadata=other.metadata)
