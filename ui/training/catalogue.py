"""The variants, networks and settings of a training, as a form and as a command; read without torch."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.train.errors import OptionError
from diabolo.train.settings import Rules, Setting

__all__ = ["FIRST", "Catalogue", "arguments_of", "catalogue"]

FIRST = ("latent_dim", "epochs", "lr")  # shown first, with the settings of the variant
_KINDS: dict[str, type] = {"int": int, "float": float, "bool": bool, "text": str}
_ELSEWHERE = ("dataset", "network", "tensorboard")  # chosen elsewhere, or of no use on the page
_PATIENCE = 300  # seconds that importing torch may take
_LONGEST = 1000  # characters of a value


class Catalogue:
    """What can be trained.

    Args:
        found: as `_describe.described` returns it.

    Attributes:
        document: the same, for the page.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        found["settings"] = [one for one in found["settings"] if one["name"] not in _ELSEWHERE]
        self.document = {**found, "first": list(FIRST)}

    def options(self, variant: str, network: str, values: Mapping[str, Any]) -> list[str]:
        """The options of `diabolo train` for values as the page sends them, texts by the settings' names.

        Args:
            variant: its name.
            network: its name; a user's own file is not accepted, since it is executed.
            values: of settings of every training, of the variant and of the network; '' takes the default.

        Raises:
            UnknownNameError: there is no such variant or network, or it is not one of the allowed values.
            OptionError: a value is not allowed, or no such setting exists here.
        """
        variants = self.document["variants"]
        if variant not in variants:
            raise UnknownNameError("variant", str(variant), variants)
        if network not in variants[variant]["networks"]:
            raise UnknownNameError("network", str(network), variants[variant]["networks"])
        lists = (self.document["settings"], variants[variant]["settings"], self.document["networks"][network])
        known = {one["name"]: one for settings in lists for one in settings}
        usual = variants[variant]["defaults"].get("network")
        options = [] if network == usual else ["--network", network]
        for name, one in known.items():
            options += _option(one, values.get(name, ""))
        if unknown := set(values) - set(known):
            raise OptionError(
                f"variant {variant!r} has no setting {min(map(str, unknown))!r}. Load the page again."
            )
        return options

    def python(self, choice: Mapping[str, Any], dataset: str, run: str) -> str:
        """The Python that trains the same; the choice has been checked by `options`.

        Args:
            choice: 'variant', 'network' and 'values'.
            dataset: the name of a data set, or the path of a folder.
            run: the path of the run's folder.
        """
        variant, network, values = choice["variant"], choice["network"], choice["values"]
        about = self.document["variants"][variant]
        usual = about["defaults"].get("network")
        given = {} if network == usual else {"network": repr(network)}
        given |= _arguments(self.document["settings"], values)
        for name, settings in (
            ("variant", about["settings"]),
            ("network", self.document["networks"][network]),
        ):
            if own := _arguments(settings, values):
                given[f"{name}_options"] = (
                    f"{{{', '.join(f'{key!r}: {value}' for key, value in own.items())}}}"
                )
        parts = [repr(variant), repr(dataset), *(f"{key}={value}" for key, value in given.items())]
        lines = "".join(f"    {part},\n" for part in parts)
        return (
            f"from diabolo.train import Config, fit\n\nconfig = Config.make(\n{lines})\n"
            f"run = fit(config, {run!r}, preview=True)\n"
        )


def _arguments(settings: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, str]:
    """Arguments as Python, of what was given or differs from Python's default on the command line."""
    found = {}
    for one in settings:
        written = str(values.get(one["name"], "")).strip()
        if written and written != str(one["default"]):
            found[one["name"]] = _literal(one["python"], written)
        elif one["command_only"]:
            found[one["name"]] = repr(one["default"])
    return found


def _literal(kind: str, written: str) -> str:
    if kind in ("int", "float"):
        return written
    if kind == "bool":
        return "True" if written == "true" else "False"
    if kind == "names":
        return repr(tuple(name.strip() for name in written.split(",")))
    if kind == "size":
        height, _, width = written.partition("x")
        return f"({height}, {width or height})"
    return repr(written)


def _option(one: Mapping[str, Any], written: Any) -> list[str]:
    """The option for a setting, or none if its default was left."""
    if not isinstance(written, str) or len(written) > _LONGEST:
        raise UsageError(f"a setting is a text of at most {_LONGEST} characters. Load the page again.")
    written = written.strip()
    if not written or written == str(one["default"]):
        return []
    key = one["name"].replace("_", "-")
    if one["kind"] == "bool":
        if written not in ("true", "false"):
            raise OptionError(f"--{key} {written!r} is not possible; it must be true or false.")
        return [f"--{key}" if written == "true" else f"--{one['off'] or f'no-{key}'}"]
    if one["checked"]:  # the others are checked by the training itself
        _setting(one).read(written)
    return [f"--{key}={written}"] if written.startswith("-") else [f"--{key}", written]


def _setting(one: Mapping[str, Any]) -> Setting:
    """The setting, as far as its rules are plain values."""
    names = ("low", "high", "above", "below", "unit", "form")
    rules = Rules(choices=tuple(one["choices"]), **{name: one[name] for name in names})
    kind = _KINDS[one["kind"]]
    return Setting(name=one["name"], kind=kind, optional=True, default=None, rules=rules)


_lock = threading.Lock()
_read: list[Catalogue] = []


def catalogue() -> Catalogue:
    """What can be trained here; read once, which takes seconds.

    Raises:
        UsageError: it cannot be read.
    """
    with _lock:
        if not _read:
            _read.append(Catalogue(_described()))
        return _read[0]


def _described() -> dict[str, Any]:
    command = [sys.executable, "-m", "diabolo.ui.training._describe"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603 - fixed
        document: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        raise UsageError(
            "the settings of trainings cannot be read here. See what this says: diabolo train --help"
        ) from None
    return document


def arguments_of(choice: Mapping[str, Any], dataset: str) -> list[str]:
    """The arguments of `diabolo` for what the page's form says.

    Args:
        choice: 'variant', 'network', and 'values', texts by the names of settings.
        dataset: the name of a data set, or the path of a folder.

    Raises:
        OptionError, UnknownNameError, UsageError: a value is not allowed.
    """
    variant, network, values = (choice.get(name) for name in ("variant", "network", "values"))
    if not (isinstance(variant, str) and isinstance(network, str) and isinstance(values, dict)):
        raise UsageError("the form is incomplete. Load the page again.")
    options = catalogue().options(variant, network, values)
    return ["train", variant, "--dataset", dataset, *options]
