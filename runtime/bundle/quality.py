"""What a model's metrics say about how much it has learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "explained_variance",
    "learned_little",
    "little_explained",
    "not_better_than_pca",
    "quality_line",
    "quality_warnings",
]

_POOR = 0.3  # a smaller share of the variance is hardly more than the mean image
_BY_HEART = 0.3  # more explained variance on the training images than on the test images
_FEW_TESTED = 10  # fewer test images say little about others


def explained_variance(mse: float, mean_mse: float) -> float | None:
    """The share of the variance of images that reconstructions explain: 1 - mse / mean_mse.

    It is 1 for perfect reconstructions and 0 for the mean image; worse ones are below 0. This is the
    coefficient of determination, R^2.

    Args:
        mse: of the reconstructions.
        mean_mse: of the mean of the training images, on the same images.

    Returns:
        None if the images do not differ from their mean.
    """
    return 1 - mse / mean_mse if mean_mse > 0 else None


def quality_line(metrics: Mapping[str, Any]) -> str:
    """The explained variance next to that of PCA, in words; '' if the metrics do not have it.

    Args:
        metrics: of a run or of model.json, by name. Those of a model that removes noise are of noisy images.
    """
    mse, mean, pca = _compared(metrics)
    if mse is None or mean is None or (share := explained_variance(mse, mean)) is None:
        return ""
    line = f"{_percent(share)} of the variance explained; MSE {mse:.5f}, the mean image {mean:.5f}"
    if pca is not None:
        line += f", PCA with {metrics['pca_components']} components {pca:.5f}"
    return line + _tested(metrics)


def little_explained(metrics: Mapping[str, Any]) -> float | None:
    """The explained variance of a model that has learned little, which is below 0.3, and may be negative.

    The model's mean error on test images is then no measure of what is normal: an image's error may be no
    larger than that mean, and its reconstruction nothing like it.

    Args:
        metrics: see `quality_line`.

    Returns:
        None for a better model, or if the metrics do not tell.
    """
    mse, mean, _ = _compared(metrics)
    share = None if mse is None or mean is None else explained_variance(mse, mean)
    return share if share is not None and share < _POOR else None


def learned_little(metrics: Mapping[str, Any]) -> str:
    """A sentence that says so of a model that has learned little (`little_explained`); '' of any other."""
    if (share := little_explained(metrics)) is None:
        return ""
    return (
        f"this model has learned little: its reconstructions of test images explain {_percent(share)} of "
        "their variance (100 % is perfect, 0 % the same picture for every image)."
    )


def not_better_than_pca(metrics: Mapping[str, Any]) -> str:
    """A sentence that says so of a model with at least the error of PCA; '' of any other.

    Two kinds of codes are not compared. One of whole bits: a component of PCA is a number of any precision.
    And one of which a few units are active: PCA would have as many components as there are units in all.
    """
    mse, _, pca = _compared(metrics)
    if mse is None or pca is None or mse < pca or {"bits_per_position", "active_per_image"} & metrics.keys():
        return ""
    return (
        f"this model is not better than PCA: its MSE on test images is {mse:.5f}, and that of PCA with "
        f"{metrics['pca_components']} components, fitted to the same images, is {pca:.5f}."
    )


def quality_warnings(metrics: Mapping[str, Any]) -> list[str]:
    """What is poor about a model, and what to try; empty for a good one, or if the metrics do not tell.

    Args:
        metrics: see `quality_line`.
    """
    mse, mean, _ = _compared(metrics)
    if mse is None or mean is None or (share := explained_variance(mse, mean)) is None:
        return []
    found = [sentence for sentence in (learned_little(metrics), not_better_than_pca(metrics)) if sentence]
    if found:
        found[-1] += f" {_advice(metrics, share)}"
    return found


def _advice(metrics: Mapping[str, Any], share: float) -> str:
    training = metrics.get("training_explained_variance")
    if isinstance(training, int | float) and training - share > _BY_HEART:
        return (
            f"Of its training images it explains {_percent(training)}: it has learned them by heart. "
            "Add images, change them more at every step (--augment), or take a smaller model (--width)."
        )
    return (  # a new training with --epochs would lose what the number of images decided
        "Train it further (--resume with a larger --epochs), or try a larger latent (--latent-dim) or "
        "another network (--network)."
    )


def _tested(metrics: Mapping[str, Any]) -> str:
    images = metrics.get("images")
    if not isinstance(images, int) or images >= _FEW_TESTED:
        return ""
    return f"; on {images} test {'image' if images == 1 else 'images'} only, which says little about others"


def _compared(metrics: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """The MSE of the model, of the mean image and of PCA; of noisy images for a model that removes noise."""
    noisy = "denoised_mse" in metrics
    names = ("denoised_mse" if noisy else "mse", "mean_mse", "pca_denoised_mse" if noisy else "pca_mse")
    mse, mean, pca = (_number(metrics.get(name)) for name in names)
    return mse, mean, pca if "pca_components" in metrics else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
