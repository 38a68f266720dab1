"""`Autoencoder`: encode, decode, reconstruct, interpolate and sample with the two graphs of a bundle."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.convert import Images, as_batch
from diabolo.runtime.latent._batch import as_latents
from diabolo.runtime.latent._codes import Codes
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.space import LatentSpace
from diabolo.runtime.session._graphs import Graphs, Pair
from diabolo.runtime.session.device import Device

__all__ = ["Autoencoder", "Codes"]


class Autoencoder:
    """A trained autoencoder. `Autoencoder.load` makes one.

    Threads may share an instance. Batches may have any size: they are computed in chunks of limited memory.

    Args:
        bundle: an opened bundle.
        device: as in `load`.
        threads: as in `load`.
        graphs: computes instead of sessions in this process; `device` and `threads` are then ignored.

    Raises:
        UsageError: fewer than one thread; and all that `load` raises.
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
        """Open a bundle, check its files' hashes, and start both graphs.

        Args:
            source: the name of a ready-made model, a bundle's folder, or the .zip of one. `./name`, or a
                Path, is always the folder.
            device: 'auto' (CUDA if it works, otherwise the CPU), 'cpu', 'cuda' or 'cuda:1' (CUDA or an
                error), or the name of another execution provider of the installed onnxruntime, such as
                'coreml'.
            threads: CPU threads for one call; one is fastest for small models.

        Raises:
            BundleError: there is no bundle at `source`, or it was changed or cannot be read.
            DeviceError: the device does not work here.
            MissingPackageError: onnxruntime is not installed, or not usable.
            UnknownNameError: there is no such device.
            UsageError: fewer than one thread.
        """
        return cls(Bundle.open(source), device=device, threads=threads)

    @property
    def manifest(self) -> Manifest:
        """The bundle's model.json."""
        return self._bundle.manifest

    @property
    def bundle(self) -> Bundle:
        """The bundle that the model was loaded from."""
        return self._bundle

    @property
    def device(self) -> Device:
        """The device that the model runs on, and why."""
        return self._graphs.device

    @property
    def sampling(self) -> str:
        """The distribution that `sample` draws latents from, in words."""
        return self.latent_space.distribution.description

    @functools.cached_property
    def latent_space(self) -> LatentSpace:
        """The latent space, which samples, interpolates, projects and ranks latents."""
        return LatentSpace.of(self._bundle)

    @property
    def codes(self) -> Codes | None:
        """Codes of some test images, or None if the bundle has none; raises as `LatentSpace.codes`."""
        return self.latent_space.codes

    @property
    def density(self) -> Density | None:
        """The density of the training codes, or None if it is not known; raises as `LatentSpace.density`."""
        return self.latent_space.density

    def encode(self, images: Images) -> NDArray[np.float32]:
        """Encode images to latents; a VAE's are the means of the posterior.

        Args:
            images: pictures of any size, or arrays of the model's size, one or several; see
                `runtime.image.convert.as_batch`.

        Returns:
            float32 `(batch, *latent_shape)`.

        Raises:
            GraphError: onnxruntime cannot compute the encoder.
            ImageError: the model cannot take these images.
        """
        return self._graphs.encode(self._batch(images))

    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Decode latents to images.

        Args:
            latents: numbers, `(batch, *latent_shape)`, or `latent_shape` for a single one.

        Returns:
            float32 `(batch, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute the decoder.
            LatentError: the latents have another shape, or values that are not finite numbers.
        """
        return self._graphs.decode(as_latents(latents, self._bundle.manifest.latent_shape))

    def reconstruct(self, images: Images) -> NDArray[np.float32]:
        """Encode and decode images. On a GPU the latents stay in its memory.

        Args:
            images: as in `encode`.

        Returns:
            float32 `(batch, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
        """
        return self._graphs.reconstruct(self._batch(images))

    def denoise(self, images: Images) -> NDArray[np.float32]:
        """Remove noise from images: the same as `reconstruct`, under the name for denoising models.

        Only a model that was trained on noise does it well; see `manifest.noise`.
        """
        return self.reconstruct(images)

    def interpolate(
        self, a: Images, b: Images, *, steps: int = 16, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Interpolate between the latents of two images, and decode.

        Args:
            a: the first image, as in `encode`.
            b: the last image.
            steps: how many images, both ends included; at least 2.
            method: 'linear' (lerp); 'spherical' (slerp), for latents distributed about as N(0, I); or
                'standardised', slerp in units of the latents' standard deviation, for any others.

        Returns:
            float32 `(steps, channels, height, width)` in [0, 1]; the first and the last are reconstructions.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps, or several images in the place of one.
        """
        return self.interpolate_path([a, b], steps=steps, method=method)

    def interpolate_path(
        self, images: Sequence[Images], *, steps: int = 16, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Interpolate along a path through the latents of several images, and decode.

        Args:
            images: k >= 2 images, one in each item, as in `encode`.
            steps: images from one key image to the next, both included; at least 2.
            method: as in `interpolate`.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, channels, height, width)` in [0, 1]; image i (steps - 1) is the
            reconstruction of key image i.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps or key images, or several images in an item.
        """
        _check_steps("steps", steps)
        self.latent_space.interpolator(method)  # raises for an unknown method before anything is encoded
        if len(images) < 2:
            raise UsageError(f"a path takes at least two images, not {len(images)}.")
        return self.decode(self.latent_space.interpolate(self._keys(images), steps, method))

    def interpolate_grid(
        self, corners: Sequence[Images], *, rows: int = 8, columns: int = 8, method: str = "linear"
    ) -> NDArray[np.float32]:
        """Interpolate on a grid between the latents of four images, and decode.

        Args:
            corners: top left, top right, bottom left, bottom right; one image in each item, as in `encode`.
            rows: at least 2.
            columns: at least 2.
            method: as in `interpolate`; the left and the right side are interpolated first, then each row.

        Returns:
            float32 `(rows, columns, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 rows or columns, not four corners, or several images in an item.
        """
        _check_steps("rows", rows)
        _check_steps("columns", columns)
        self.latent_space.interpolator(method)
        if len(corners) != 4:
            raise UsageError(f"a grid takes four images, not {len(corners)}.")
        latents = self.latent_space.grid(self._keys(corners), rows, columns, method)
        flat = self.decode(latents.reshape(rows * columns, *latents.shape[2:]))
        return flat.reshape(rows, columns, *flat.shape[1:])

    def sample(self, count: int, *, seed: int | None = None) -> NDArray[np.float32]:
        """Draw latents from `latent_space.distribution`, and decode them.

        Args:
            count: how many images, at least 0.
            seed: at least 0; the same seed gives the same images. None gives others each time.

        Returns:
            float32 `(count, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute the decoder.
            IntegrityError: codes.npz, which the distribution may be fitted to, was changed.
            UsageError: a negative count or seed.
        """
        return self.decode(self.sample_latents(count, seed=seed))

    def sample_latents(self, count: int, *, seed: int | None = None) -> NDArray[np.float32]:
        """The latents that `sample` decodes.

        Args:
            count: how many latents, at least 0.
            seed: as in `sample`.

        Returns:
            float32 `(count, *latent_shape)`.

        Raises:
            IntegrityError: codes.npz, which the distribution may be fitted to, was changed.
            UsageError: a negative count or seed.
        """
        if count < 0:
            raise UsageError(f"count must be at least 0, not {count}.")
        if seed is not None and seed < 0:
            raise UsageError(f"seed must be at least 0, not {seed}.")
        return self.latent_space.sample(count, np.random.default_rng(seed))

    def _keys(self, images: Sequence[Images]) -> NDArray[np.float32]:
        """The latents of images, one in each item: `(k, *latent_shape)`."""
        keys = [self.encode(image) for image in images]
        if any(len(key) != 1 for key in keys):
            raise UsageError("each end or corner of an interpolation must be a single image, not a batch.")
        return np.concatenate(keys)

    def _batch(self, images: Images) -> NDArray[np.float32]:
        m = self._bundle.manifest
        return as_batch(images, m.image_shape, resize=m.resize, padding=m.padding, value_range=m.value_range)


def _check_steps(name: str, count: int) -> None:
    if not isinstance(count, int) or count < 2:
        raise UsageError(f"{name} must be a whole number, at least 2, not {count}.")
