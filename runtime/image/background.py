"""Whether images have a dark or a bright background, judged by the brightness of their border.

`image.background` of model.json is the mean brightness of the training images' border. A picture with a
bright border should be inverted before it is given to a model that was trained on a dark background, and the
other way round. The app, the commands and the export all use these rules, and the examples follow them.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names

__all__ = ["are_inverted", "background_kind", "border_brightness", "is_dark"]

_NEITHER = (0.4, 0.6)  # brightness of a border that is neither dark nor bright


def border_brightness(images: NDArray[Any]) -> NDArray[np.float64]:
    """The mean brightness of each image's outermost rows and columns; all four sides have the same weight.

    Args:
        images: `(batch, channels, height, width)`, in any range.

    Returns:
        float64 `(batch,)`, in the range of the images.
    """
    sides = (images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1])
    means = [side.mean(axis=(1, 2), dtype=np.float64) for side in sides]
    brightness: NDArray[np.float64] = np.mean(means, axis=0)
    return brightness


def background_kind(brightness: float) -> Literal["dark", "bright"] | None:
    """The kind of background that a model's images share: 'dark' below 0.4, 'bright' above 0.6.

    MNIST has a brightness of 0.0003. notMNIST, whose letters reach the border, has 0.35. Both are bright on
    dark. CIFAR-10 has 0.47.

    Args:
        brightness: of the border of the model's images, in [0, 1]: `image.background` of model.json.

    Returns:
        None if the images have no common background, as photographs.
    """
    low, high = _NEITHER
    if low <= brightness <= high:
        return None
    return "dark" if brightness < low else "bright"


def is_dark(brightness: float) -> bool:
    """Whether a brightness in [0, 1] is below 0.5, for uses that need black or white: a canvas to draw on."""
    return brightness < 0.5


def are_inverted(borders: NDArray[np.float64], background: float) -> NDArray[np.bool_]:
    """Which pictures look inverted to a model: a bright background for a model of dark ones, or vice versa.

    A picture looks inverted if its border differs from the model's background by more than 0.5. For a black
    or white background this is a border on the other side of 0.5. The closer a background is to grey, the
    more a picture must differ, since the borders of the model's own images vary to both sides. Of the images
    of notMNIST, 18.5 % have a border above 0.5 and would be inverted by mistake if that were the rule; 1.7 %
    differ by more than 0.5. Of the photographs of BSDS500 (mean 0.38) these shares are 17.8 % and 0. A
    drawing on white paper (0.9 or more) is still recognised by every model with a background below 0.4.

    Args:
        borders: the brightness of each picture's border, `(batch,)` in [0, 1].
        background: the brightness of the border of the model's images, in [0, 1].

    Returns:
        bool `(batch,)`; all False if the model's images have no common background (`background_kind`).
    """
    if background_kind(background) is None:
        return np.zeros(len(borders), bool)
    return np.abs(borders - background) > 0.5


__getattr__ = old_names(__name__, {"opposed": "are_inverted"})
