"""The noise that Denoise adds to a picture at its own size is that of the model's training."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gradio")

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.photo import Photo, process_photo
from diabolo.runtime.image.photo.scene import scene
from diabolo.ui.tabs.denoise.levels import first_noise
from diabolo.ui.tabs.denoise.own_size import _is_misleading, _spoiled, own_size_psnr


@pytest.mark.parametrize("name", ["photos-denoising", "photos-denoising-jpeg"])
def test_the_example_is_shown_at_its_best(name: str) -> None:
    model = Autoencoder.load(name, device="cpu")
    kind, level = first_noise(model.manifest)
    clean = Photo(pixels=np.ascontiguousarray(scene()[60:220, 100:260]))
    noisy = _spoiled(model.manifest, kind, level, 0)(clean)
    done = process_photo(model, noisy)
    assert own_size_psnr(clean, done) > own_size_psnr(clean, noisy) + 8


def test_an_estimate_that_jpeg_misleads_is_not_told() -> None:
    clean = Photo(pixels=np.ascontiguousarray(scene()))
    for name, misleading in (("photos-denoising", False), ("photos-denoising-jpeg", True)):
        manifest = Autoencoder.load(name, device="cpu").manifest
        noisy = _spoiled(manifest, *first_noise(manifest), 0)(clean)
        assert _is_misleading(noisy, clean) == misleading


def test_another_kind_is_added_alone() -> None:
    manifest = Autoencoder.load("photos-denoising-jpeg", device="cpu").manifest
    grey = Photo(pixels=np.full((64, 64, 3), 128, np.uint8))
    salted = _spoiled(manifest, "salt-pepper", 0.2, 0)(grey).pixels
    assert set(np.unique(salted).tolist()) == {0, 128, 255}  # not compressed afterwards
