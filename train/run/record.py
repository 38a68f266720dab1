"""What a run records about its data, its network and the versions of the packages that trained it."""

from __future__ import annotations

import ast
import platform
from collections.abc import Callable
from importlib import metadata
from typing import Any

from diabolo.train import networks
from diabolo.train.datasets import ImageData
from diabolo.train.run._run import Run

__all__ = ["changed_network", "facts", "network_of", "record"]


def facts(data: ImageData) -> dict[str, Any]:
    """What config.json says besides the settings: image shape, classes, licence, provenance and versions."""
    versions = {name: metadata.version(name) for name in ("diabolo", "torch", "numpy")}
    return {
        "image_shape": list(data.image_shape),
        "class_names": list(data.classes),
        "licence": data.licence,
        "dataset_name": data.name,
        "provenance": data.provenance,
        **({"value_range": list(data.value_range)} if data.value_range else {}),
        "versions": versions | {"python": platform.python_version()},
    }


def record(run: Run, network: networks.Network, data: ImageData, note: Callable[[str], None]) -> None:
    """Write a copy of the user's own network, and skipped.csv with every file that could not be read.

    Raises:
        RunError: they cannot be written.
    """
    copy = networks.copy_name(run.config.network) if network.source else ""
    if copy and not (run.path / copy).exists():
        run.write_text(copy, network.source)
    run.remove("skipped.csv")
    if data.skipped:
        run.write_table("skipped.csv", ("file", "reason"), data.skipped)
        note(f"each file that was left out is named in {run.path / 'skipped.csv'}")


def changed_network(run: Run, network: networks.Network) -> str:
    """What to say if a user's own network differs from the one the run was trained with; else ''.

    Comments and layout do not count.
    """
    copy = run.path / networks.copy_name(run.config.network)
    if not network.source or not copy.is_file():
        return ""
    try:
        then, now = (ast.dump(ast.parse(text)) for text in (copy.read_text("utf-8"), network.source))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):  # the copy was damaged
        return ""
    if then == now:
        return ""
    return f"{run.config.network} was changed after {run.path} was trained with it; {copy} is what it was"


def network_of(run: Run, named: str | None, note: Callable[[str], None]) -> networks.Network:
    """The network of a run, to go on with its weights; notes if a user's own one was changed.

    Args:
        run: the run.
        named: as in `Run.network`.
        note: called with the message.

    Raises:
        RunError: as in `Run.network`.
    """
    made = run.network(named)
    if changed := changed_network(run, made):
        note(f"{changed}, and what the weights were learned with")
    return made
