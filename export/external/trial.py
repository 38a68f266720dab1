"""Try external encoders and decoders on the example, before they are exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.export.external.adapters import ExternalDecoder, ExternalEncoder

__all__ = ["FEW", "check_constant", "decoder", "encoder", "run", "values"]

FEW = 8  # images of the example that are tried at a time, for the sake of memory
_MOST = 64  # images whose decoded values are looked at
_COUNTS = (1, 2, 3)  # batch sizes that are tried
_SLACK = 1e-3  # of the range, as rounding may take a value out of it
_HINTS = (  # what an error of torch or Python may come from
    (
        "required (positional|keyword-only) argument|positional arguments? but|type 'str'|indices must be",
        ". It is called with the {given} alone: for another call give a function, such as lambda {given}: "
        "{what}({given}, condition).",
    ),
    (
        "same dtype|should be the same|expected scalar type|expected .* dtype",
        ". The copy that is tried is in float32: leave out casts such as half() in it, or cast to the type "
        "of its weights.",
    ),
    (
        "NVIDIA|CUDA|same device|device type",
        ". The copy that is tried is on the CPU: leave out cuda() in it, or move to the device of its "
        "weights.",
    ),
)
_SAME = 1e-3  # of the largest value: two results that differ by less are equal


def some_of(part: ExternalEncoder | ExternalDecoder, given: Tensor) -> Tensor:
    """The first inputs, as many as a part is tried with at a time."""
    return given[: min(FEW, part.at_once)]


def run(function: Callable[[Tensor], Any], given: Tensor, what: str) -> Any:
    """Call a part.

    Raises:
        ExportError: it raises anything.
    """
    try:
        return function(given)
    except ExportError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        hint = next((text for pattern, text in _HINTS if re.search(pattern, reason[0])), "")
        raise ExportError(
            f"the {what} fails on a batch of shape {tuple(given.shape)}: {type(error).__name__}: {reason[0]}"
            f"{hint.format(what=what, given='latent' if what == 'decoder' else 'image')}"
        ) from error


def check_constant(function: Callable[[Tensor], Any], example: Tensor, what: str, error: ExportError) -> None:
    """Say of a part that failed on some images of the example that it works on all of them, if it does.

    Raises:
        ExportError: it does.
    """
    try:
        if len(example) > FEW:
            function(example)
        else:
            return
    except Exception:  # noqa: BLE001  somebody else's code may raise anything
        return
    raise _constant(what, len(example), FEW, str(error)) from error


def encoder(encode: ExternalEncoder, example: Tensor) -> Tensor:
    """Try an encoder that has its layout and its reading.

    Args:
        encode: the encoder.
        example: images `(batch, channels, height, width)` in [0, 1].

    Returns:
        The latents of the first images, at most 64.

    Raises:
        ExportError: the results are random, not finite, of a wrong shape, or depend on the other images of
            the batch or on their number.
    """
    few = some_of(encode, example)
    out = run(encode, few, "encoder")
    latent = out[0] if isinstance(out, tuple) else out
    if isinstance(out, tuple) and out[1].shape != latent.shape:
        raise ExportError(
            f"the encoder's log-variance has shape {tuple(out[1].shape)}, its mean "
            f"{tuple(latent.shape)}; both "
            "must be equal."
        )
    if latent.ndim < 2 or len(latent) != len(few) or not latent.numel():
        raise ExportError(
            f"the encoder returns shape {tuple(latent.shape)} for {len(few)} images; the first axis must "
            "be the "
            "batch, followed by at least one other."
        )
    for each in out if isinstance(out, tuple) else (out,):
        if not each.isfinite().all():
            raise ExportError(
                "the encoder returns NaN or infinite values for the example. Check its weights."
            )
    _check(encode, few, "encoder", "Return the mean and the log-variance, without drawing from them.")
    step = len(few)
    parts = [encode(example[i : i + step]) for i in range(0, min(_MOST, len(example)), step)]
    return torch.cat([each[0] if isinstance(each, tuple) else each for each in parts])


def decoder(decode: ExternalDecoder, latents: Tensor) -> None:
    """Try a decoder, likewise.

    Raises:
        ExportError: as in `encoder`.
    """
    few = some_of(decode, latents)
    if not run(decode, few, "decoder").isfinite().all():
        raise ExportError("the decoder returns NaN or infinite values for the example. Check its weights.")
    _check(decode, few, "decoder", "Take the randomness out, or turn it off in eval mode.")


def values(decode: ExternalDecoder, latents: Tensor, value_range: tuple[float, float]) -> None:
    """Check that a decoder's values are in the range, before they are clipped.

    Raises:
        ExportError: some are outside by more than rounding.
    """
    step = min(FEW, decode.at_once)
    raw = torch.cat([decode.raw(latents[i : i + step]) for i in range(0, len(latents), step)])
    outside = ((raw < -_SLACK) | (raw > 1 + _SLACK)).float().mean().item()
    if not outside:
        return
    low, high = value_range
    least, most = (low + (high - low) * float(each) for each in (raw.min(), raw.max()))
    raise ExportError(
        f"the decoder returns values from {least:.3g} to {most:.3g} for the example, and {outside:.1%} "
        "of them "
        f"are outside value_range=({low:g}, {high:g}), where they would be clipped. "
        f"{_advice(least, most)} If it "
        "has no last activation and only overshoots, accept the clipping with clip=True."
    )


def _advice(least: float, most: float) -> str:
    if least >= -_SLACK and 1 < most <= 255.5:
        return "If its images are in [0, 255], give value_range=(0, 255)."
    if least >= -1 - _SLACK and most <= 1 + _SLACK:
        return (
            "If it ends in tanh, its images are in [-1, 1]: give value_range=(-1, 1). If these are "
            "logits, end it "
            "in a sigmoid."
        )
    return "If these are logits, end it in a sigmoid; if its images are in another range, give value_range."


def _check(part: ExternalEncoder | ExternalDecoder, given: Tensor, what: str, remedy: str) -> None:
    """Check that a part's result depends on its input alone."""
    first, second = (_joined(run(part, given, what)) for _ in range(2))
    if (difference := _difference(first, second)) is not None:
        if (name := _changed(part, given)) is not None:
            raise ExportError(
                f"the {what} changes its {name!r} at each call, in eval mode too, and its result with it. "
                "Change it only if self.training."
            )
        raise ExportError(
            f"the {what} is random: two runs on the same input differ by {difference:.2g}, in eval mode too. "
            f"{remedy} F.dropout needs training=self.training."
        )
    for count in _COUNTS:
        some = given.repeat(count, *[1] * (given.ndim - 1))[:count]
        try:
            out = part(some)
        except MemoryError:
            raise
        except Exception as error:
            raise _constant(what, len(given), count, f"{type(error).__name__}: {error}") from error
        found = _joined(out)
        wanted = first.repeat(count, 1)[:count]
        if found.shape != wanted.shape:
            shape = tuple(_raw_shape(part, some))
            raise ExportError(
                f"the {what} returns shape {shape} for a batch of {count}, without the axis of the batch: "
                "squeeze() removes it if it is 1. Use flatten(1), or squeeze with the number of an axis."
            )
        if (difference := _difference(found, wanted)) is not None:
            raise ExportError(
                f"the {what}'s result for one input depends on the others in its batch: it differs by "
                f"{difference:.2g} between batches of {count} and {len(given)}. Batch norm needs running "
                "statistics (track_running_stats=True)."
            )


def _changed(part: nn.Module, given: Tensor) -> str | None:
    """The name of a parameter or buffer that a call changes, or None."""
    before = {name: value.clone() for name, value in part.state_dict().items()}
    part(given)
    changed = (name for name, value in part.state_dict().items() if not value.equal(before[name]))
    return next((name.removeprefix("owner.") for name in changed), None)


def _constant(what: str, works: int, fails: int, reason: str) -> ExportError:
    return ExportError(
        f"the {what} works for a batch of {works}, but not of {fails}: it has a fixed batch size. Use "
        "flatten(1) "
        f"or reshape(x.shape[0], ...) in it, not the number itself. ({reason.strip().splitlines()[0]})"
    )


def _joined(out: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    """All results for an input in one row; those without an axis for the batch get no row of their own."""
    both = out if isinstance(out, tuple) else (out,)
    return torch.cat([each.flatten(1) if each.ndim > 1 else each.reshape(1, -1)[:, :0] for each in both], 1)


def _raw_shape(part: ExternalEncoder | ExternalDecoder, given: Tensor) -> torch.Size:
    out = part(given)
    latent: Tensor = out[0] if isinstance(out, tuple) else out
    return latent.shape


def _difference(one: Tensor, other: Tensor) -> float | None:
    """The largest difference of two results, or None if it is no larger than rounding."""
    largest = float((one - other).abs().max())
    return largest if largest > _SAME * max(1e-3, float(other.abs().max())) else None
