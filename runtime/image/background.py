"""Whether images have a dark or a bright background, judged by the brightness of their border.

`image.background` of model.json is the brightness of the training images' border. A picture whose border is
bright, given to a model that learned bright things on a dark background, should be inverted first. What is
decided here holds for the app, the commands, the export and the examples alike.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["background_kind", "border_brightness", "is_dark", "opposed"]

_NEITHER = (0.4, 0.6)  # brightness of a border between dark and bright


def border_brightness(images: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of each image's four outermost rows and columns, each side weighing the same.

    Args:
        images: `(batch, channels, height, width)`, of any range.

    Returns:
        `(batch,)`, in the range of the images.
    """
    sides = (images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1])
    means = [side.mean(axis=(1, 2), dtype=np.float64) for side in sides]
    brightness: NDArray[np.float64] = np.mean(means, axis=0)
    return brightness


def background_kind(brightness: float) -> Literal["dark", "bright"] | None:
    """What kind of background a model's images have in common; None where they have none, as photographs.

    Below 0.4 it is dark, above 0.6 bright. Of the sets that models come with, MNIST has 0.0003 and notMNIST,
    whose letters reach the border, 0.35; both are bright on dark. CIFAR-10 has 0.47.

    Args:
        brightness: of the border of the model's images, in [0, 1]: `image.background` of model.json.
    """
    low, high = _NEITHER
    if low <= brightness <= high:
        return None
    return "dark" if brightness < low else "bright"


def is_dark(brightness: float) -> bool:
    """Whether it is nearer to black than to white, where one of the two must be taken: a sheet to draw on."""
    return brightness < 0.5


def opposed(borders: NDArray[np.float64], background: float) -> NDArray[np.bool_]:
    """Which pictures look inverted to a model: bright where it learned on dark, or the other way round.

    Those are opposed whose border differs from the model's background by more than 0.5. For a black or white
    background that means a border on the other side of 0.5. The nearer to grey a background is, the farther
    its own images' borders reach to the other side, and the more a picture must differ. Of the images of
    notMNIST, 18.5 % have a border above 0.5 and would be inverted by mistake if that alone counted, but 1.7 %
    differ by more than 0.5; of the photographs of BSDS500 (mean 0.38) it is 17.8 % and none. A drawing on
    white paper, 0.9 or more, is still recognised by a model with a background below 0.4.

    Args:
        borders: `(batch,)`, the brightness of each picture's border, in [0, 1].
        background: the brightness of the border of the model's images, in [0, 1].

    Returns:
        `(batch,)`; all False where the model's images have no background in common (`background_kind`).
    """
    if background_kind(background) is None:
        return np.zeros(len(borders), bool)
    return np.abs(borders - background) > 0.5
