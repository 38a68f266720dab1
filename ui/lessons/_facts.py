"""What a lesson may say about a model: its kinds and its figures, by what model.json says."""

from __future__ import annotations

from math import prod

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.explorer.backend import LARGEST_LATENT
from diabolo.ui.models.collection import figures
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.plain_text import as_text

__all__ = ["facts_of", "kinds_of"]

# how figures of model.json are written
_WRITTEN = {"psnr": "{:.1f}", "noisy_psnr": "{:.1f}", "denoised_psnr": "{:.1f}", "kl": "{:.1f}"}
_WRITTEN |= {"reconstruction": "{:.0f}", "activity": "{:.3g}", "active_units": "{:g}"}


def kinds_of(m: Manifest) -> list[str]:
    """What a model is, for the choice of a text: the kinds that apply, those that matter most first."""
    kinds = {
        "large": prod(m.latent_shape) > LARGEST_LATENT,
        "photos": m.any_size is not None and m.noise is not None,
        "any_size": m.any_size is not None,
        "noise": m.noise is not None,
        "posterior": m.log_variance,
        "sparse": "sparsity" in m.variant_options,
        "codebook": m.distribution == "codebook",
        "mixture": m.distribution == "mixture",
        "prior": m.prior is not None,
    }
    return [kind for kind, applies in kinds.items() if applies]


def facts_of(name: str, m: Manifest) -> dict[str, str]:
    """What can be said of a model, in words for Markdown; what is not known is missing.

    Args:
        name: the model's name in the app.
        m: its manifest.
    """
    channels, height, width = m.image_shape
    found = {
        "model": as_text(name),
        "dataset": as_text(m.dataset),
        "pixels": f"{prod(m.image_shape):,}",
        "size": f"{width} × {height}",
        "count": f"{prod(m.latent_shape):,}",
        "channels": str(m.latent_shape[0] if m.any_size else channels),
    }
    if m.any_size is not None:
        found["stride"] = str(m.any_size.latent_stride)
    if m.noise is not None:
        found["noise"] = as_text(str(m.noise_spec or m.noise[0]))
    numbers = figures(m)
    if "mse" in numbers:
        found["mse"] = mse_text(numbers["mse"])
    found |= {key: written.format(numbers[key]) for key, written in _WRITTEN.items() if key in numbers}
    for option, fact in (("sparsity", "rho"), ("beta", "beta"), ("sparsity_weight", "weight")):
        if isinstance(value := m.variant_options.get(option), int | float):
            found[fact] = f"{value:g}"
    return found
