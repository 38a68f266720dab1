"""What the checks judge: the settings, history and figures of a run, and what was counted in its images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diabolo.runtime.listing import quoted
from diabolo.train.config import Config
from diabolo.train.evaluation.doctor._image_facts import DataFacts, PictureFacts
from diabolo.train.variants import VariantBase

__all__ = ["Evidence", "percent"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is known of a run. What is not known is None or empty, and its checks are left out.

    Attributes:
        path: of the run's folder.
        config: its settings.
        variant: with the run's options.
        image_shape: `(channels, height, width)`.
        latent_size: the number of values of a latent.
        history: a row per validation, as `Run.history` returns them.
        figures: on the test split, as `Run.metrics` returns them.
        failed: what failed.json says: the epoch and step in which the loss was not a number.
        learned: the number of images to learn from.
        data: what was counted in the dataset's images.
        pictures: what was measured of pictures that the user gave.
    """

    path: str
    config: Config
    variant: VariantBase
    image_shape: tuple[int, int, int]
    latent_size: int | None = None
    history: Sequence[Mapping[str, float]] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    failed: Mapping[str, Any] | None = None
    learned: int | None = None
    data: DataFacts | None = None
    pictures: PictureFacts | None = None

    def number(self, name: str) -> float | None:
        """A figure; None if it is missing or is not a finite number."""
        value = self.figures.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return None
        return float(value)

    def numbers(self, name: str) -> list[float]:
        """A figure that is a list of numbers; empty if it is missing or is not one."""
        values = self.figures.get(name)
        if not isinstance(values, list) or not all(isinstance(each, int | float) for each in values):
            return []
        return [float(each) for each in values]

    def option(self, name: str) -> float | None:
        """A number among the variant's options; None if the variant has no such option."""
        value = self.config.variant_options.get(
            name, getattr(getattr(self.variant, "options", None), name, None)
        )
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Epoch and value of a column of the history, from where the objective stays the same.

        While the objective still changes, as beta does during a warm-up, its values cannot be compared.
        """
        rows = [(row["epoch"], row.get(name, math.nan)) for row in self.history]
        return [
            (epoch, value)
            for epoch, value in rows
            if epoch >= self.variant.stationary_after and math.isfinite(value)
        ]

    @property
    def epochs(self) -> int:
        """The number of epochs that are done."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def steps(self) -> int | None:
        """The number of optimizer steps that are done; None if the number of images is not known."""
        if self.learned is None or not self.config.batch_size:
            return None
        return self.epochs * math.ceil(self.learned / self.config.batch_size)

    @property
    def explained(self) -> float | None:
        """The share of the test images' variance that is explained: of noisy ones, if noise is removed."""
        share = self.number("denoised_explained_variance")
        return self.number("explained_variance") if share is None else share

    def longer(self, times: int = 2) -> str:
        """The command that trains the run further."""
        epochs = times * max(1, self.epochs)
        return f"diabolo train {self.config.variant} --resume --epochs {epochs} -o {quoted(self.path)}"


def percent(share: float) -> str:
    """A share in words: '3 %', or with more digits if it is below 1 %."""
    value = 100 * share
    return f"{value:.0f} %" if abs(value) >= 1 or value == 0 else f"{value:.2g} %"
