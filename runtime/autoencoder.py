"""`Autoencoder`: the two graphs of a bundle behind five verbs, on onnxruntime alone."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.device import Device, create_session
from diabolo.runtime.errors import LatentError, ManifestError, UsageError
from diabolo.runtime.images import Images, as_batch
from diabolo.runtime.interpolation import interpolate
from diabolo.runtime.manifest import Manifest

__all__ = ["Autoencoder", "Codes"]

_CHUNK_VALUES = 1 << 21  # image values per call of a graph: 8 MiB of float32


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """Codes of some test images.

    Attributes:
        latents: float32 `(n, *latent_shape)`.
        labels: int64 `(n,)`, indices into the manifest's classes; None when there are no classes.
    """

    latents: NDArray[np.float32]
    labels: NDArray[np.int64] | None


class Autoencoder:
    """A trained autoencoder, ready to run. Make one with `Autoencoder.load`.

    One instance may be shared by threads. Batches of any size are cut into pieces of bounded memory.
    """

    def __init__(self, bundle: Bundle, *, device: str = "auto", threads: int = 1) -> None:
        if threads < 1:
            raise UsageError(f"threads must be at least 1, not {threads}.")
        self._bundle = bundle
        self._encoder, self._device = create_session(bundle.read_role("encoder"), device, threads)
        # the second graph goes where the first one went, without asking twice
        self._decoder, _ = create_session(bundle.read_role("decoder"), self._device.active, threads)
        self._check_graphs()

    @classmethod
    def load(cls, source: str | Path, *, device: str = "auto", threads: int = 1) -> Autoencoder:
        """Open a bundle and start both graphs; the files' hashes are checked.

        Args:
            source: a bundle's folder or a .zip of one.
            device: 'auto' (CUDA when it works, else the CPU), 'cpu', or 'cuda' (CUDA or an error).
            threads: CPU threads for one call; one is fastest for small models.

        Raises:
            BundleError: no bundle, or one that was changed or cannot be read.
            DeviceError: the device does not work here.
            MissingPackageError: onnxruntime is not usable.
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
        return self._device

    @property
    def sampling(self) -> str:
        """Where `sample` draws latents from, in words."""
        if self.manifest.prior == "normal":
            return "the prior N(0, I)"
        return (
            "a gaussian fitted to the codes of test images"
            if self.codes
            else "a gaussian fitted to the codes"
        )

    @functools.cached_property
    def codes(self) -> Codes | None:
        """Codes of some test images, or None when the bundle brings none.

        Raises:
            IntegrityError: the file was changed or does not fit the model.
        """
        arrays = self._bundle.arrays("codes")
        if arrays is None:
            return None
        latents = arrays.get("codes")
        if latents is None or latents.shape[1:] != self.manifest.latent_shape or not len(latents):
            raise ManifestError("codes.npz does not hold latents of this model. Export the bundle again.")
        labels = arrays.get("labels")
        fits = labels is None or (
            labels.shape == latents.shape[:1]
            and labels.dtype.kind in "iu"
            and 0 <= int(labels.min()) <= int(labels.max()) < max(1, len(self.manifest.classes))
        )
        if not fits or not np.isfinite(latents).all():
            raise ManifestError("codes.npz holds codes or labels that cannot be. Export the bundle again.")
        return Codes(
            latents=latents.astype(np.float32),
            labels=None if labels is None else labels.astype(np.int64),
        )

    def encode(self, images: Images) -> NDArray[np.float32]:
        """Latents float32 `(batch, *latent_shape)` of images; for a VAE the means.

        Args:
            images: pictures of any size, or arrays of the model's size; see `runtime.images.as_batch`.

        Raises:
            ImageError: not images that this model can take.
        """
        return self._run(self._encoder, "latent", "image", self._batch(images), self.manifest.latent_shape)

    def decode(self, latents: ArrayLike) -> NDArray[np.float32]:
        """Images float32 `(batch, channels, height, width)` in [0, 1] of latents `([batch,] *latent_shape)`.

        Raises:
            LatentError: another shape, or values that are not numbers.
        """
        batch = self._latents(latents)
        return self._run(self._decoder, "image", "latent", batch, self.manifest.image_shape)

    def reconstruct(self, images: Images) -> NDArray[np.float32]:
        """Encode and decode: float32 `(batch, channels, height, width)` in [0, 1].

        Raises:
            ImageError: not images that this model can take.
        """
        return self.decode(self.encode(images))

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
            method: 'linear' or 'spherical'.

        Raises:
            ImageError: not one image each.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 steps.
        """
        if not isinstance(steps, int) or steps < 2:
            raise UsageError(f"steps must be a whole number, at least 2, not {steps}.")
        ends = [self.encode(image) for image in (a, b)]
        if any(len(end) != 1 for end in ends):
            raise UsageError("interpolate takes one image at either end.")
        return self.decode(interpolate(ends[0][0], ends[1][0], steps, method))

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
        rng, m = np.random.default_rng(seed), self.manifest
        normal = rng.standard_normal((count, prod(m.latent_shape)))
        if m.prior == "normal":
            drawn = normal.reshape(count, *m.latent_shape)
        else:
            drawn = self._fitted(normal).reshape(count, *m.latent_shape)
            drawn = np.clip(drawn, m.latent_minimum, m.latent_maximum)
        return drawn.astype(np.float32)

    def _fitted(self, normal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give standard normal rows the mean and covariance of the codes."""
        m = self.manifest
        if self.codes is None or len(self.codes.latents) <= normal.shape[1]:
            return normal * m.latent_deviation.ravel() + m.latent_mean.ravel()
        flat = self.codes.latents.reshape(len(self.codes.latents), -1).astype(np.float64)
        values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False).reshape(flat.shape[1], -1))
        root = vectors * np.sqrt(np.maximum(values, 0))
        mixed: NDArray[np.float64] = normal @ root.T + flat.mean(axis=0)
        return mixed

    def _batch(self, images: Images) -> NDArray[np.float32]:
        m = self.manifest
        return as_batch(images, m.image_shape, resize=m.resize, padding=m.padding)

    def _latents(self, latents: ArrayLike) -> NDArray[np.float32]:
        shape = self.manifest.latent_shape
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
        if not np.isfinite(array).all():
            raise LatentError("latents hold values that are not numbers (NaN or infinite).")
        return array

    def _run(
        self, session: Any, output: str, name: str, batch: NDArray[np.float32], shape: tuple[int, ...]
    ) -> NDArray[np.float32]:
        size = max(1, _CHUNK_VALUES // prod(self.manifest.image_shape))
        if 0 < len(batch) <= size:
            result: NDArray[np.float32] = session.run([output], {name: batch})[0]
            return result
        pieces = [session.run([output], {name: piece})[0] for piece in _cut(batch, size)]
        return np.concatenate(pieces) if pieces else np.empty((0, *shape), np.float32)

    def _check_graphs(self) -> None:
        """Refuse graphs that are not what model.json says."""
        m = self.manifest
        image, latent = ("image", m.image_shape), ("latent", m.latent_shape)
        outputs = [latent, ("log_variance", m.latent_shape)] if m.log_variance else [latent]
        for what, session, ins, outs in (
            ("encoder", self._encoder, [image], outputs),
            ("decoder", self._decoder, [latent], [image]),
        ):
            found = [_signature(session.get_inputs()), _signature(session.get_outputs())]
            if found != [ins, outs]:
                raise ManifestError(
                    f"{what}.onnx is not the graph that model.json describes: it has {found}, "
                    f"not {[ins, outs]}. Get the bundle again."
                )


def _signature(nodes: list[Any]) -> list[tuple[str, tuple[Any, ...]]]:
    return [(node.name, tuple(node.shape[1:])) for node in nodes]


def _cut(batch: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
