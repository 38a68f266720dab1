"""The chart of the tab Denoise: PSNR by level of noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair

pytest.importorskip("gradio")

from diabolo.runtime import Autoencoder
from diabolo.runtime.image import metrics
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.ui.tabs.denoise.level_curve import WORDS, Curve, Now, level_curve, measure


def test_the_curve_is_the_mean_psnr(tmp_path: Path) -> None:
    save_pair(tmp_path / "plain", latent_shape=(20,))
    model = Autoencoder.load(tmp_path / "plain", device="cpu")
    curve = measure(model, NoiseSpec.parse("gaussian:1"))
    assert not curve.stored
    assert curve.levels == pytest.approx(np.arange(1, 17) / 16)
    assert (np.diff(curve.noisy) < 0).all()
    images = model.sample(16, seed=0)
    spec = NoiseSpec(kind="gaussian", low=0.5, high=0.5)
    noisy = add_noise(images, spec, np.random.default_rng(0))
    assert curve.noisy[7] == pytest.approx(metrics.psnr(images, noisy).mean())
    clean = model.denoise(noisy)
    assert curve.denoised[7] == pytest.approx(metrics.psnr(images, clean).mean())


def test_what_no_noise_reaches_is_clean() -> None:
    """Black images have no speckle: nothing is infinite in the curve."""
    flat = np.full(3, 50.0)
    curve = Curve(levels=np.array([0.2, 0.6, 1.0]), noisy=flat, denoised=flat, stored=True, count=16)
    now = Now(level=0.0, noisy=float("inf"), denoised=12.5)
    page = level_curve(curve, (0.2, 0.6), now, WORDS["en"])
    assert page.count('class="dot') == 1  # the finite one
    assert 'class="dot denoised" style="left: 0.00%; top: 75.00%"' in page
    assert 'class="trained" style="left: 20.00%; width: max(2px, 40.00%)"' in page
    assert "nan" not in page
    assert 'class="trained"' not in level_curve(curve, None, now, WORDS["zh-TW"])
