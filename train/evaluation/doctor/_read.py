"""Evidence from a run's folder. Nothing is written or executed, and no weights are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

from diabolo.runtime.listing import quoted
from diabolo.train import networks, variants
from diabolo.train.batches.held_out import learned_and_held
from diabolo.train.datasets import ImageData, Progress
from diabolo.train.errors import RunError
from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._image_facts import data_facts, picture_facts
from diabolo.train.run import FAILED, Run
from diabolo.train.run.lock import refuse_running

__all__ = ["evidence_of", "left_out", "with_data", "with_pictures"]


def evidence_of(run: Run) -> Evidence:
    """What the files of a run say, without its images.

    Raises:
        RunError: a file is damaged, or there is neither history nor figures.
    """
    figures, history, failed = run.metrics(), run.history(), _failed(run)
    if not figures and not history and failed is None:
        raise RunError(f"{run.path} has no epoch yet, so there is nothing to judge. {_going_on(run)}")
    return Evidence(
        path=str(run.path),
        config=run.config,
        variant=variants.make(run.config.variant, run.config.variant_options),
        image_shape=run.image_shape,
        latent_size=_latent_size(run),
        history=history,
        figures=figures,
        failed=failed,
    )


def with_data(evidence: Evidence, data: ImageData, progress: Progress) -> Evidence:
    """The evidence with what was counted in the dataset's images.

    Args:
        evidence: of the run.
        data: its dataset, from `Run.data`.
        progress: called while its images are compared.
    """
    learned = len(learned_and_held(data, evidence.config.seed)[0])
    return replace(evidence, data=data_facts(data, progress), learned=learned)


def with_pictures(
    evidence: Evidence, run: Run, paths: Sequence[str], fail: Callable[[str, str], None]
) -> Evidence:
    """The evidence with what was measured of pictures, read as the training reads its images.

    Args:
        evidence: with what was counted in the dataset's images.
        run: the run.
        paths: of the files.
        fail: called with the path and the reason for each that cannot be read.
    """
    fitting = run.config.fitting()
    if span := run.document.get("value_range"):  # what --range auto found for the training
        fitting = replace(fitting, range=f"{span[0]!r}:{span[1]!r}")
    size = None if run.config.crop else run.image_shape[1:]
    border = evidence.data.border if evidence.data else 0.5
    return replace(evidence, pictures=picture_facts(paths, fitting, size, border, fail))


def left_out(run: Run, evidence: Evidence) -> list[str]:
    """Sentences about what cannot be judged, with the next step."""
    notes = []
    if not evidence.figures:
        notes.append(
            f"{run.path} has no figures on the test split yet, so its history is judged. {_going_on(run)}"
        )
    elif evidence.number("explained_variance") is None or evidence.number("reconstruction_variance") is None:
        notes.append(
            f"{run.path} was measured by an older release: take its figures again, and more can be checked: "
            f"diabolo evaluate {quoted(run.path)}"
        )
    if evidence.figures and not evidence.history:
        notes.append(f"{run.path} has no history.csv, so the course of its training is not judged.")
    return notes


def _going_on(run: Run) -> str:
    try:
        refuse_running(run.path)
    except RunError:
        return "It is still training: ask again when it is done."
    return f"Continue it: diabolo train {run.config.variant} --resume -o {quoted(run.path)}"


def _failed(run: Run) -> dict[str, Any] | None:
    """What failed.json says; None if the training has not failed, or the file is damaged."""
    with suppress(OSError, ValueError):
        found = json.loads((run.path / FAILED).read_text("utf-8"))
        if isinstance(found, dict):
            return found
    return None


def _latent_size(run: Run) -> int | None:
    """The number of values of a latent; None if a network of the user's own decides it."""
    if networks.is_own(run.config.network):
        return None
    return prod(run.config.latent_shape(run.image_shape, networks.find(run.config.network)))
