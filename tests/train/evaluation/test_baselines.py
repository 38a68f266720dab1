"""PCA and the mean image, against an exact singular value decomposition."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import numpy as np
import pytest
from _images import save

from diabolo.train import Config, Run, datasets, fit
from diabolo.train.evaluation.pca import fit_pca


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 20, 20)])  # exact, and by subspace iteration
@pytest.mark.parametrize(("count", "components"), [(9, 32), (300, 10)])
def test_pca_is_as_good_as_the_svd(shape: tuple[int, int, int], count: int, components: int) -> None:
    rng = np.random.default_rng(0)
    waves = rng.normal(size=(40, int(np.prod(shape)))) / np.arange(1, 41)[:, None]
    flat = (128 + 20 * rng.normal(size=(count + 50, 40)) @ waves).clip(0, 255).astype(np.uint8)
    train, test = flat[:count], flat[count:].astype(np.float32) / 255
    pca = fit_pca(train.reshape(-1, *shape), components)
    centred = train / 255 - (mean := train.mean(0) / 255)
    basis = np.linalg.svd(centred, full_matrices=False)[2][: min(components, count - 1)]
    assert pca.components.shape[1] == len(basis)
    expected = np.square((test - mean) - (test - mean) @ basis.T @ basis).mean()
    found = pca.reconstruct(test.reshape(-1, *shape)).reshape(test.shape)
    assert np.square(test - found).mean() == pytest.approx(expected, rel=2e-3)


def test_every_run_stands_next_to_pca_and_the_mean_image(runs: dict[str, Path]) -> None:
    for run in runs.values():
        figures = json.loads((run / "metrics.json").read_text())
        assert 0 < figures["pca_mse"] < figures["mean_mse"]
        _, model = Run.open(run).load()
        assert figures["pca_components"] == prod(model.latent_shape)
        assert figures["explained_variance"] == pytest.approx(1 - figures["mse"] / figures["mean_mse"])
        assert ("pca_denoised_mse" in figures) == ("denoised_mse" in figures)


def test_with_a_validation_split_pca_gets_all_training_images(tmp_path: Path) -> None:
    for split, count in (("train", 24), ("val", 6), ("test", 6)):
        save(tmp_path / "photos" / split, count)
    config = Config.make(
        "autoencoder", str(tmp_path / "photos"), epochs=1, latent_dim=6, width=8, device="cpu"
    )
    figures = json.loads((fit(config, tmp_path / "run").path / "metrics.json").read_text())
    data = datasets.load(config.dataset, config.request())
    train, test = (
        split.images[:].reshape(-1, np.prod(data.image_shape)) / 255 for split in (data.train, data.test)
    )
    assert figures["mean_mse"] == pytest.approx(np.square(test - train.mean(0)).mean(), rel=1e-3)
