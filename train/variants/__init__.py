"""Variants, one file each: what is optimised. The file's name is the variant's name."""

from __future__ import annotations

from typing import Any, cast

from diabolo.runtime import _discovery
from diabolo.train.errors import OptionError
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Loss", "VariantBase", "find", "make", "names"]


def names() -> list[str]:
    """The variants found on disk, by name."""
    return _discovery.names(__name__)


def find(name: str) -> Any:
    """The file of the variant called `name`, with its `Options` and `Variant`.

    Raises:
        UnknownNameError: there is none of that name.
    """
    return _discovery.find(__name__, name, "variant")


def make(name: str, options: dict[str, Any] | None = None) -> VariantBase:
    """The variant `name` with some of its options set.

    Raises:
        UnknownNameError: there is none of that name.
        OptionError: an option it does not have, or a value out of its range.
    """
    module = find(name)
    try:
        settings = module.Options(**(options or {}))
    except TypeError:
        known = ", ".join(module.Options.__dataclass_fields__) or "none"
        raise OptionError(f"variant {name!r} has these options: {known}; not {options}.") from None
    return cast(VariantBase, module.Variant(settings))
