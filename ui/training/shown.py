"""What a page shows of the run of a training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diabolo.ui.training import run_files

__all__ = ["shown", "stage_of"]


def stage_of(progress: Mapping[str, Any], stopping: bool) -> str:
    """The stage of a training that is under way.

    Args:
        progress: of its run, as far as this process wrote it.
        stopping: whether it was asked to stop.
    """
    if stopping:
        return "stopping"
    if not progress:
        return "starting"
    return "measuring" if progress.get("finished") else "training"


def shown(run: Path, seen: Mapping[str, Any], since: float) -> dict[str, Any]:
    """What the page shows of a run: 'config', 'progress', 'history' and 'preview'.

    Args:
        run: its folder.
        seen: the 'run' and 'epoch' of the pictures that the page has; these are left out.
        since: when the process was started, by `time.time`; an older progress is left out.
    """
    config = run_files.config_of(run)
    kept = ("variant", "network", "dataset_name", "latent_dim", "epochs", "lr", "batch_size")
    told: dict[str, Any] = {
        "config": {name: config.get(name) for name in kept},
        "progress": run_files.progress_of(run, since),
        "history": run_files.history_of(run),
    }
    preview = run_files.preview_of(run)
    if preview and not (seen.get("run") == run.name and seen.get("epoch") == preview.get("epoch")):
        told["preview"] = preview
    return told
