"""MSE, PSNR and SSIM against the formulas written out."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.runtime.image import metrics


def images(count: int, channels: int, height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, channels, height, width), np.float32)


def ssim_by_hand(x: np.ndarray, y: np.ndarray) -> float:
    """One grey image, window by window."""
    offsets = np.arange(11) - 5
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights = np.outer(line, line) / line.sum() ** 2
    values = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            a, b = (z[top : top + 11, left : left + 11].astype(np.float64) for z in (x, y))
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            spread_a = (weights * (a - mean_a) ** 2).sum()
            spread_b = (weights * (b - mean_b) ** 2).sum()
            both = (weights * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + 0.01**2)
                * (2 * both + 0.03**2)
                / ((mean_a**2 + mean_b**2 + 0.01**2) * (spread_a + spread_b + 0.03**2))
            )
    return float(np.mean(values))


def test_ssim_by_hand() -> None:
    x = images(3, 2, 17, 14, 0)
    y = np.clip(x + 0.2 * images(3, 2, 17, 14, 1) - 0.1, 0, 1)
    for ours, a, b in zip(metrics.ssim(x, y), x, y, strict=True):
        by_hand = np.mean([ssim_by_hand(one, other) for one, other in zip(a, b, strict=True)])
        assert ours == pytest.approx(by_hand, abs=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (8, 200), (1, 5), (11, 10)])
def test_ssim_of_equal_and_opposite_images(shape: tuple[int, int]) -> None:
    x = images(4, 3, *shape, seed=2)
    assert metrics.ssim(x, x) == pytest.approx(np.ones(4))
    if min(shape) > 1:
        assert (metrics.ssim(x, 1 - x) < 0.5).all()


def test_psnr() -> None:
    x = np.zeros((2, 1, 4, 4), np.float32)
    assert metrics.psnr(x, x + 0.1) == pytest.approx([20, 20], abs=1e-4)
    assert np.isinf(metrics.psnr(x, x)).all()


@pytest.mark.parametrize("metric", [metrics.mse, metrics.psnr, metrics.ssim])
def test_shapes_must_agree(metric: object) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        metric(images(1, 1, 8, 8, 0), images(1, 1, 8, 9, 0))  # type: ignore[operator]
