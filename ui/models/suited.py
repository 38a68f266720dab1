"""Which model suits a tab, by what model.json says."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.models.collection import Models, figures

__all__ = ["Suits", "denoises", "explores", "generates", "reconstructs", "suited"]

Suits: TypeAlias = Callable[[Manifest], tuple[Any, ...]]


def suited(models: Models, suits: Suits | None) -> str | None:
    """The name of the model that suits best, the first one of equals; None if `suits` is None.

    Args:
        models: the models that the app was started with.
        suits: returns a key for sorting: the higher, the better the model of that model.json suits.
    """
    if suits is None:
        return None
    return max(models, key=lambda name: suits(models.bundle(name).manifest))


def reconstructs(m: Manifest) -> tuple[Any, ...]:
    """Clean pictures in, the best reconstructions out, from fewer numbers; it takes drawings if any does."""
    return m.drawing is not None, m.noise is None, _compresses(m), *_quality(m)


def denoises(m: Manifest) -> tuple[Any, ...]:
    """Trained to remove noise, and best at it."""
    return m.noise is not None, m.drawing is not None, _number(m, "denoised_psnr"), *_quality(m)


def explores(m: Manifest) -> tuple[Any, ...]:
    """A latent space that a map shows completely, whose codes a prior keeps together."""
    return m.latent_shape == (2,), m.prior is not None, m.drawing is not None, *_quality(m)


def generates(m: Manifest) -> tuple[Any, ...]:
    """Latents drawn from its prior decode to something like the data, in detail."""
    return m.prior is not None, m.drawing is not None, *_quality(m)


def _compresses(m: Manifest) -> bool:
    return prod(m.latent_shape) < prod(m.image_shape)


def _quality(m: Manifest) -> tuple[float, float]:
    return _number(m, "ssim"), _number(m, "psnr")


def _number(m: Manifest, name: str) -> float:
    return figures(m).get(name, float("-inf"))
