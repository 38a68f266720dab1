"""Images that a model makes: interpolations and samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime._input import Invert, ModelInput
from diabolo.runtime._numbers import check_size, whole
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.convert import Images
from diabolo.runtime.latent._grids import of_grid
from diabolo.runtime.latent.space import LatentSpace

__all__ = ["Generating"]


class Generating(ABC):
    """The part of `Autoencoder` that makes images from latents: `interpolate`, `sample` and the like.

    Images of a model of any size are interpolated at the size of the first one; others are cropped to it, if
    they are pictures. Samples have the size of the training crops.
    """

    _input: ModelInput

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """The bundle's model.json."""

    @property
    @abstractmethod
    def latent_space(self) -> LatentSpace:
        """The latent space of the model."""

    @abstractmethod
    def encode(self, images: Images, *, invert: Invert = None) -> NDArray[np.float32]:
        """Encode images to latents."""

    @abstractmethod
    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Decode latents to images."""

    def interpolate(
        self, a: Images, b: Images, *, steps: int = 16, method: str = "linear", invert: Invert = None
    ) -> NDArray[np.float32]:
        """Interpolate between the latents of two images, and decode.

        Args:
            a: the first image, as in `encode`.
            b: the last image.
            steps: how many images, both ends included; at least 2.
            method: 'linear' (lerp); 'spherical' (slerp), for latents distributed about as N(0, I); or
                'standardised', slerp in units of the latents' standard deviation, for any others.
            invert: as in `encode`.

        Returns:
            float32 `(steps, channels, height, width)` in [0, 1]; the first and the last are reconstructions.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps, more than memory holds, or several images in the place of one.
        """
        return self.interpolate_path([a, b], steps=steps, method=method, invert=invert)

    def interpolate_path(
        self, images: Sequence[Images], *, steps: int = 16, method: str = "linear", invert: Invert = None
    ) -> NDArray[np.float32]:
        """Interpolate along a path through the latents of several images, and decode.

        Args:
            images: k >= 2 images, one in each item, as in `encode`.
            steps: images from one key image to the next, both included; at least 2.
            method: as in `interpolate`.
            invert: as in `encode`.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, channels, height, width)` in [0, 1]; image i (steps - 1) is the
            reconstruction of key image i.

        Raises:
            UsageError: fewer than 2 key images; and all that `interpolate` raises.
        """
        steps = whole("steps", steps, 2)
        self.latent_space.interpolator(method)  # raises for an unknown method before anything is encoded
        batch = self._input.one_each(images, "a path takes at least two images", invert, 2)
        check_size("steps", (len(batch) - 1) * steps, batch.shape[1:])
        latents = self.encode(batch)
        between = of_grid(self.latent_space, latents.shape[1:]).interpolate(latents, steps, method)
        return self.decode(between)[:, :, : batch.shape[2], : batch.shape[3]]

    def interpolate_grid(
        self,
        corners: Sequence[Images],
        *,
        rows: int = 8,
        columns: int = 8,
        method: str = "linear",
        invert: Invert = None,
    ) -> NDArray[np.float32]:
        """Interpolate on a grid between the latents of four images, and decode.

        Args:
            corners: top left, top right, bottom left, bottom right; one image in each item, as in `encode`.
            rows: at least 2.
            columns: at least 2.
            method: as in `interpolate`; the left and the right side are interpolated first, then each row.
            invert: as in `encode`.

        Returns:
            float32 `(rows, columns, channels, height, width)` in [0, 1].

        Raises:
            UsageError: fewer than 2 rows or columns, or not four corners; and all that `interpolate` raises.
        """
        rows, columns = whole("rows", rows, 2), whole("columns", columns, 2)
        self.latent_space.interpolator(method)
        batch = self._input.one_each(corners, "a grid takes four images", invert, 4, 4)
        check_size("rows and columns", rows * columns, batch.shape[1:])
        codes = self.encode(batch)
        latents = of_grid(self.latent_space, codes.shape[1:]).grid(codes, rows, columns, method)
        flat = self.decode(latents.reshape(rows * columns, *latents.shape[2:]))
        return flat[:, :, : batch.shape[2], : batch.shape[3]].reshape(rows, columns, *batch.shape[1:])

    def sample(self, count: int, *, seed: int | None = None) -> NDArray[np.float32]:
        """Draw latents from `latent_space.distribution`, and decode them.

        Args:
            count: how many images, at least 0.
            seed: at least 0; the same seed gives the same images. None gives others each time.

        Returns:
            float32 `(count, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute the decoder; and all that `sample_latents` raises.
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
            UsageError: a count or seed that is negative or not a whole number, or too many images for memory.
        """
        count = whole("count", count, 0)
        seed = None if seed is None else whole("seed", seed, 0)
        check_size("count", count, self.manifest.image_shape)
        return self.latent_space.sample(count, np.random.default_rng(seed))
