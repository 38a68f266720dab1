"""`Autoencoder`: the two graphs of a bundle behind a few verbs, on onnxruntime alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.image.convert import Images, as_batch
from diabolo.runtime.latent._codes import Codes
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.space import LatentSpace
from diabolo.runtime.session._graphs import Graphs, Pair
from diabolo.runtime.session.device import Device

__all__ = ["Autoencoder", "Codes"]

_FLOAT32 = np.dtype(np.float32)


class Autoencoder:
    """A trained autoencoder, ready to run. Make one with `Autoencoder.load`.

    One instance may be shared by threads. Batches of any size are cut into pieces of bounded memory.

    Args:
        bundle: an opened bundle.
        device, threads: as `load` takes them.
        graphs: what computes instead of sessions in this process; its device and threads are then its own.
    """

    def __init__(
        self, bundle: Bundle, *, device: str = "auto", threads: int = 1, graphs: Pair | None = None
    ) -> None:
        if threads < 1:
            raise UsageError(f"threads must be at least 1, not {threads}.")
        self._bundle = bundle
        self._graphs: Pair = Graphs(bundle, device, threads) if graphs is None else graphs

    @classmethod
    def load(cls, source: str | Path, *, device: str = "auto", threads: int = 1) -> Autoencoder:
        """Open a bundle and start both graphs; the files' hashes are checked.

        Args:
            source: the name of a ready-made model, or a bundle's folder or a .zip of one; `./name`, or a
                Path, is never the ready-made one.
            device: 'auto' (CUDA when it works, else the CPU), 'cpu', 'cuda' or 'cuda:1' (CUDA or an error),
                or the name of another provider that the installed onnxruntime has, such as 'coreml'.
            threads: CPU threads for one call; one is fastest for small models.

        Raises:
            BundleError: no bundle, or one that was changed or cannot be read.
            DeviceError: the device does not work here.
            MissingPackageError: onnxruntime is not usable.
            UnknownNameError: there is no such device.
        """
        return cls(Bundle.open(source), device=device, threads=threads)

    @property
    def manifest(self) -> Manifest:
        """What the bundle says about itself."""
        return self._bundle.manifest

    @property
    def bundle(self) -> Bundle:
        """Where the model came from."""
        return self._bundle

    @property
    def device(self) -> Device:
        """What really runs, and why."""
        return self._graphs.device

    @property
    def sampling(self) -> str:
        """Where `sample` draws latents from, in words."""
        return self.latent_space.distribution.description

    @functools.cached_property
    def latent_space(self) -> LatentSpace:
        """The latent space: it draws latents, interpolates between them, projects them and ranks them."""
        return LatentSpace.of(self._bundle)

    @property
    def codes(self) -> Codes | None:
        """Codes of some test images, or None when the bundle brings none.

        Raises:
            IntegrityError: the file was changed.
            ManifestError: it does not fit the model.
        """
        return self.latent_space.codes

    @property
    def density(self) -> Density | None:
        """How dense training codes lie at any latent, or None when the bundle does not say.

        Raises:
            IntegrityError: the file was changed.
            ManifestError: it does not fit the model.
        """
        return self.latent_space.density

    def encode(self, images: Images) -> NDArray[np.float32]:
        """Latents float32 `(batch, *latent_shape)` of images; for a VAE the means.

        Args:
            images: pictures of any size, or arrays of the model's size; see `runtime.images.as_batch`.

        Raises:
            GraphError: onnxruntime could not compute them.
            ImageError: not images that this model can take.
        """
        return self._graphs.encode(self._batch(images))

    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Images float32 `(batch, channels, height, width)` in [0, 1] of latents `([batch,] *latent_shape)`.

        Raises:
            GraphError: onnxruntime could not compute them.
            LatentError: another shape, or values that are not numbers.
        """
        return self._graphs.decode(self._latents(latents))

    def reconstruct(self, images: Images) -> NDArray[np.float32]:
        """Encode and decode: float32 `(batch, channels, height, width)` in [0, 1].

        On a GPU the latents stay there between the two.

        Raises:
            GraphError: onnxruntime could not compute it.
            ImageError: not images that this model can take.
        """
        return self._graphs.reconstruct(self._batch(images))

    def denoise(self, images: Images) -> NDArray[np.float32]:
        """Reconstruct noisy images. Only a model trained on noise does it well: see `manifest.noise`.

        Raises:
            ImageError: not images that this model can take.
        """
        return self.reconstruct(images)

    def interpolate(
        self, a: Images, b: Images, *, steps: int = 16, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Decoded images on the way from image `a` to image `b`: float32 `(steps, channels, height, width)`.

        Args:
            a: one image.
            b: one image.
            steps: how many, both ends included; at least 2.
            method: 'linear'; 'spherical', for latents that are about N(0, I); or 'standardised', the same
                in units of the latents' deviation, for any others.

        Raises:
            ImageError: not one image each.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps.
        """
        return self.interpolate_path([a, b], steps=steps, method=method)

    def interpolate_path(
        self, images: Sequence[Images], *, steps: int = 16, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Decoded images on the way through all of `images`, each of them met once.

        Args:
            images: two or more, one image each.
            steps: of one leg, both ends included; at least 2.
            method: as for `interpolate`.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, channels, height, width)` for k images; frame i (steps - 1)
            is the reconstruction of image i.

        Raises:
            ImageError: not images that this model can take.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps or images.
        """
        _check_steps("steps", steps)
        self.latent_space.interpolator(method)  # an unknown one is refused before anything is encoded
        if len(images) < 2:
            raise UsageError(f"a path needs at least two images, not {len(images)}.")
        return self.decode(self.latent_space.interpolate(self._keys(images), steps, method))

    def interpolate_grid(
        self, corners: Sequence[Images], *, rows: int = 8, columns: int = 8, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Decoded images between four: float32 `(rows, columns, channels, height, width)`.

        Args:
            corners: top left, top right, bottom left, bottom right; one image each.
            rows: at least 2.
            columns: at least 2.
            method: as for `interpolate`; an arc goes down the sides first, then across the rows.

        Raises:
            ImageError: not images that this model can take.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 rows or columns, or not four corners.
        """
        _check_steps("rows", rows)
        _check_steps("columns", columns)
        self.latent_space.interpolator(method)
        if len(corners) != 4:
            raise UsageError(f"a grid lies between four images, not {len(corners)}.")
        latents = self.latent_space.grid(self._keys(corners), rows, columns, method)
        flat = self.decode(latents.reshape(rows * columns, *latents.shape[2:]))
        return flat.reshape(rows, columns, *flat.shape[1:])

    def sample(self, count: int, *, seed: int | None = None) -> NDArray[np.float32]:
        """New images: float32 `(count, channels, height, width)` in [0, 1], decoded from drawn latents.

        `sampling` says what they are drawn from. The same seed gives the same images.

        Raises:
            UsageError: a negative count.
        """
        return self.decode(self.sample_latents(count, seed=seed))

    def sample_latents(self, count: int, *, seed: int | None = None) -> NDArray[np.float32]:
        """The latents that `sample` decodes: float32 `(count, *latent_shape)`.

        Raises:
            UsageError: a negative count.
        """
        if count < 0:
            raise UsageError(f"count must not be negative, not {count}.")
        if seed is not None and seed < 0:
            raise UsageError(f"seed must not be negative, not {seed}.")
        return self.latent_space.sample(count, np.random.default_rng(seed))

    def _keys(self, images: Sequence[Images]) -> NDArray[np.float32]:
        """The latents of images given one by one."""
        keys = [self.encode(image) for image in images]
        if any(len(key) != 1 for key in keys):
            raise UsageError("interpolate takes one image at either end.")
        return np.concatenate(keys)

    def _batch(self, images: Images) -> NDArray[np.float32]:
        m = self._bundle.manifest
        return as_batch(images, m.image_shape, resize=m.resize, padding=m.padding)

    def _latents(self, latents: ArrayLike) -> NDArray[np.float32]:
        shape = self._bundle.manifest.latent_shape
        array: Any = latents
        if type(array) is not np.ndarray or array.dtype is not _FLOAT32:
            try:
                array = np.asarray(latents).astype(np.float32, casting="same_kind")
            except (TypeError, ValueError):
                raise LatentError(f"a latent must be numbers of shape {shape}.") from None
        if array.shape == shape:
            array = array[None]
        if array.shape[1:] != shape:
            raise LatentError(
                f"latents of shape {array.shape} do not fit: this model takes (batch, *{shape})."
            )
        if not _finite(array):
            raise LatentError("latents hold values that are not numbers (NaN or infinite).")
        checked: NDArray[np.float32] = array
        return checked


def _finite(array: NDArray[np.float32]) -> bool:
    """Whether all values are numbers; the sum of their squares mostly tells, in one fast pass."""
    flat = array.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(array).all())


def _check_steps(name: str, count: int) -> None:
    if not isinstance(count, int) or count < 2:
        raise UsageError(f"{name} must be a whole number, at least 2, not {count}.")
