"""Augmentation: images are moved, flipped and mixed at random, anew at every step.

    shift:2      by up to 2 pixels, horizontally and vertically
    rotate:15    by up to 15 degrees, in either direction
    zoom:0.1     by up to a tenth, in or out
    shear:0.2    the top is moved against the bottom by up to a fifth of the height
    flip         left to right, half of the images
    mix:0.5      with up to half of another training image: (1 - share) x + share y
    none         nothing is changed

Each image gets its own random values, and is resampled only once (Jaderberg et al., 'Spatial Transformer
Networks', https://arxiv.org/abs/1506.02025, equation 1). Pixels from outside the image repeat its border.

Mixing is from Zhang et al., 'mixup: Beyond Empirical Risk Minimization', https://arxiv.org/abs/1710.09412.
A model that reconstructs a few images need not reconstruct what lies between them; PCA does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from diabolo.runtime.errors import UnknownNameError
from diabolo.train.errors import OptionError
from diabolo.train.step import Step

__all__ = ["Augment", "augment"]

_LARGEST = {"shift": 64.0, "rotate": 180.0, "zoom": 0.9, "shear": 2.0, "mix": 1.0}


@dataclass(frozen=True, kw_only=True)
class Augment:
    """How much images are changed, at most.

    Attributes:
        shift: pixels, from 0 to 64.
        rotate: degrees, from 0 to 180.
        zoom: a share of the size, from 0 to 0.9.
        shear: a share of the height, from 0 to 2.
        flip: whether half of the images are mirrored.
        mix: the share of another image, from 0 to 1.

    Raises:
        OptionError: a value out of its range.
    """

    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    flip: bool = False
    mix: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _LARGEST.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most):
                raise OptionError(f"augment {name}:{value:g} is not possible; it goes from 0 to {most:g}.")

    @classmethod
    def parse(cls, text: str) -> Augment:
        """Read a text such as 'shift:2,rotate:15,zoom:0.1,shear:0.2,flip'; 'none', or an empty one, changes
        nothing.

        Raises:
            OptionError: not of that form, or a value out of its range.
            UnknownNameError: a name other than these five.
        """
        if text.strip() == "none":
            return cls()
        known = [field.name for field in fields(cls)]
        values: dict[str, float | bool] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, colon, value = part.partition(":")
            if name not in known:
                raise UnknownNameError("augment", name, known)
            try:
                values[name] = float(value) if name in _LARGEST else _alone(colon)
            except ValueError:
                raise OptionError(
                    f"augment {part!r} has no number. Write it as shift:2,rotate:15,flip."
                ) from None
        return cls(**values)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return self != Augment()


def _alone(colon: str) -> bool:
    if colon:
        raise OptionError("augment flip takes no number: it is done to half of the images. Write flip.")
    return True


def augment(images: Tensor, spec: Augment, step: Step, others: Tensor | None = None) -> Tensor:
    """Changed copies of images.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        spec: how much they are changed.
        step: the source of all randomness.
        others: images of the same shape, one to mix each image with; needed if `spec.mix` is above 0.

    Returns:
        Images of the same shape and range.
    """
    count, height, width = len(images), *images.shape[2:]
    draw = step.uniform(count, 6) * 2 - 1
    if others is not None and spec.mix:
        images = images.lerp(others, step.uniform(count, 1, 1, 1) * spec.mix)
    if spec == Augment(mix=spec.mix):  # nothing moves
        return images
    angle = draw[:, 0] * math.radians(spec.rotate)
    scale = 1 + draw[:, 1] * spec.zoom
    mirror = torch.where(draw[:, 2] < 0, -1.0, 1.0) if spec.flip else torch.ones_like(scale)
    cosine, sine, slant = angle.cos() / scale, angle.sin() / scale, draw[:, 5] * spec.shear
    # where a pixel comes from: sheared and flipped, rotated and zoomed, then shifted. Coordinates go from -1
    # to 1 on either axis, so rotation and shear depend on the ratio of the sides
    right, down = draw[:, 3] * 2 * spec.shift / width, draw[:, 4] * 2 * spec.shift / height
    across = torch.stack([cosine * mirror, (cosine * slant - sine) * height / width, right], 1)
    along = torch.stack([sine * mirror * width / height, sine * slant + cosine, down], 1)
    where = torch.stack([across, along], 1)
    grid = functional.affine_grid(where, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
