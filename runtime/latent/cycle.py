"""Which decoded pictures are unlike the data: those that keep changing when they are encoded and decoded.

A picture is encoded and decoded twice. If it resembles the training images, it hardly changes, because that
is what training asked for. If it is something between them, it changes: the difference points towards more
probable images, as G. Alain and Y. Bengio show for denoising and contractive autoencoders in 'What
Regularized Auto-Encoders Learn from the Data-Generating Distribution', https://arxiv.org/abs/1211.4246. The
second round is needed because an unusual image, such as a narrow 0, may become a more usual one in the first
round; but it then stays one, whereas a smear keeps changing.

A change is the squared difference as a share of the picture's variance, so that a faint picture does not
count as unchanged. Both changes are ranked among those of decoded codes of test images, and the smaller rank
counts. The limit is set so that one in twenty of these codes exceeds it. Pictures are therefore not compared
with a model's inputs, and a model that blurs all of them is not penalised.

`docs/interpolation.md` compares this rule with distances, using a classifier as the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from diabolo.runtime.autoencoder import Autoencoder

__all__ = ["MARKED", "CycleConsistency", "unexplained"]

_Array = NDArray[np.float32]
MARKED = 0.95  # a picture that keeps changing more than this share of the decoded test codes is marked
_TESTED = 1000  # decoded test codes, at most
_VALUES = 2**24  # numbers in them, at most
_FEWEST = 100  # decoded test codes without which there is no limit
_LEAST = 1e-4  # variance of pixels: a picture of a single grey has none


class CycleConsistency:
    """Ranks pictures by how much they keep changing when the model encodes and decodes them twice.

    Args:
        reconstruct: images `(n, channels, height, width)` in [0, 1] to their reconstructions.
        tested: decoded codes of test images, `(m, channels, height, width)` in [0, 1]; some hundreds are
            needed.

    Raises:
        ValueError: no decoded codes.
    """

    def __init__(self, reconstruct: Callable[[_Array], _Array], tested: _Array) -> None:
        if not len(tested):
            raise ValueError("cycle consistency takes at least one decoded code of a test image")
        self._reconstruct = reconstruct
        changes = self.changes(tested)
        self._typical = np.sort(changes, axis=0)
        self._ranks = np.sort(self._smaller_rank(changes))

    @classmethod
    def of(cls, model: Autoencoder) -> CycleConsistency | None:
        """The cycle consistency of a model; None if its bundle has fewer than 100 codes of test images.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            IntegrityError, ManifestError: as `LatentSpace.codes` raises them.
        """
        codes = model.codes
        if codes is None or len(codes.latents) < _FEWEST:
            return None
        count = max(_FEWEST, min(_TESTED, _VALUES // int(np.prod(model.manifest.image_shape))))
        spread = np.linspace(0, len(codes.latents) - 1, min(count, len(codes.latents))).astype(int)
        return cls(model.reconstruct, model.decode(codes.latents[spread]))

    def changes(self, images: _Array) -> NDArray[np.float64]:
        """What each round of encoding and decoding changes, as a share of the picture's variance before it.

        Args:
            images: `(batch, channels, height, width)` in [0, 1].

        Returns:
            `(batch, 2)`, the first round and the second: 0 if nothing changes, 1 if the picture has no more
            in common with the result than with a uniform grey of its mean brightness.
        """
        once = self._reconstruct(images)
        return np.stack([unexplained(images, once), unexplained(once, self._reconstruct(once))], axis=1)

    def rank(self, images: _Array) -> NDArray[np.float64]:
        """The share of decoded test codes that keep changing less than each picture.

        Args:
            images: `(batch, channels, height, width)` in [0, 1], decoded by the model.

        Returns:
            `(batch,)` in [0, 1]; above `MARKED` a picture counts as unlike the data.
        """
        return np.searchsorted(self._ranks, self._smaller_rank(self.changes(images))) / len(self._ranks)

    def _smaller_rank(self, changes: NDArray[np.float64]) -> NDArray[np.float64]:
        ranks = [
            np.searchsorted(usual, found) for usual, found in zip(self._typical.T, changes.T, strict=True)
        ]
        smaller: NDArray[np.float64] = np.min(ranks, axis=0) / len(self._typical)
        return smaller

    def unlike(self, images: _Array) -> NDArray[np.bool_]:
        """Which pictures are unlike the data: their rank is above `MARKED`. As `rank`; bool `(batch,)`."""
        return self.rank(images) > MARKED


def unexplained(images: _Array, made: _Array) -> NDArray[np.float64]:
    """The mean squared error of each picture's reconstruction, divided by the picture's variance.

    It is the fraction of variance unexplained, 1 - R^2.

    Args:
        images: `(batch, channels, height, width)` in [0, 1].
        made: their reconstructions, of the same shape.

    Returns:
        `(batch,)`, at least 0.
    """
    flat = images.reshape(len(images), -1).astype(np.float64)
    error = np.square(made.reshape(len(made), -1) - flat).mean(1)
    share: NDArray[np.float64] = error / (flat.var(1) + _LEAST)
    return share
