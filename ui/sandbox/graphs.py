"""The two graphs of a visitor's bundle, run by a worker, with the interface that `Autoencoder` needs."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UsageError
from diabolo.runtime.session.device import Device
from diabolo.ui.sandbox._hosted import Hosted
from diabolo.ui.sandbox.limits import VisitorLimits

__all__ = ["RemoteGraphs"]

_Array = NDArray[np.float32]


class RemoteGraphs:
    """The graphs of a bundle that passed its check. Threads may share it; one call is run at a time.

    Attributes:
        device: the device on which they run.
        chunk: the number of images that are sent to the worker at once.

    Args:
        hosted: the bundle in its worker.
        m: the bundle's manifest.
        device: as reported by the worker.
        chunk: as reported by the worker.
        limits: of these, `values` is used here.
    """

    def __init__(
        self, hosted: Hosted, m: Manifest, device: Device, chunk: int, limits: VisitorLimits
    ) -> None:
        self.device, self.chunk = device, chunk
        self._hosted, self._most = hosted, limits.values
        self._image_shape, self._latent_shape = m.image_shape, m.latent_shape
        self._outputs = 2 if m.log_variance else 1

    def encode(self, batch: _Array) -> _Array:
        """Latents `(batch, *latent_shape)` of images `(batch, channels, height, width)`.

        Raises:
            BusyError: the wait for a turn was too long.
            GraphError: the graph could not be run.
            ModelStoppedError: the model exceeded a limit.
            UsageError: there are too many images.
        """
        self._check(len(batch))
        with self._hosted.call("encoder") as ask:
            pieces = [
                ask("encode", piece, (len(piece), *self._latent_shape)) for piece in _cut(batch, self.chunk)
            ]
        return _joined(pieces, self._latent_shape)

    def decode(self, latents: _Array) -> _Array:
        """Images `(batch, channels, height, width)` of latents `(batch, *latent_shape)`.

        Raises:
            As for `encode`.
        """
        self._check(len(latents))
        with self._hosted.call("decoder") as ask:
            pieces = [
                ask("decode", piece, (len(piece), *self._image_shape)) for piece in _cut(latents, self.chunk)
            ]
        return _joined(pieces, self._image_shape)

    def reconstruct(self, batch: _Array) -> _Array:
        """`decode(encode(batch))`.

        Raises:
            As for `encode`.
        """
        return self.decode(self.encode(batch))

    def encode_whole(self, piece: _Array) -> dict[str, _Array]:
        """All outputs of the encoder for one batch, by name; each is `(batch, *latent_shape)`.

        Raises:
            As for `encode`.
        """
        self._check(len(piece))
        shape = (self._outputs, len(piece), *self._latent_shape)
        with self._hosted.call("encoder") as ask:
            answers = ask("encode_whole", piece, shape)
        return dict(zip(("latent", "log_variance"), answers, strict=False))

    def _check(self, count: int) -> None:
        one = max(prod(self._image_shape), prod(self._latent_shape))
        if count * one > self._most:
            raise UsageError(
                f"{count} images of {one:,} numbers are too many for one call of an uploaded model; at most "
                f"{self._most // one} images are allowed. Send fewer, or run the model yourself: "
                "diabolo ui FILE"
            )


def _cut(batch: _Array, size: int) -> Iterator[_Array]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def _joined(pieces: list[_Array], shape: tuple[int, ...]) -> _Array:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty((0, *shape), np.float32)
