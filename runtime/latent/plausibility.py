"""Which decoded pictures are unlike the data: they are not stable, and are between classes.

Three numbers are ranked among those of decoded codes of test images. The mean rank of the first two tells how
unstable the picture is, the third how much it lies between classes. Both become p-values, the share of these
codes that are as unstable, or as much between classes, and Fisher's method combines them into the picture's
score, minus the sum of their logarithms (R. Fisher, 'Statistical Methods for Research Workers', 1932). A
picture is unlike the data if its score exceeds that of 95 % of these codes. One of the two suffices if it is
extreme: a smear whose neighbours are all 4s is found by its instability.

1. How much the picture changes when it is encoded and decoded again. If it resembles the training images, it
   hardly changes, because that is what training asked for. Otherwise the difference points towards more
   probable images, as G. Alain and Y. Bengio show for denoising and contractive autoencoders in 'What
   Regularized Auto-Encoders Learn from the Data-Generating Distribution', https://arxiv.org/abs/1211.4246.
2. How much the result changes when it is encoded and decoded once more. An unusual image, such as a narrow 0,
   may become a more usual one in the first round, but then it stays as it is. A smear keeps changing.
3. If the codes have classes: how few of the ten nearest decoded test codes are of one class.

A change is the squared difference as a share of the picture's variance, so that a faint picture does not
count as unchanged. Pictures are compared with decoded codes and never with a model's inputs: a model that
blurs all of them is not penalised.

`docs/interpolation.md` compares this rule with distances, using a classifier as the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.latent._decoded import decoded_codes

if TYPE_CHECKING:
    from diabolo.runtime.autoencoder import Autoencoder

__all__ = ["MARKED", "Plausibility", "unexplained"]

_Array = NDArray[np.float32]
MARKED = 0.95  # the share of the decoded test codes whose score a picture unlike the data exceeds
_TESTED = 1500  # decoded test codes, at most
_FEWEST = 100  # decoded test codes without which there is no limit
_NEIGHBOURS = 10  # decoded test codes whose classes are compared
_CHUNK = 2**22  # distances that are computed at a time
_LEAST = 1e-4  # variance of pixels: a picture of a single grey has none


class Plausibility:
    """Tells pictures that resemble the data from those that a decoder draws in gaps and between classes.

    Args:
        reconstruct: images `(n, channels, height, width)` in [0, 1] to their reconstructions.
        tested: decoded codes of test images, `(m, channels, height, width)` in [0, 1]; some hundreds are
            needed.
        labels: the classes of these images, `(m,)`, if there are classes.

    Raises:
        ValueError: no decoded codes.
    """

    def __init__(
        self,
        reconstruct: Callable[[_Array], _Array],
        tested: _Array,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        if not len(tested):
            raise ValueError("plausibility takes at least one decoded code of a test image")
        self._reconstruct = reconstruct
        self._tested = tested.reshape(len(tested), -1)
        several = labels is not None and len(np.unique(labels)) > 1 and len(tested) > _NEIGHBOURS
        self._labels = labels if several else None
        usual = self._measures(tested, own=True)
        self._usual = np.sort(usual, axis=0)
        self._instability = np.sort(self._unstable(usual))
        self._scores = np.sort(self._score(usual))

    @classmethod
    def of(cls, model: Autoencoder) -> Plausibility | None:
        """The plausibility of a model's pictures; None if its bundle has fewer than 100 test codes, or
        its images are too large.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            IntegrityError, ManifestError: as `LatentSpace.codes` raises them.
        """
        if (found := decoded_codes(model, _FEWEST, _TESTED)) is None:
            return None
        rows, tested = found
        labels = None if model.codes is None else model.codes.labels
        return cls(model.reconstruct, tested, None if labels is None else labels[rows])

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
        """The share of decoded test codes with a smaller score.

        Args:
            images: `(batch, channels, height, width)` in [0, 1], decoded by the model.

        Returns:
            `(batch,)` in [0, 1]; above `MARKED` a picture counts as unlike the data.
        """
        return np.searchsorted(self._scores, self._score(self._measures(images))) / len(self._scores)

    def unlike(self, images: _Array) -> NDArray[np.bool_]:
        """Which pictures are unlike the data: their rank is above `MARKED`. As `rank`; bool `(batch,)`."""
        return self.rank(images) > MARKED

    def _measures(self, images: _Array, own: bool = False) -> NDArray[np.float64]:
        """What is ranked, `(batch, 2 or 3)`; `own` if the images are the tested ones."""
        changes = self.changes(images)
        if self._labels is None:
            return changes
        flat, labels = images.reshape(len(images), -1), self._labels
        size = max(1, _CHUNK // len(self._tested))
        mixed = [
            _mixed(flat[start : start + size], self._tested, labels, start if own else None)
            for start in range(0, len(flat), size)
        ]
        return np.column_stack([changes, np.concatenate([*mixed, np.empty(0)])])

    def _score(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        score = -np.log(_p_values(self._unstable(measures), self._instability))
        for mixed, usual in zip(measures.T[2:], self._usual.T[2:], strict=True):
            score -= np.log(_p_values(mixed, usual))
        return score

    def _unstable(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean rank of the two changes, `(batch,)`."""
        pairs = zip(self._usual.T[:2], measures.T[:2], strict=True)
        ranks: NDArray[np.float64] = np.mean([np.searchsorted(*pair) for pair in pairs], axis=0)
        return ranks


def _p_values(values: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the sorted `usual` ones that are at least as large, counting the value itself: never 0."""
    smaller = np.searchsorted(usual, values)
    shares: NDArray[np.float64] = (len(usual) - smaller + 1) / (len(usual) + 1)
    return shares


def _mixed(
    points: _Array, others: _Array, labels: NDArray[np.int64], own_start: int | None
) -> NDArray[np.float64]:
    """How few of each point's nearest others are of one class, in [0, 1): 0 if all are.

    `own_start`: the points are the others from there on, and none is a neighbour of its own.
    """
    squares = np.square(others).sum(1) - 2 * points @ others.T
    if own_start is not None:
        rows = np.arange(len(points))
        squares[rows, own_start + rows] = np.inf
    near = labels[np.argpartition(squares, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]]
    shares = [(near == label).mean(1) for label in np.unique(labels)]
    mixed: NDArray[np.float64] = 1 - np.max(shares, axis=0)
    return mixed


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
