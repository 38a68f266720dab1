"""The two models to compare first, and codes that correspond in two models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.context import Context

__all__ = ["pair", "same_images", "standing_for"]


def pair(context: Context) -> tuple[str, str]:
    """The names of the two models to show first: of one data set, one without a prior and one with.

    Latent spaces of two dimensions are preferred, since all of them can be seen. Without such a pair, it is
    the first two models.
    """
    known = {name: context.manifest(name) for name in context.bundles}
    for plane in (True, False):
        for right in known:
            for left in known:
                if _tells(known[left], known[right], plane):
                    return left, right
    names = list(known)
    return names[0], names[min(1, len(names) - 1)]


def _tells(left: Manifest, right: Manifest, plane: bool) -> bool:
    """Whether two models show the effect of a prior; `plane` asks for latent spaces of two dimensions."""
    alike = left.dataset == right.dataset and left.image_shape == right.image_shape
    flat = not plane or left.latent_shape == right.latent_shape == (2,)
    return alike and flat and left.prior is None and right.prior is not None


def same_images(left: Autoencoder, right: Autoencoder) -> bool:
    """Whether two models' stored codes are of the same test images: one data set and the same labels."""
    one, other = left.codes, right.codes
    if one is None or other is None or one.labels is None or other.labels is None:
        return False
    m, n = left.manifest, right.manifest
    alike = m.dataset == n.dataset and m.classes == n.classes and m.image_shape == n.image_shape
    return alike and np.array_equal(one.labels, other.labels)


def standing_for(
    name: str, left: Autoencoder, right: Autoencoder
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """A stored code of the class called `name` in each of two models, float32 `latent_shape` each.

    The left one is nearest to the median of its class. The right one is of the same image if both models have
    codes of the same images; else it is nearest to the median of its own class. None if either model has no
    codes of the class.
    """
    one, other = _middle(name, left), _middle(name, right)
    if one is None or other is None or left.codes is None or right.codes is None:
        return None
    return left.codes.latents[one], right.codes.latents[one if same_images(left, right) else other]


def _middle(name: str, model: Autoencoder) -> int | None:
    codes, classes = model.codes, model.manifest.classes
    if codes is None or codes.labels is None or name not in classes:
        return None
    rows = np.flatnonzero(codes.labels == classes.index(name))
    if not len(rows):
        return None
    flat = codes.latents[rows].reshape(len(rows), -1)
    return int(rows[np.square(flat - np.median(flat, 0)).sum(1).argmin()])
