"""The two torch modules that become graphs: those of a `Model`, or external ones behind an adapter."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.runtime._old_names import old_keywords, old_names
from diabolo.train.datasets import Images
from diabolo.train.model import Model

__all__ = ["Pair", "adapt", "of_model"]

Part = nn.Module | Callable[..., Any]
_BATCH = 32  # images that are encoded at a time


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """An encoder and a decoder with the inputs and outputs of the two graphs, in eval mode, on the CPU, in
    fp32.

    Attributes:
        encoder: images `(batch, *image_shape)` in [0, 1] to latents `(batch, *latent_shape)`, or to
            `(latent, log_variance)`, both of that shape.
        decoder: latents `(batch, *latent_shape)` to images `(batch, *image_shape)` in [0, 1].
        image_shape: `(channels, height, width)`.
        latent_shape: without the batch; `(latent_dim,)` or `(channels, height, width)`.
        log_variance: whether the encoder returns two outputs.
    """

    encoder: nn.Module
    decoder: nn.Module
    image_shape: tuple[int, int, int]
    latent_shape: tuple[int, ...]
    log_variance: bool

    def encode(self, image: Tensor) -> list[Tensor]:
        """Encode images `(batch, *image_shape)` in [0, 1].

        Returns:
            The latent, and the log-variance if the encoder returns it: each `(batch, *latent_shape)`.
        """
        out = self.encoder(image)
        return list(out) if self.log_variance else [out]

    def latents(self, images: NDArray[Any] | Images) -> NDArray[np.float32]:
        """Encode any number of images, in batches; a VAE's latents are the posterior means.

        Args:
            images: `(n, *image_shape)`, uint8, or float32 in [0, 1].

        Returns:
            float32 `(n, *latent_shape)`.
        """
        return self.codes(images, np.random.default_rng(0))[0]

    @old_keywords(chance="rng")
    @torch.inference_mode()
    def codes(
        self, images: NDArray[Any] | Images, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode any number of images, in batches, and draw from the posterior.

        Args:
            images: `(n, *image_shape)`, uint8, or float32 in [0, 1].
            rng: for the draws.

        Returns:
            The latents (a VAE's are the posterior means), and one draw for each image from the Gaussian
            posterior: float32 `(n, *latent_shape)` each. Without a log-variance both are the same.
        """
        means, drawn = [], []
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            floats = batch.astype(np.float32) / np.float32(255) if batch.dtype == np.uint8 else batch
            mean, *rest = (v.numpy() for v in self.encode(torch.from_numpy(floats)))
            means.append(mean)
            noise = rng.standard_normal(mean.shape, np.float32)
            drawn.append(mean + np.exp(rest[0] / 2) * noise if rest else mean)
        return np.concatenate(means), np.concatenate(drawn)


class _Encode(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        code = self.model.encode(image)
        return code.latent if code.log_variance is None else (code.latent, code.log_variance)


class _Decode(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> Tensor:
        return self.model.decode(latent)


def of_model(model: Model) -> Pair:
    """The pair of a trained `Model`."""
    return Pair(
        encoder=_Encode(model).eval(),
        decoder=_Decode(model).eval(),
        image_shape=model.image_shape,
        latent_shape=model.latent_shape,
        log_variance=_has_log_variance(model),
    )


@torch.inference_mode()
def _has_log_variance(model: Model) -> bool:
    """Whether the model's head returns a log-variance in eval mode, found with a black image."""
    return model.encode(model.offset.new_zeros(1, *model.image_shape)).log_variance is not None


def adapt(encoder: Part, decoder: Part, example: Tensor, value_range: tuple[float, float]) -> Pair:
    """The pair of two external modules, or of two methods of one module; they are copied and tried.

    Args:
        encoder: image to latent. It may return a tensor; a mean and a log-variance; or an object with
            `latent_dist` (which has `mean` and `logvar`), `latents` or `sample`, as in diffusers.
        decoder: latent to image. It returns a tensor, or an object with `sample`.
        example: images `(batch, channels, height, width)` in [0, 1].
        value_range: the values of black and white in the modules; (-1, 1) for most of diffusers.

    Raises:
        ExportError: they are not modules, fail on the example, or return outputs that do not fit together.
    """
    low, high = value_range
    if not low < high:
        raise ExportError(f"value_range {value_range} is not possible; the lower number comes first.")
    owners: dict[int, nn.Module] = {}
    encode = _ExternalEncoder(_copied(encoder, "encoder", owners), _method(encoder), low, high).eval()
    decode = _ExternalDecoder(_copied(decoder, "decoder", owners), _method(decoder), low, high).eval()
    with torch.no_grad():
        out = _run(encode, example, "encoder")
        latent = out[0] if isinstance(out, tuple) else out
        image = _run(decode, latent, "decoder")
    count = len(example)
    if isinstance(out, tuple) and out[1].shape != latent.shape:
        raise ExportError(
            f"the encoder's log-variance is {_shape(out[1])}, its mean {_shape(latent)}; both must be equal."
        )
    if latent.ndim < 2 or len(latent) != count:
        raise ExportError(
            f"the encoder returns {_shape(latent)} for {count} images; the first axis must be the batch."
        )
    if image.shape != example.shape:
        raise ExportError(f"the decoder returns {_shape(image)} for images of {_shape(example)}.")
    channels, height, width = example.shape[1:]
    return Pair(
        encoder=encode,
        decoder=decode,
        image_shape=(channels, height, width),
        latent_shape=tuple(latent.shape[1:]),
        log_variance=isinstance(out, tuple),
    )


class _ExternalEncoder(nn.Module):
    """An external encoder that takes values in [0, 1] and returns tensors."""

    def __init__(self, owner: nn.Module, method: str, low: float, high: float) -> None:
        super().__init__()
        self.owner, self.method, self.low, self.high = owner, method, low, high

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        if (self.low, self.high) != (0, 1):
            image = image * (self.high - self.low) + self.low
        return _latents(getattr(self.owner, self.method)(image))


class _ExternalDecoder(_ExternalEncoder):
    """An external decoder that returns values in [0, 1]."""

    def forward(self, latent: Tensor) -> Tensor:
        out = getattr(self.owner, self.method)(latent)
        image: Tensor = out if isinstance(out, Tensor) else getattr(out, "sample", out)
        if not isinstance(image, Tensor):
            raise ExportError(f"the decoder returns {type(out).__name__}. It must return images.")
        return ((image - self.low) / (self.high - self.low)).clamp(0, 1)


def _latents(out: Any) -> Tensor | tuple[Tensor, Tensor]:
    if isinstance(out, Tensor):
        return out
    if isinstance(out, tuple | list) and len(out) == 2 and all(isinstance(o, Tensor) for o in out):
        return out[0], out[1]
    if hasattr(out, "latent_dist"):
        return out.latent_dist.mean, out.latent_dist.logvar
    for name in ("latents", "sample"):
        if isinstance(getattr(out, name, None), Tensor):
            value: Tensor = getattr(out, name)
            return value
    raise ExportError(
        f"the encoder returns {type(out).__name__}. It must return the latent, or the mean and the "
        "log-variance, as tensors."
    )


def _method(part: Part) -> str:
    """The name of the method to call: of the module itself, or of the bound method."""
    return "__call__" if isinstance(part, nn.Module) else getattr(part, "__name__", "")


def _copied(part: Part, what: str, owners: dict[int, nn.Module]) -> nn.Module:
    """A copy on the CPU in float32, so that the caller's module does not change."""
    owner = part if isinstance(part, nn.Module) else getattr(part, "__self__", None)
    if not isinstance(owner, nn.Module):
        raise ExportError(
            f"the {what} is {type(part).__name__}. Give a torch.nn.Module, or a method of one: model.encode."
        )
    if id(owner) not in owners:
        owners[id(owner)] = copy.deepcopy(owner).cpu().float().eval().requires_grad_(False)
    return owners[id(owner)]


def _run(module: nn.Module, given: Tensor, what: str) -> Any:
    try:
        return module(given)
    except ExportError:
        raise
    except Exception as error:
        raise ExportError(
            f"the {what} fails on a batch of {_shape(given)}: {type(error).__name__}: {error}"
        ) from error


def _shape(value: Tensor) -> str:
    return f"shape {tuple(value.shape)}"


__getattr__ = old_names(__name__, {"adapted": "adapt"})
