"""What `diabolo train --resume` may change of a run, and what it refuses to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from diabolo.runtime.errors import UsageError
from diabolo.ui.cli._shared.settings import SettingOption

if TYPE_CHECKING:
    from pathlib import Path

    from diabolo.train import Config

__all__ = ["changes"]

_MAY_CHANGE = ("epochs", "network", "dataset", "data_dir")  # arguments of diabolo.train.resume
_DECIDED = ("device", "precision")  # the run has chosen them already if 'auto' is given


def changes(ctx: click.Context, folder: Path) -> dict[str, Any]:
    """The settings that were given and may change, as arguments of `diabolo.train.resume`.

    Args:
        ctx: of the command; options that were not given are left alone.
        folder: of the run.

    Raises:
        RunError: it is not a run.
        UsageError: a setting was given that the run does not have, and that cannot be changed any more.
    """
    from diabolo.train import Run

    run = Run.open(folder)
    given = _given(ctx)
    _check_unchanged(str(ctx.info_name), run.config, given, folder)
    found = {name: given[name][1] for name in _MAY_CHANGE if name in given}
    if found.get("dataset") == run.config.dataset:
        del found["dataset"]
    return found


def _given(ctx: click.Context) -> dict[str, tuple[str, Any]]:
    """Key and value of each setting that is on the command line or in the recipe, by its name."""
    from click.core import ParameterSource

    sources = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)
    return {
        option.setting.name: (option.setting.key, ctx.params[str(option.name)])
        for option in ctx.command.params
        if isinstance(option, SettingOption) and ctx.get_parameter_source(str(option.name)) in sources
    }


def _check_unchanged(variant: str, config: Config, given: dict[str, tuple[str, Any]], folder: Path) -> None:
    has = _settings(config)
    other: dict[str, Any] = {}
    if variant != config.variant:
        other["variant"] = config.variant, variant
    for name, (key, value) in given.items():
        same = value == has.get(name) or (name in _DECIDED and value == "auto")
        if name not in _MAY_CHANGE and not same:
            other[f"--{key}"] = (has.get(name), value)
    if other:
        told = ", ".join(f"{key} {_text(old)}, not {_text(new)}" for key, (old, new) in other.items())
        raise UsageError(
            f"the run {folder} has {told}, which cannot change once it has begun. "
            "Leave that out, or train anew in another folder with -o."
        )


def _settings(config: Config) -> dict[str, Any]:
    """All settings of a run by name, those of its variant and its network included."""
    from diabolo.train import networks, variants

    values = asdict(variants.find(config.variant).Options()) | config.variant_options
    if not networks.is_own(config.network):
        declared = networks.options().get(config.network, {})
        values |= {name: setting.default for name, setting in declared.items()} | config.network_options
    return values | {name: value for name, value in vars(config).items() if name not in values}


def _text(value: Any) -> str:
    return "none" if value is None else str(value)
