"""Evidence of sound trainings, to plant faults in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diabolo.train import Config, variants
from diabolo.train.evaluation.doctor import Evidence

# a training of 8 epochs on glyphs at the defaults
LOSSES = (0.0139, 0.00854, 0.00672, 0.00578, 0.00508, 0.0047, 0.0045, 0.00445)
TRAINED = (0.0418, 0.0106, 0.00727, 0.00582, 0.00488, 0.00422, 0.00383, 0.00364)

AUTOENCODER = {
    **{"mse": 0.00472, "mean_mse": 0.0791, "pca_mse": 0.0192, "pca_components": 32, "images": 4000},
    **{"explained_variance": 0.94, "training_explained_variance": 0.958},
    **{"reconstruction_variance": 0.93, "reconstruction_contrast": 0.19},
}
# mnist-vae, mnist-sparse and mnist-denoising
VAE = AUTOENCODER | {
    **{"kl": 25.2, "active_units": 20, "kl_by_dimension": [1.26] * 20, "code_deviation": 0.95},
}
SPARSE = AUTOENCODER | {"activity": 0.0999, "activity_by_unit": [0.095, 0.105] * 98, "pca_mse": 0.002}
TOPK = AUTOENCODER | {"activity": 0.1, "activity_by_unit": [0.05, 0.15] * 100, "pca_mse": 0.002}
TOPK |= {"active_per_image": 20.0, "dead_units": 0}
DENOISING = AUTOENCODER | {
    **{"noisy_psnr": 12.2, "denoised_psnr": 22.4, "denoised_mse": 0.0072, "pca_denoised_mse": 0.03},
    "denoised_explained_variance": 0.89,
}
CONTRACTIVE = AUTOENCODER | {"jacobian_norm": 2.178}
WASSERSTEIN = AUTOENCODER | {"mmd": 0.001, "code_deviation": 0.98, "squared_error": 3.7}
MASKED = DENOISING | {"noisy_psnr": 16.1, "denoised_psnr": 23.0}
VQ = AUTOENCODER | {"codebook_used": 0.9, "codebook_perplexity": 350.0, "bits_per_position": 9.0}
SOUND = {
    "autoencoder": AUTOENCODER,
    "conv": AUTOENCODER,
    "vae": VAE,
    "sparse": SPARSE,
    "topk": TOPK,
    "denoising": DENOISING,
    "contractive": CONTRACTIVE,
    "wasserstein": WASSERSTEIN,
    "masked": MASKED,
    "vq": VQ,
    "regularised": AUTOENCODER | {"code_deviation": 1.7},
}


def history(losses: Sequence[float] = LOSSES, trained: Sequence[float] = TRAINED) -> list[dict[str, float]]:
    """A row per epoch."""
    pairs = zip(trained, losses, strict=True)
    return [
        {"epoch": float(epoch), "loss": loss, "validation_loss": held}
        for epoch, (loss, held) in enumerate(pairs, 1)
    ]


def evidence(variant: str = "autoencoder", **given: Any) -> Evidence:
    """What a sound run of this variant left.

    Args:
        variant: its name.
        given: settings; or attributes of `Evidence` that replace the sound ones: `figures` are added to them.
    """
    own = {name: given.pop(name) for name in list(given) if name in Evidence.__dataclass_fields__}
    config = Config.make(variant, "glyphs", **({"epochs": 8, "batch_size": 128} | given))
    figures = SOUND[variant] | own.pop("figures", {})
    return Evidence(
        **{
            **{"path": "run", "config": config, "image_shape": (1, 28, 28), "latent_size": config.latent_dim},
            "variant": variants.make(variant, config.variant_options),
            **{"history": history(), "figures": figures, "learned": 18_334},
        }
        | own
    )
