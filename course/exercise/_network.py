"""Check a student's encoder and decoder: what they return, and whether they can learn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from diabolo.course.exercise._events import Events
from diabolo.course.exercise._exercise import Exercise
from diabolo.course.exercise._load import StudentFile
from diabolo.course.exercise._report import Mistake

__all__ = ["Pair", "check_network", "make"]

Pair = tuple[nn.Module, nn.Module]
_OTHER = ((3, 32, 32), 10)  # image shape and latent_dim: the network must not be written for one size


def check_network(file: StudentFile, exercise: Exercise, shape: tuple[int, int, int], events: Events) -> None:
    """Check the two classes, one step after the other.

    Args:
        file: the student's.
        exercise: what it asks for.
        shape: of the images that it is for.
        events: told of each step.

    Raises:
        Mistake: the first thing that is wrong.
    """
    events.step("build", exercise.patience)
    pair = make(file, shape, exercise.latent_dim)
    events.step("shapes", exercise.patience)
    _check_shapes(file, pair, shape, exercise.latent_dim)
    _check_other_size(file, shape)
    events.step("layers", exercise.patience)
    if exercise.convolutional:
        _check_convolutional(pair)
    _check_range(file, pair, shape, exercise.latent_dim, events)
    events.step("gradient", exercise.patience)
    _check_gradient(file, pair, shape)


def make(file: StudentFile, shape: tuple[int, int, int], latent_dim: int) -> Pair:
    """The student's encoder and decoder, with fresh weights of a fixed seed.

    Raises:
        Mistake: they cannot be made, or are not what they must be.
    """
    torch.manual_seed(0)
    made = []
    for name in ("Encoder", "Decoder"):
        module = file.call(f"{name}.__init__", file.find(name), shape, latent_dim)
        if not isinstance(module, nn.Module):
            raise Mistake("not-module", name=name)
        for key, value in vars(module).items():
            if isinstance(value, list | tuple) and any(isinstance(each, nn.Module) for each in value):
                raise Mistake("plain-list", name=name, attribute=key)
        if not any(True for _ in module.parameters()):
            raise Mistake("no-weights", name=name)
        made.append(module)
    return made[0], made[1]


def _check_shapes(file: StudentFile, pair: Pair, shape: tuple[int, int, int], latent_dim: int) -> None:
    encoder, decoder = pair
    for count in (2, 3):
        code = _output(file, "Encoder", encoder, torch.rand(count, *shape))
        _compare("encoder-shape", code, (count, latent_dim), (count, *shape))
        image = _output(file, "Decoder", decoder, torch.randn(count, latent_dim))
        wanted = (count, *shape)
        _compare(
            "decoder-flat" if image.numel() == code.new_empty(wanted).numel() else "decoder-shape",
            image,
            wanted,
            (count, latent_dim),
        )


def _output(file: StudentFile, name: str, module: nn.Module, given: Tensor) -> Tensor:
    with torch.no_grad():
        out = file.call(f"{name}.forward", module.eval(), given)
    if out is None:
        raise Mistake("no-return", name=name)
    if isinstance(out, nn.Module):
        raise Mistake("layers-returned", name=name, found=type(out).__name__)
    if not isinstance(out, Tensor):
        raise Mistake("not-tensor", name=name, found=type(out).__name__)
    if not out.isfinite().all():
        raise Mistake("not-finite", name=name)
    return out


def _compare(code: str, out: Tensor, wanted: tuple[int, ...], given: tuple[int, ...]) -> None:
    if tuple(out.shape) != wanted:
        raise Mistake(code, found=tuple(out.shape), wanted=wanted, given=given)


def _check_other_size(file: StudentFile, shape: tuple[int, int, int]) -> None:
    other, latent_dim = _OTHER if shape != _OTHER[0] else ((1, 28, 28), 10)
    try:
        _check_shapes(file, make(file, other, latent_dim), other, latent_dim)
    except Mistake as mistake:
        said = mistake.values.get("error") or f"{mistake.values.get('found', '')}"
        raise Mistake("one-size", shape=other, latent_dim=latent_dim, error=said) from None


def _check_convolutional(pair: Pair) -> None:
    for name, module in zip(("Encoder", "Decoder"), pair, strict=True):
        kinds = (nn.Conv2d,) if name == "Encoder" else (nn.Conv2d, nn.ConvTranspose2d)
        if not any(isinstance(layer, kinds) for layer in module.modules()):
            raise Mistake("not-convolutional", name=name)


def _check_range(
    file: StudentFile, pair: Pair, shape: tuple[int, int, int], latent_dim: int, events: Events
) -> None:
    """That the decoder returns logits, and that the network can do more than PCA."""
    encoder, decoder = pair
    latents = 100 * torch.randn(64, latent_dim, generator=torch.Generator().manual_seed(1))
    logits = _output(file, "Decoder", decoder, latents)
    if logits.min() >= 0 and logits.max() <= 1:
        raise Mistake("sigmoid")
    if logits.min() >= -1 and logits.max() <= 1:
        raise Mistake("tanh")
    if logits.min() >= 0:
        raise Mistake("relu-last")
    images = torch.rand(64, *shape, generator=torch.Generator().manual_seed(2))
    if _is_affine(file, "Encoder", encoder, images) and _is_affine(file, "Decoder", decoder, latents / 100):
        raise Mistake("linear")
    codes = _output(file, "Encoder", encoder, images)
    if codes.min() >= 0:
        events.advice("code-half")


def _is_affine(file: StudentFile, name: str, module: nn.Module, given: Tensor) -> bool:
    """Whether the mean of two inputs always gives the mean of the two outputs."""
    a, b = given.chunk(2)
    middle = _output(file, name, module, (a + b) / 2)
    ends = (_output(file, name, module, a) + _output(file, name, module, b)) / 2
    return bool((middle - ends).abs().max() < 1e-4 * (1 + ends.abs().max()))


def _check_gradient(file: StudentFile, pair: Pair, shape: tuple[int, int, int]) -> None:
    """That the error reaches every weight of both halves."""
    encoder, decoder = (module.train() for module in pair)
    image = torch.rand(4, *shape)

    def error() -> Any:
        return (torch.sigmoid(decoder(encoder(image))) - image).square().mean()

    loss = file.call("Encoder.forward", error)
    if not loss.requires_grad:
        raise Mistake("no-graph", name="Decoder")
    file.call("backward", loss.backward)
    for name, module in zip(("Encoder", "Decoder"), pair, strict=True):
        without = [key for key, weight in module.named_parameters() if weight.grad is None]
        if len(without) == len(list(module.parameters())):
            raise Mistake("no-graph", name=name)
        if without:
            raise Mistake("unused", name=name, weights=without[:6])
