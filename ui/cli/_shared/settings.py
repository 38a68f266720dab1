"""Command-line options made from the fields of settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from diabolo.train.settings import Setting

__all__ = ["SettingOption", "network_options", "options"]


class _Value(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """Converts text as the setting does; invalid text gets the setting's own error message."""

    def __init__(self, setting: Setting) -> None:
        self.name = {int: "integer", float: "float"}.get(setting.kind, "text")
        self.setting = setting

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.setting.read(value)


class SettingOption(click.Option):
    """The command-line option of a setting.

    Attributes:
        setting: the setting.
    """

    def __init__(self, setting: Setting, default_text: str = "") -> None:
        rules = setting.rules
        flag = setting.kind is bool
        default = setting.default if rules.command_default is None else rules.command_default
        default = default if isinstance(default, bool | int | float | str) else None
        words = default_text or rules.default_text
        super().__init__(
            [f"--{setting.key}{_off(setting)}"],
            type=None if flag else _Value(setting),
            is_flag=True if flag else None,
            default=None if words else default,
            show_default=not (flag or words or default is None),
            metavar=None if flag else rules.metavar or "|".join(rules.choices) or None,
            envvar=rules.envvar or None,
            help=_help(setting, words),
        )
        self.setting = setting


def _off(setting: Setting) -> str:
    """The negative form of a flag whose default is True or None; '' for other options."""
    if setting.kind is not bool or setting.default is False:
        return ""
    return f"/--{setting.rules.off or f'no-{setting.key}'}"


def _help(setting: Setting, default_text: str) -> str:
    default = f" [default: {default_text}]" if default_text else ""
    variable = f" [or: {setting.rules.envvar}]" if setting.rules.envvar else ""
    return f"{setting.help}{default}{variable}"


def options(holder: type, kind: Any = None) -> list[click.Option]:
    """The options of the settings of `holder`, in the order of its fields.

    Args:
        holder: a dataclass of settings.
        kind: the variant; its `default_latent_dim` and the like are the defaults of settings without one.
    """
    from diabolo.train.settings import settings

    return [
        SettingOption(setting, str(getattr(kind, f"default_{name}", "")))
        for name, setting in settings(holder).items()
        if setting.rules.option
    ]


def network_options(taken: Collection[str | None]) -> list[click.Option]:
    """An option for each setting that a network declares; without a default, since another may be chosen.

    Args:
        taken: names of options that there are already; these are left out.
    """
    from diabolo.train import networks

    found: dict[str, tuple[Setting, list[str]]] = {}
    for network, declared in networks.options().items():
        for name, setting in declared.items():
            if setting.rules.option and name not in taken:
                found.setdefault(name, (setting, []))[1].append(f"{setting.default} with {network}")
    return [SettingOption(setting, ", ".join(words)) for setting, words in found.values()]
