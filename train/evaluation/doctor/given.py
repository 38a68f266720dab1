"""Are pictures that the user gives like those that the run was trained on?"""

from __future__ import annotations

from diabolo.runtime.image.background import background_kind
from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["inverted", "wrong_range"]

_MOST = 0.5  # of the pictures
_NARROW = 0.25  # of the training images' range of values: darker photographs have more


def inverted(e: Evidence) -> list[Finding]:
    """Most pictures have a bright background for a model of dark ones, or the other way round."""
    if e.data is None or e.pictures is None or (share := e.pictures.inverted) <= _MOST:
        return []
    kind = background_kind(e.data.border)
    return [
        Finding(
            name="inverted-images",
            severity="error",
            problem=f"{percent(share)} of the {e.pictures.count} images look inverted: their borders have a "
            f"brightness of {e.pictures.border:.2f}, and those of the training images are {kind} "
            f"({e.data.border:.2f}).",
            see="an image next to plots/reconstructions.png",
            advice="swap black and white of the images, or give commands --invert always",
            explains=("wrong-range",),
        )
    ]


def wrong_range(e: Evidence) -> list[Finding]:
    """The pictures use a small part of the values that the training images use."""
    if e.data is None or e.pictures is None:
        return []
    low, high = e.data.values
    least, most = e.pictures.values
    if most - least >= _NARROW * (high - low):
        return []
    return [
        Finding(
            name="wrong-range",
            severity="error",
            problem=f"the images' values go from {least:.2f} to {most:.2f}, and those of the training "
            f"images from {low:.2f} to {high:.2f}.",
            see="an image next to plots/reconstructions.png; range in config.json",
            advice="scale the images to the full range of values; if they have 12 of 16 bits, train with "
            "--range 0:4095, or --range auto",
        )
    ]
