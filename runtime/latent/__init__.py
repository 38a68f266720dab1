"""The latent space of a model: how its codes are distributed, and ways to draw, walk, project and judge.

space = Autoencoder.load("mnist-vae-2d").latent_space
latents = space.sample(16, np.random.default_rng(0))
"""

from __future__ import annotations

from diabolo.runtime.latent.codebook import Codebook
from diabolo.runtime.latent.density import Density
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal, Statistics
from diabolo.runtime.latent.plane import Plane
from diabolo.runtime.latent.space import LatentSpace

__all__ = [
    "Codebook",
    "Density",
    "Distribution",
    "Fitted",
    "LatentSpace",
    "Normal",
    "Plane",
    "Statistics",
]
