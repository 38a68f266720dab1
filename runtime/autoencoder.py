"""`Autoencoder`: encode, decode, reconstruct, interpolate and sample with the two graphs of a bundle."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime._any_size import AnySizePair, Progress
from diabolo.runtime._generating import Generating
from diabolo.runtime._input import Invert, ModelInput
from diabolo.runtime._numbers import cores, whole
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.image.convert import Images
from diabolo.runtime.latent._batch import are_extreme, as_latents, finite
from diabolo.runtime.latent._codes import Codes
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.space import LatentSpace
from diabolo.runtime.session._graphs import Graphs, Pair
from diabolo.runtime.session.device import Device

__all__ = ["Autoencoder", "Codes"]

_THREADS = 1024  # at most; onnxruntime would start any number
_TOGETHER = 64  # images of which `posterior` asks both outputs at once


class Autoencoder(Generating):
    """A trained autoencoder. `Autoencoder.load` makes one.

    Threads may share an instance. Batches may have any size: they are computed in chunks of limited memory.
    An instance can be pickled: the place of its bundle, the device and the number of threads are sent, and
    the bundle is opened again in the other process, and refused if it was changed.

    Pictures (files and PIL images) are resized to the model's size, and inverted if their background is
    bright and that of the training images is dark, or vice versa (`invert`); a line in the log says so once.
    Arrays and tensors are taken as they are.

    Args:
        bundle: an opened bundle.
        device: as in `load`.
        threads: as in `load`.
        graphs: computes instead of sessions in this process; `device` and `threads` are then ignored.

    Raises:
        UsageError: fewer than one thread, or more than 1,024; and all that `load` raises.
    """

    def __init__(
        self, bundle: Bundle, *, device: str = "auto", threads: int | None = None, graphs: Pair | None = None
    ) -> None:
        any_size = bundle.manifest.any_size
        if threads is None:
            threads = min(cores(), _THREADS) if any_size else 1
        threads = whole("threads", threads, 1, _THREADS)
        self._bundle = bundle
        self._graphs: Pair = Graphs(bundle, device, threads) if graphs is None else graphs
        self._input = ModelInput(bundle.manifest)
        self._any_size = AnySizePair(self._graphs, bundle.manifest, any_size) if any_size else None

    def __reduce__(self) -> tuple[Any, ...]:
        if not isinstance(self._graphs, Graphs):
            raise UsageError(
                "a model whose graphs run elsewhere can be neither pickled nor copied. Load the bundle there."
            )
        device, threads = self.device.requested, self.device.threads
        return functools.partial(type(self), device=device, threads=threads), (self._bundle,)

    @classmethod
    def load(cls, source: str | Path, *, device: str = "auto", threads: int | None = None) -> Autoencoder:
        """Open a bundle, check its files' hashes, and start both graphs.

        Args:
            source: the name of a ready-made model, a bundle's folder, or the .zip of one. `./name`, or a
                Path, is always the folder.
            device: 'auto' (CUDA if it works, otherwise the CPU), 'cpu', 'cuda' or 'cuda:1' (CUDA or an
                error), or the name of another execution provider of the installed onnxruntime, such as
                'coreml'.
            threads: CPU threads for one call. None takes one, which is fastest for small images, or all cores
                for a model of any size.

        Raises:
            BundleError: there is no bundle at `source`, or it was changed or cannot be read.
            DeviceError: the device does not work here.
            MissingPackageError: onnxruntime is not installed, or not usable.
            UnknownNameError: there is no such device.
            UsageError: fewer than one thread, or more than 1,024.
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

    def encode(self, images: Images, *, invert: Invert = None) -> NDArray[np.float32]:
        """Encode images to latents; a VAE's are the means of the posterior.

        Args:
            images: pictures of any size, or arrays of the model's size, one or several; see
                `runtime.image.convert.as_batch`.
            invert: None inverts pictures that look inverted, but no arrays; True inverts all, False nothing.

        Returns:
            float32 `(batch, *latent_shape)`.

        Raises:
            GraphError: onnxruntime cannot compute the encoder.
            ImageError: the model cannot take these images.
        """
        if self._any_size:
            return self._any_size.encode(self._input.pixels(images, invert))
        return self._graphs.encode(self._input.batch(images, invert))

    def posterior(
        self, images: Images, *, invert: Invert = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The gaussian that a VAE's encoder gives each image: its mean, which is the code, and its deviation.

        A latent of the image is drawn as `mean + std * epsilon` with epsilon from N(0, I).

        Args:
            images: as in `encode`.
            invert: as in `encode`.

        Returns:
            The means and the standard deviations, each float32 `(batch, *latent_shape)`.

        Raises:
            GraphError: onnxruntime cannot compute the encoder.
            ImageError: the model cannot take these images.
            UsageError: the encoder has no log-variance (`manifest.log_variance`), or takes any size.
        """
        if not self.manifest.log_variance or self._any_size:
            raise UsageError(
                f"{self.manifest.name!r} has no posterior: only the encoder of a VAE for images of one size "
                "gives one. Its codes come from encode."
            )
        batch = self._input.batch(images, invert)
        found = [
            self._graphs.encode_whole(batch[at : at + _TOGETHER]) for at in range(0, len(batch), _TOGETHER)
        ]
        empty = np.empty((0, *self.manifest.latent_shape), np.float32)
        mean, log_variance = (
            np.concatenate([empty, *(one[name] for one in found)]) for name in ("latent", "log_variance")
        )
        with np.errstate(over="ignore"):  # of graphs that anybody made
            return mean, np.exp(0.5 * log_variance)

    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Decode latents to images.

        Args:
            latents: numbers, `(batch, *latent_shape)`, or `latent_shape` for a single one: an array, a tensor
                on the CPU, or lists.

        Returns:
            float32 `(batch, channels, height, width)` in [0, 1].

        Raises:
            GraphError: onnxruntime cannot compute the decoder.
            LatentError: the latents have another shape, values that are not finite numbers, or values so
                large that the decoder's results are not.
        """
        shape = self.manifest.latent_shape
        batch = as_latents(latents, (shape[0], 0, 0) if self._any_size else shape)
        images = (self._any_size or self._graphs).decode(batch)
        if are_extreme(batch) and not finite(images):
            raise LatentError(
                f"latents as large as {np.abs(batch).max():g} do not decode to numbers. The codes of this "
                f"model range from {self.manifest.latent_minimum.min():g} to "
                f"{self.manifest.latent_maximum.max():g}."
            )
        return images

    def reconstruct(
        self,
        images: Images,
        *,
        invert: Invert = None,
        tile: int | None = None,
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Encode and decode images. On a GPU the latents stay in its memory.

        A model of any size takes pictures of any size, and computes large ones in tiles, with the same
        result. Pictures and uint8 arrays stay in 8 bits until they are cut, but the result is float32: four
        times as large, 288 MB for 24 megapixels in colour. `reconstruct_tiles` gives it piece by piece, and
        `runtime.image.photo.process_photo` in the type of the file.

        Args:
            images: as in `encode`.
            invert: as in `encode`; reconstructions are not inverted back.
            tile: for a model of any size: the side of the tiles in pixels; 0 computes the whole picture at
                once. None takes 384 for pictures of more than 2^20 pixels, and otherwise the whole.
            progress: called as `progress(done, total)` after each tile; an exception that it raises stops the
                work and reaches the caller.

        Returns:
            float32 `(batch, channels, height, width)` in [0, 1]; for a model of any size, with the height and
            width of the images.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: the model cannot take these images.
            UsageError: a tile that is too small, or `tile` or `progress` for a model of one size.
        """
        if self._any_size:
            return self._any_size.reconstruct(self._input.pixels(images, invert), tile, progress)
        batch = self._input.batch(images, invert)
        if tile is not None or progress is not None:
            raise self._one_size()
        return self._graphs.reconstruct(batch)

    def reconstruct_tiles(
        self, image: NDArray[Any], *, tile: int | None = None, progress: Progress | None = None
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        """Reconstruct one large image piece by piece, without a copy of the whole in float.

        Only for a model of any size.

        Args:
            image: `(channels, height, width)`: uint8 in [0, 255], uint16 in [0, 65535], or float32 in [0, 1].
            tile: as in `reconstruct`.
            progress: as in `reconstruct`.

        Yields:
            The top and the left of a piece, and the piece, float32 `(channels, rows, columns)` in [0, 1]. The
            pieces cover the image, and do not overlap.

        Raises:
            As `reconstruct`.
        """
        if self._any_size is None:
            raise self._one_size()
        return self._any_size.pieces(image, tile, progress)

    def _one_size(self) -> UsageError:
        _, height, width = self.manifest.image_shape
        return UsageError(
            f"{self.manifest.name!r} takes images of one size, {height} x {width}, which are not computed in "
            "tiles. "
            "Leave tile and progress out, or take a model of any size (diabolo models)."
        )

    def denoise(
        self,
        images: Images,
        *,
        invert: Invert = None,
        tile: int | None = None,
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """The same as `reconstruct`; only a model trained on noise removes it well (`manifest.noise`)."""
        return self.reconstruct(images, invert=invert, tile=tile, progress=progress)
