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
        self._stride = m.any_size.latent_stride if m.any_size else None
        self._outputs = 2 if m.log_variance else 1

    def encode(self, batch: _Array) -> _Array:
        """Latents `(batch, *latent_shape)` of images `(batch, channels, height, width)`.

        Raises:
            BusyError: the wait for a turn was too long.
            GraphError: the graph could not be run.
            ModelStoppedError: the model exceeded a limit.
            UsageError: there are too many images.
        """
        shape = self._latent_of(batch)
        self._check(batch, shape)
        with self._hosted.call("encoder") as ask:
            pieces = [ask("encode", piece, (len(piece), *shape)) for piece in self._cut(batch, shape)]
        return _joined(pieces, shape)

    def decode(self, latents: _Array) -> _Array:
        """Images `(batch, channels, height, width)` of latents `(batch, *latent_shape)`.

        Raises:
            As for `encode`.
        """
        shape = self._image_of(latents)
        self._check(latents, shape)
        with self._hosted.call("decoder") as ask:
            pieces = [ask("decode", piece, (len(piece), *shape)) for piece in self._cut(latents, shape)]
        return _joined(pieces, shape)

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
        latent = self._latent_of(piece)
        self._check(piece, latent)
        shape = (self._outputs, len(piece), *latent)
        with self._hosted.call("encoder") as ask:
            answers = ask("encode_whole", piece, shape)
        return dict(zip(("latent", "log_variance"), answers, strict=False))

    def _latent_of(self, batch: _Array) -> tuple[int, ...]:
        """The shape of the latent of each of these images, by model.json; a worker may not answer another."""
        step, sides = self._stride, batch.shape[2:]
        return (self._latent_shape[0], *(side // step for side in sides)) if step else self._latent_shape

    def _image_of(self, latents: _Array) -> tuple[int, ...]:
        """The shape of the image of each of these latents."""
        step, sides = self._stride, latents.shape[2:]
        return (self._image_shape[0], *(side * step for side in sides)) if step else self._image_shape

    def _check(self, batch: _Array, answer: tuple[int, ...]) -> None:
        count, one = len(batch), max(prod(batch.shape[1:]), prod(answer))
        if count * one > self._most:
            raise UsageError(
                f"{count} images of {one:,} numbers are too many for one call of an uploaded model; at most "
                f"{self._most // one} images are allowed. Send fewer, or run the model yourself: "
                "diabolo ui FILE"
            )

    def _cut(self, batch: _Array, answer: tuple[int, ...]) -> Iterator[_Array]:
        """Pieces of as many images as are sent at once, by what the worker said of the usual size."""
        usual = max(prod(self._image_shape), prod(self._latent_shape))
        one = max(prod(batch.shape[1:]), prod(answer), 1)
        size = max(1, self.chunk * usual // one) if self._stride else self.chunk
        for start in range(0, len(batch), size):
            yield batch[start : start + size]


def _joined(pieces: list[_Array], shape: tuple[int, ...]) -> _Array:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty((0, *shape), np.float32)
