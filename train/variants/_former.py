"""Deprecated functions of `_base`, older than `diabolo.train.settings`, for variants of other packages."""

from __future__ import annotations

from dataclasses import MISSING

from diabolo.train.settings import Rules, Setting
from diabolo.train.settings import setting as option

__all__ = ["check_choice", "check_range", "option"]


def check_range(name: str, value: float, low: float, high: float, *, or_low: bool = False) -> None:
    """Refuse a value outside the open interval; `or_low`: `low` itself is allowed, too.

    Raises:
        OptionError: it is outside, or not a number.
    """
    _check(name, value, float, Rules(low=low if or_low else None, above=None if or_low else low, below=high))


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not one of `allowed`.

    Raises:
        UnknownNameError: it is not one of them.
    """
    _check(name, value, str, Rules(choices=allowed))


def _check(name: str, value: object, kind: type, rules: Rules) -> None:
    Setting(name=name, kind=kind, optional=False, default=MISSING, rules=rules).check(value)
