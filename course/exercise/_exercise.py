"""What an exercise asks for: the table `[exercise]` of a lab.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Exercise"]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A file to complete, and what is checked of it.

    Attributes:
        file: the name of the starter file, which holds `Encoder(image_shape, outputs)` and
            `Decoder(image_shape, latent_dim)`.
        dataset: that it is for.
        latent_dim: numbers of the latent.
        image_shape: `(channels, height, width)`, of the dataset.
        convolutional: whether both halves have to be.
        training: whether the file also holds `train(encoder, decoder, batches, epochs)`, which is then run.
        images: number of training images that `train` gets.
        epochs: that `train` gets.
        seconds: that `train` may take.
        ours: the MSE on the test set that our own solution reaches, by dataset: `benchmarks.labs.exercises`
            prints it.
        goal: the MSE that has to be reached, as a multiple of ours.
        patience: seconds for a step that should take a moment.
    """

    file: str
    dataset: str
    latent_dim: int
    image_shape: tuple[int, int, int]
    convolutional: bool = False
    training: bool = False
    images: int = 0
    epochs: int = 0
    seconds: int = 0
    ours: Mapping[str, float] = field(default_factory=dict)
    goal: float = 1.0
    patience: float = 30.0

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Exercise:
        """The exercise of a lab.toml, whose keys have hyphens."""
        values = {key.replace("-", "_"): value for key, value in table.items()}
        return cls(**values | {"image_shape": tuple(values["image_shape"])})
