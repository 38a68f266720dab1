"""Prints all variants and networks with their settings as JSON: `python -m diabolo.ui.training._describe`.

A process of its own, because reading them imports torch, which the app does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import MISSING
from typing import Any

from diabolo.runtime.errors import PluginError
from diabolo.train import networks, variants
from diabolo.train.config import Config
from diabolo.train.settings import Setting, settings

__all__ = ["described"]

_RULES = ("low", "high", "above", "below", "choices", "unit", "form", "metavar", "off")


def described() -> dict[str, Any]:
    """The settings of every training, and those of each variant and network, by name.

    What another package adds and cannot be loaded is left out; the command line says why.
    """
    own = networks.options()
    found: dict[str, Any] = {}
    for name in variants.names():
        try:
            module = variants.find(name)
        except PluginError:
            continue
        variant = module.Variant
        defaults = {
            setting.name: getattr(variant, f"default_{setting.name}")
            for setting in settings(Config).values()
            if hasattr(variant, f"default_{setting.name}")
        }
        found[name] = {
            "summary": variant.summary,
            "networks": list(variant.networks or networks.names()),
            "defaults": defaults,
            "settings": _plain(settings(module.Options).values()),
        }
    return {
        "settings": _plain(settings(Config).values()),
        "variants": found,
        "networks": {name: _plain(own.get(name, {}).values()) for name in networks.names()},
    }


def _plain(known: Iterable[Setting]) -> list[dict[str, Any]]:
    return [_setting(one) for one in known if one.rules.option]


def _setting(one: Setting) -> dict[str, Any]:
    rules = one.rules
    default = one.default if rules.command_default is None else rules.command_default
    kinds: dict[Any, str] = {int: "int", float: "float", bool: "bool"}
    own: dict[Any, str] = {**kinds, tuple[int, int]: "size", tuple[str, ...]: "names"}
    return {
        "name": one.name,
        "kind": kinds.get(one.kind, "text") if rules.parse is None else "text",
        "python": own.get(one.kind, "text"),
        "command_only": rules.command_default is not None and rules.command_default != one.default,
        "default": default if isinstance(default, bool | int | float | str) else None,
        "default_text": rules.default_text or ("" if default is not MISSING else "variant"),
        "help": one.help,
        "allowed": one.allowed,
        "checked": rules.parse is None and rules.check is None and one.kind in (int, float, bool, str),
        **{key: getattr(rules, key) for key in _RULES},
    }


if __name__ == "__main__":
    json.dump(described(), sys.stdout)
