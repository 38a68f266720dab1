"""What a run's folder says of a training, read without torch; whatever is damaged or missing is left out."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

from diabolo.runtime._durable import PART

__all__ = [
    "BUNDLE",
    "config_of",
    "earlier",
    "has_epochs",
    "history_of",
    "is_begun",
    "is_done",
    "is_taken",
    "preview_of",
    "progress_of",
]

BUNDLE = "bundle"  # where `diabolo export` writes it, in the run
_CONFIG, _METRICS, _STATE = "config.json", "metrics.json", "last/state.safetensors"
_LARGEST = 64 << 20  # bytes of a file of the run
_MOST_RUNS = 30
_MOST_ROWS = 600  # of the history, on the page


def is_begun(run: Path) -> bool:
    """Whether the run can be continued with `--resume`."""
    return (run / _CONFIG).is_file()


def is_done(run: Path) -> bool:
    """Whether its training is complete, so that it can be exported."""
    return (run / _METRICS).is_file()


def has_epochs(run: Path) -> bool:
    """Whether there are weights of a whole epoch."""
    return (run / "model.safetensors").is_file() and (run / _STATE).is_file()


def config_of(run: Path) -> dict[str, Any]:
    """The run's config.json; empty if it cannot be read."""
    return _json(run / _CONFIG)


def is_taken(run: Path) -> bool:
    """Whether there is anything at this path but what a training writes before it begins."""
    try:
        return any(one.name not in (".lock", f"{_CONFIG}{PART}") for one in run.iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True


def progress_of(run: Path, since: float) -> dict[str, Any]:
    """The progress that `--preview` writes; empty if it was written before `since`, by `time.time`."""
    path = run / "preview" / "progress.json"
    try:
        old = path.stat().st_mtime < since
    except OSError:
        return {}
    return {} if old else _json(path)


def preview_of(run: Path) -> dict[str, Any]:
    """The pictures of the last epoch that `--preview` writes."""
    return _json(run / "preview" / "epoch.json")


def history_of(run: Path) -> dict[str, list[float | None]]:
    """The columns of history.csv: 'epoch', 'loss', 'validation_loss' and the loss's terms.

    Of a long history, rows are left out evenly. A value that is not a finite number is None.
    """
    try:
        with (run / "history.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        step = -(-len(rows) // _MOST_ROWS) or 1
        rows = [*rows[:-1:step], *rows[-1:]]
        return {name: [_finite(row[name]) for row in rows] for name in rows[0]} if rows else {}
    except (OSError, ValueError, TypeError, KeyError, csv.Error):
        return {}


def earlier(root: Path) -> list[dict[str, Any]]:
    """The runs in a folder, the latest first.

    Returns:
        For each run its name, variant, data set, epochs done, and whether it is done and exported.
    """
    try:
        folders = [one for one in root.iterdir() if is_begun(one)]
        folders.sort(key=lambda one: (one / _CONFIG).stat().st_mtime, reverse=True)
    except OSError:
        return []
    return [_about(run) for run in folders[:_MOST_RUNS]]


def _about(run: Path) -> dict[str, Any]:
    config, history = config_of(run), history_of(run)
    return {
        "name": run.name,
        "variant": str(config.get("variant", "")),
        "dataset": str(config.get("dataset_name", "")),
        "epochs": history["epoch"][-1] if "epoch" in history else 0,
        "done": is_done(run),
        "exported": (run / BUNDLE / "model.json").is_file(),
    }


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
