"""A visitor's two graphs, computed by a worker; what `Autoencoder` needs of a pair of graphs."""

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
    """The graphs of a bundle whose check passed. May be shared by threads; one call is computed at a time.

    Attributes:
        device: where they run.
        chunk: how many images go to the worker at once.

    Args:
        hosted: the worker.
        m: what the bundle says of itself.
        device: as the worker told it.
        chunk: as the worker told it.
        limits: `values` counts here.
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
            BusyError: it was not this call's turn in time.
            GraphError: they could not be computed.
            ModelStoppedError: the model took more than it may.
            UsageError: too many images.
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
            As `encode` does.
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
            As `encode` does.
        """
        return self.decode(self.encode(batch))

    def encode_whole(self, piece: _Array) -> dict[str, _Array]:
        """All that the encoder answers to one piece, `(batch, *latent_shape)` each, by the outputs' names.

        Raises:
            As `encode` does.
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
                f"{count} images of {one:,} numbers are too many for one call of a visitor's model: it takes "
                f"{self._most:,} numbers, {self._most // one} images. Ask for fewer, or run it by yourself: "
                "diabolo ui FILE."
            )


def _cut(batch: _Array, size: int) -> Iterator[_Array]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def _joined(pieces: list[_Array], shape: tuple[int, ...]) -> _Array:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty((0, *shape), np.float32)
