"""The latent space of a model: sampling, interpolation, projection, and ranking by density.

space = Autoencoder.load("mnist-vae-2d").latent_space
latents = space.sample(16, np.random.default_rng(0))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.distribution import STORED, Distribution, Fitted, Normal, Statistics, Stored
from diabolo.runtime.latent.space import LatentSpace

if TYPE_CHECKING:
    from diabolo.runtime.latent.codebook import Codebook
    from diabolo.runtime.latent.mixture import Mixture
    from diabolo.runtime.latent.plane import Plane

__all__ = [
    "STORED",
    "Codebook",
    "Density",
    "Distribution",
    "Fitted",
    "LatentSpace",
    "Mixture",
    "Normal",
    "Plane",
    "Statistics",
    "Stored",
]


def __getattr__(name: str) -> Any:
    """Import what few models need when it is first used, so that a model loads sooner."""
    if name == "Codebook":
        from diabolo.runtime.latent.codebook import Codebook

        return Codebook
    if name == "Mixture":
        from diabolo.runtime.latent.mixture import Mixture

        return Mixture
    if name == "Plane":
        from diabolo.runtime.latent.plane import Plane

        return Plane
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
