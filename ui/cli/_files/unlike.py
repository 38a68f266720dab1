"""Says which pictures look unlike the training images, from outputs that a command has computed already."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from diabolo.runtime.errors import GraphError, IntegrityError, ManifestError
from diabolo.runtime.listing import printable
from diabolo.runtime.novelty import LEVEL, NoveltyDetector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diabolo.runtime import Autoencoder
    from diabolo.runtime.novelty import Novelty
    from diabolo.ui.cli._files.reading import Batch

__all__ = ["Unlike"]

_SHOWN = 5  # files in the note, at most
_USUAL_SHARE = 3 * (1 - LEVEL)  # of a model's own test images that exceed one of three limits, at most
_USUAL = f"Of images like the training images, up to {100 * _USUAL_SHARE:.2g} % are named as well."


class Unlike:
    """Judges the pictures of a command, and collects those that are unlike the training images.

    Args:
        model: that the command runs.

    Attributes:
        found: the files of the pictures that are unlike, with their judgements.
    """

    def __init__(self, model: Autoencoder) -> None:
        self._model = model
        self.found: list[tuple[str, Novelty]] = []

    @functools.cached_property
    def _detector(self) -> NoveltyDetector | None:
        """Made with the first picture; None if the bundle holds nothing to compare with."""
        try:
            detector = NoveltyDetector(self._model)
        except (GraphError, IntegrityError, ManifestError) as error:
            _say_not_compared(error)
            return None
        return detector if detector.known else None

    @property
    def known(self) -> bool:
        """Whether the bundle holds what it takes to judge a picture."""
        return self._detector is not None

    def judge(
        self, batch: Batch, latents: NDArray[np.float32], results: NDArray[np.float32]
    ) -> list[list[str]] | None:
        """Judge a batch by its latents and reconstructions; the model is not run again.

        Returns:
            For each picture the measures by which it is unlike the training images; None if not known.
        """
        if self._detector is None:
            return None
        return self._collect(batch, self._detector.judge_outputs(batch.images, latents, results))

    def judge_latents(self, batch: Batch, latents: NDArray[np.float32]) -> None:
        """Judge a batch by its latents, which are decoded for that; if they cannot be, say so once."""
        if not self.known:
            return
        try:
            results = self._model.decode(latents)
        except GraphError as error:
            self._detector = None
            _say_not_compared(error)
        else:
            self.judge(batch, latents, results)

    def judge_pictures(self, batch: Batch, pictures: NDArray[np.float32]) -> list[list[str]] | None:
        """Judge other pictures in the place of a batch's, such as its denoised ones; runs the model on them.

        Returns:
            As `judge`.
        """
        return None if self._detector is None else self._collect(batch, self._detector.judge(pictures))

    def _collect(self, batch: Batch, judged: list[Novelty]) -> list[list[str]]:
        for source, novelty in zip(batch.sources, judged, strict=True):
            if novelty.unlike:
                self.found.append((source.path, novelty))
        return [list(novelty.reasons) for novelty in judged]

    def listed(self) -> list[dict[str, Any]] | None:
        """For JSON: the files that are unlike, with the measures that say so; None if not known."""
        if not self.known:
            return None
        return [{"file": file, "reasons": list(novelty.reasons)} for file, novelty in self.found]

    def note(self, of: int) -> None:
        """Print on stderr which of the `of` pictures are unlike; nothing if none is."""
        if not self.found:
            return
        files = [file for file, _ in self.found]
        if of == 1:
            told = f"{files[0]} looks unlike the training images: {self.found[0][1].why}. "
            told += "Do not rely on the result."
        else:
            more = f" and {len(files) - _SHOWN:,} more" if len(files) > _SHOWN else ""
            looks = "looks" if len(files) == 1 else "look"
            told = f"{len(files):,} of {of:,} {looks} unlike the training images: "
            told += f"{', '.join(files[:_SHOWN])}{more}. "
            told += f"Do not rely on {'its result' if len(files) == 1 else 'their results'}."
            told += f" {_USUAL}" if len(files) <= _USUAL_SHARE * of else ""
        click.echo(printable(f"note: {told}"), err=True)


def _say_not_compared(error: Exception) -> None:
    click.echo(printable(f"note: pictures are not compared with the training images: {error}"), err=True)
