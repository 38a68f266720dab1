"""Which model a tab opens with: by what model.json says, never by a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _pair import save_pair

from diabolo.runtime.bundle import Bundle

pytest.importorskip("gradio")

NOISE = {"kind": "gaussian", "level": [0.1, 0.5]}


def metrics(**values: float) -> dict[str, Any]:
    return {"metrics": values}


@pytest.fixture
def models(tmp_path: Path) -> Any:
    from diabolo.ui.models.collection import Models

    drawn = {"image": {"drawing": {"box": 6, "centre": "mass"}}}
    save_pair(tmp_path / "a", latent_shape=(2,), latent={"prior": "normal"}, **metrics(ssim=0.5), **drawn)
    save_pair(tmp_path / "b", latent_shape=(8,), **metrics(ssim=0.9), **drawn)
    save_pair(tmp_path / "c", latent_shape=(8,), **metrics(ssim=0.95), **drawn)
    save_pair(tmp_path / "d", latent_shape=(8,), noise=NOISE, **metrics(ssim=0.99, denoised_psnr=20), **drawn)
    save_pair(tmp_path / "e", latent_shape=(8,), latent={"prior": "normal"}, **metrics(ssim=0.7), **drawn)
    save_pair(tmp_path / "f", latent_shape=(8,), **metrics(ssim=1.0))  # does not take drawings
    save_pair(tmp_path / "g", latent_shape=(64,), **metrics(ssim=1.0), **drawn)  # does not compress
    return Models({name: Bundle.open(tmp_path / name) for name in "abcdefg"})


@pytest.mark.parametrize(
    ("tab", "name"),
    [("reconstruct", "c"), ("denoise", "d"), ("explore", "a"), ("generate", "e"), ("interpolate", "e")],
)
def test_a_tab_opens_with_the_model_that_suits_it(models: Any, tab: str, name: str) -> None:
    from diabolo.ui.app import find_tabs
    from diabolo.ui.models.suited import suited

    assert suited(models, find_tabs()[tab].SUITS) == name


def test_any_model_will_do_if_none_suits(tmp_path: Path) -> None:
    from diabolo.ui.app import find_tabs
    from diabolo.ui.models.collection import collect
    from diabolo.ui.models.suited import suited

    save_pair(tmp_path / "only", image_shape=(3, 8, 8), latent_shape=(2, 4, 4))
    models = collect(tmp_path / "only")
    for tab in find_tabs().values():
        if hasattr(tab, "SUITS"):
            assert suited(models, tab.SUITS) == next(iter(models))
    assert suited(models, None) is None


@pytest.mark.parametrize(
    ("tab", "name"),
    [
        ("reconstruct", "mnist-conv"),
        ("explore", "mnist-vae-2d"),
        ("denoise", "mnist-denoising"),
        ("inside", "mnist-sparse"),
        ("generate", "mnist-vae"),
        ("interpolate", "mnist-vae"),
        ("compare", "mnist-conv"),
    ],
)
def test_the_ready_made_models(tab: str, name: str) -> None:
    from diabolo.ui.app import find_tabs
    from diabolo.ui.models.collection import collect
    from diabolo.ui.models.suited import suited

    assert suited(collect(None), find_tabs()[tab].SUITS) == name
