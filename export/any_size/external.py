"""Find out what a pair of external modules needs to know of images of any size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.export.external import trial
from diabolo.export.external.adapters import FIRST, LAST, ExternalDecoder, ExternalEncoder
from diabolo.runtime.bundle.manifest import AnySize

__all__ = ["any_size_of"]

_TIMES = (1, 2, 4, 8)  # the stride, for the sides of images
_LARGEST = 256  # pixels
_TRIED = (1, 1), (3, 5)  # sides in multiples
_NARROW = 16  # pixels: the short side of an image that the receptive field is looked for in, at least
_LONG = 128, 256, 512, 1024  # its long side


def any_size_of(
    encode: ExternalEncoder, decode: ExternalDecoder, image_shape: tuple[int, int, int], latents: Tensor
) -> AnySize:
    """What images of any size need for two parts, which are tried at other sizes than the example's.

    Args:
        encode: the encoder.
        decode: the decoder.
        image_shape: `(channels, height, width)` of the example.
        latents: of the example, `(batch, *latent_shape)`.

    Raises:
        ExportError: they do not take images of any size.
    """
    stride = _stride(encode, decode, image_shape, latents)
    for times in _TIMES:
        multiple = stride * times
        sides = [(down * multiple, across * multiple) for down, across in _TRIED]
        if multiple <= _LARGEST and all(
            _fits(encode, decode, image_shape[0], stride, *each) for each in sides
        ):
            break
    else:
        raise ExportError(
            f"the pair does not give images of the size that it gets: tried with sides that are multiples of "
            f"{stride}, up to {min(_LARGEST, stride * _TIMES[-1])}. Export it for one size: any_size=False."
        )
    if any(side % multiple for side in image_shape[1:]):
        raise ExportError(
            f"the pair takes images whose sides are multiples of {multiple}, and the example has "
            f"{image_shape[1]} x {image_shape[2]}. Give an example of such a size."
        )
    radius = _radius(encode, decode, image_shape[0], multiple)
    return AnySize(multiple=multiple, receptive_radius=radius, latent_stride=stride)


def _stride(
    encode: ExternalEncoder, decode: ExternalDecoder, image_shape: tuple[int, int, int], latents: Tensor
) -> int:
    grid = latents.shape[2:]
    steps = {side / length for side, length in zip(image_shape[1:], grid, strict=False)}
    if latents.ndim != 4 or len(steps) != 1 or not (step := steps.pop()).is_integer():
        raise ExportError(
            "a pair for images of any size has a latent that is a grid, (batch, channels, height / n, width "
            "/ n), "
            f"and this one has {tuple(latents.shape[1:])} for images of {image_shape}. Export it for one "
            "size: "
            "any_size=False."
        )
    if not {encode.layout, decode.layout} <= {FIRST, LAST}:
        raise ExportError(
            "a pair for images of any size takes and gives images with four axes. Export it for one size: "
            "any_size=False."
        )
    return int(step)


def _fits(
    encode: ExternalEncoder, decode: ExternalDecoder, channels: int, stride: int, height: int, width: int
) -> bool:
    """Whether an image of this size gets a grid of the right size, and comes back in its own."""
    image = torch.rand(1, channels, height, width)
    try:
        latent = _latent(encode, image)
        out = trial.run(decode, latent, "decoder")
    except ExportError:
        return False
    return out.shape == image.shape and latent.shape[2:] == (height // stride, width // stride)


def _latent(encode: nn.Module, image: Tensor) -> Tensor:
    out = trial.run(encode, image, "encoder")
    latent: Tensor = out[0] if isinstance(out, tuple) else out
    return latent


def _radius(encode: ExternalEncoder, decode: ExternalDecoder, channels: int, multiple: int) -> int | None:
    """How far a changed row or column of pixels changes the result; None: everywhere.

    Up to the rounding of float32: what is farther away changes no digit of it.
    """
    narrow = -(-_NARROW // multiple) * multiple
    for long in (-(-length // multiple) * multiple for length in _LONG):
        reach = max(_reach(encode, decode, channels, long, narrow, multiple, axis) for axis in (2, 3))
        if reach < long // 2 - multiple:
            return reach
    return None


def _reach(
    encode: nn.Module,
    decode: ExternalDecoder,
    channels: int,
    long: int,
    narrow: int,
    multiple: int,
    axis: int,
) -> int:
    shape = (1, channels, long, narrow) if axis == 2 else (1, channels, narrow, long)
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    before = decode.raw(_latent(encode, image))
    middle, reach = long // 2 // multiple * multiple, 0
    for place in range(middle, middle + multiple):
        changed = image.clone()
        changed.select(axis, place).mul_(-1).add_(1)
        different = (decode.raw(_latent(encode, changed)) != before).transpose(axis, 0).flatten(1).any(1)
        hit = different.nonzero().flatten()
        if len(hit):
            reach = max(reach, place - int(hit.min()), int(hit.max()) - place)
    return reach
