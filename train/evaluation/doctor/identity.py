"""Can a plain autoencoder copy its input without finding any structure in it?

A latent that is as large as the image lets the identity through, unless noise, a prior or sparsity forbids it
(Vincent et al., 'Stacked Denoising Autoencoders', JMLR 11, 2010, section 3).
"""

from __future__ import annotations

from math import prod

from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["too_wide"]


def too_wide(e: Evidence) -> list[Finding]:
    """The latent has at least as many values as the image, and nothing constrains it."""
    values = prod(e.image_shape)
    if e.latent_size is None or e.latent_size < values:
        return []
    if e.variant.noise is not None or e.config.noisy is not None or e.variant.constrained:
        return []
    mse = e.number("mse")
    figure = "" if mse is None else f" (MSE {mse:.2g})"
    return [
        Finding(
            name="latent-too-wide",
            severity="warning",
            problem=f"the latent has {e.latent_size:,} values and the image {values:,}: the "
            f"identity{figure} is a solution, and the code need not find any structure.",
            see="latent_dim in config.json; mse next to pca_mse in metrics.json",
            advice=f"--latent-dim {max(1, e.config.latent_dim * values // (24 * e.latent_size))}; or "
            "diabolo train denoising, whose noise rules the identity out",
        )
    ]
