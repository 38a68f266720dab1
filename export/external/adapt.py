"""Turn two external modules into a `Pair`: copy them, try them, and refuse what would give a wrong bundle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from diabolo.export.any_size.external import any_size_of
from diabolo.export.errors import ExportError
from diabolo.export.external import trial
from diabolo.export.external.adapters import LAYOUTS, ExternalDecoder, ExternalEncoder, shapes
from diabolo.export.external.checks import check_modules
from diabolo.export.external.copies import NotCopiedError, copied, modules_of, unwrapped
from diabolo.export.external.outputs import find_image, find_latent, follow
from diabolo.export.external.peak import images_at_once
from diabolo.export.external.prepare import prepare
from diabolo.export.pair import Pair, check_values

__all__ = ["Part", "adapt"]

Part = nn.Module | Callable[..., Any]


def _silent(_text: str) -> None:
    pass


def adapt(
    encoder: Part,
    decoder: Part,
    example: Tensor,
    value_range: tuple[float, float],
    *,
    clip: bool = False,
    spread: str | None = None,
    any_size: bool = False,
    note: Callable[[str], None] = _silent,
) -> Pair:
    """The pair of two external parts; they are copied to the CPU and to float32, and tried.

    Args:
        encoder: image to latent: a module, a method of one, or a function or `functools.partial` that uses
            modules. See `export_pair` for what it may return.
        decoder: latent to image, likewise.
        example: images `(batch, channels, height, width)` in [0, 1].
        value_range: the values of black and white in the modules; (-1, 1) for most of diffusers.
        clip: whether the decoder may return values outside `value_range`, which are then clipped.
        spread: what the second of two tensors of the encoder is: 'log_variance', 'std', 'variance' or
            'log_std'. None assumes the log-variance, unless it may be a standard deviation.
        any_size: whether the graphs take images of any size, not only of the example's.
        note: called with a sentence about everything that was assumed.

    Raises:
        ExportError: they are not modules, fail on the example, are random, depend on the batch's size, or
            return outputs that do not fit together.
    """
    low, high = value_range
    memo: dict[int, Any] = {}
    copies = [_copy(part, what, memo) for part, what in ((encoder, "encoder"), (decoder, "decoder"))]
    channels, height, width = example.shape[1:]
    with torch.no_grad():
        encode = _encoder(copies[0], example, (low, high), spread, note)
        latents = trial.encoder(encode, example)
        if not any_size:
            check_values(tuple(latents.shape[1:]))
        decode = _decoder(copies[1], latents, (channels, height, width), (low, high), encode.layout, note)
        trial.decoder(decode, latents)
        if not clip and not _clips_itself(decode, value_range):
            trial.values(decode, latents, value_range)
        log_variance = isinstance(encode(example[:1]), tuple)
        sizes = any_size_of(encode, decode, (channels, height, width), latents) if any_size else None
    return Pair(
        encoder=encode,
        decoder=decode,
        image_shape=(channels, height, width),
        latent_shape=tuple(latents.shape[1:]),
        log_variance=log_variance,
        at_once=min(encode.at_once, decode.at_once),
        any_size=sizes,
    )


def _clips_itself(decode: ExternalDecoder, value_range: tuple[float, float]) -> bool:
    """Whether the decoder is of diffusers, whose image processor clips to [-1, 1]."""
    low, high = value_range
    return low == -1 and high == 1 and decode.path[-1:] == (("item", "sample"),)


def _copy(part: Any, what: str, memo: dict[int, Any]) -> Any:
    """A copy on the CPU in float32, in eval mode, so that the caller's module does not change."""
    if isinstance(part, type) or not callable(part):
        raise ExportError(
            f"the {what} is {_kind(part)}. Give a torch.nn.Module, a method of one (model.encode), or a "
            "function that uses modules."
        )
    check_modules(part, what)
    try:
        new = copied(unwrapped(part), memo, lambda value: _float(value.cpu()).clone())
    except NotCopiedError as error:
        raise ExportError(
            f"the {what} cannot be copied: {_sentence(error)}. Give a module of plain tensors, without open "
            "files, threads and the like."
        ) from error
    given = {id(module) for module in modules_of(part)}
    if shared := next((module for module in modules_of(new) if id(module) in given), None):
        raise ExportError(
            f"the {what} holds a {type(shared).__name__} within an object that cannot be copied, such as one "
            "with open files or threads. Make it an attribute of the module itself."
        )
    for module in modules_of(new):
        prepare(module)
    return new


def _kind(part: Any) -> str:
    return f"the class {part.__name__}, not an instance" if isinstance(part, type) else type(part).__name__


def _sentence(error: Exception) -> str:
    """The first sentence of an error's text, without the full stop."""
    return str(error).strip().splitlines()[0].split(". ")[0].rstrip(".")


def _float(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _encoder(
    part: Any, example: Tensor, values: tuple[float, float], spread: str | None, note: Callable[[str], None]
) -> ExternalEncoder:
    """The encoder with the layout of images that it takes, and with where its output has the latent."""
    shape = example.shape[1], example.shape[2], example.shape[3]
    first: ExportError | None = None
    for layout in shapes(1, shape):
        encode = ExternalEncoder(part, *values, layout).eval()
        encode.at_once = images_at_once(encode.output, example, shape)
        few = trial.some_of(encode, example)
        try:
            out, again = (trial.run(encode.output, few, "encoder") for _ in range(2))
        except ExportError as error:
            first = first or error
            continue
        if layout != next(iter(LAYOUTS)):
            note(f"the encoder takes images as {layout}")
        encode.reading = find_latent(out, again, len(few), spread)
        if follow(out, encode.reading.latent).is_complex():
            raise ExportError(
                "the encoder returns complex numbers. Return real ones: "
                "torch.view_as_real(latent).flatten(1)."
            )
        if encode.reading.assumed:
            note(encode.reading.assumed)
        return encode
    reason = first or ExportError("the encoder takes no images.")
    trial.check_constant(part, example, "encoder", reason)
    raise reason


def _decoder(
    part: Any,
    latents: Tensor,
    image_shape: tuple[int, int, int],
    values: tuple[float, float],
    layout: str,
    note: Callable[[str], None],
) -> ExternalDecoder:
    """The decoder with the layout of the images that it gives, and with where its output has them."""
    decode = ExternalDecoder(part, *values, layout).eval()
    decode.at_once = images_at_once(decode.call, latents, image_shape)
    few = trial.some_of(decode, latents)
    known = shapes(len(few), image_shape)
    out = trial.run(decode.call, few, "decoder")
    decode.path, decode.image_shape = find_image(out, tuple(known.values())), image_shape
    found = tuple(follow(out, decode.path).shape)
    fitting = [
        name for name, shape in sorted(known.items(), key=lambda item: item[0] != layout) if shape == found
    ]
    if not fitting:
        raise ExportError(
            f"the decoder returns shape {found} for {len(few)} images of shape {image_shape}. It must return "
            f"{' or '.join(map(str, known.values()))}."
        )
    decode.layout = fitting[0]
    if decode.layout != next(iter(LAYOUTS)):
        note(f"the decoder gives images as {decode.layout}")
    return decode
