"""Variants, one file each: what is optimised. The file's name is the variant's name."""

from __future__ import annotations

from typing import Any, cast

from diabolo.runtime import _discovery
from diabolo.train.settings import make as make_settings
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Loss", "VariantBase", "find", "make", "names"]


def names() -> list[str]:
    """The names of the variants: the files here, and entry points `diabolo.train.variants`."""
    return _discovery.names(__name__)


def find(name: str) -> Any:
    """The module of the variant called `name`, which has the classes `Options` and `Variant`.

    Raises:
        UnknownNameError: there is no variant of that name.
    """
    return _discovery.find(__name__, name, "variant")


def make(name: str, options: dict[str, Any] | None = None) -> VariantBase:
    """The variant `name` with some of its options set.

    Raises:
        UnknownNameError: there is no variant of that name.
        OptionError: an option it does not have, or a value that is not allowed.
    """
    module = find(name)
    return cast(
        VariantBase, module.Variant(make_settings(module.Options, options or {}, f"variant {name!r}"))
    )
