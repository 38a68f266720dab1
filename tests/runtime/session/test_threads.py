"""One model shared by many threads, and batches of any size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from _pair import save_pair

from diabolo.runtime import Autoencoder
from diabolo.runtime.session import _graphs


def test_sixteen_threads_get_what_one_gets(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle", latent_shape=(7,)), device="cpu", threads=2)
    batches = [np.random.default_rng(i).random((1 + i % 5, 1, 8, 8), np.float32) for i in range(16)]
    alone = [
        (model.encode(batch), model.reconstruct(batch), model.sample(2, seed=i))
        for i, batch in enumerate(batches)
    ]
    together = Barrier(16)

    def work(number: int) -> list[tuple[np.ndarray, ...]]:
        together.wait()
        batch = batches[number]
        return [
            (model.encode(batch), model.reconstruct(batch), model.sample(2, seed=number)) for _ in range(20)
        ]

    with ThreadPoolExecutor(16) as pool:
        for wanted, found in zip(alone, pool.map(work, range(16)), strict=True):
            for results in found:
                for one, other in zip(wanted, results, strict=True):
                    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("latent_shape", "largest"),
    [((2, 4, 4), 10), ((16, 8, 8), 1), ((7,), 10)],
    ids=["spatial", "wide", "vector"],
)
def test_batches_are_cut_by_the_larger_of_image_and_latent(
    latent_shape: tuple[int, ...], largest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = save_pair(tmp_path / "bundle", latent_shape=latent_shape)
    images = np.random.default_rng(0).random((23, 1, 8, 8), np.float32)
    whole = Autoencoder.load(bundle, device="cpu")
    monkeypatch.setattr(_graphs, "_CHUNK_VALUES", {"cpu": 10 * 64})
    model = Autoencoder.load(bundle, device="cpu")
    assert model._graphs.chunk == largest
    latents = model.encode(images)
    assert latents.shape == (23, *latent_shape)
    np.testing.assert_allclose(latents, whole.encode(images), atol=1e-6)
    np.testing.assert_allclose(model.decode(latents), whole.decode(latents), atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(images), whole.reconstruct(images), atol=1e-6)


def test_no_images_make_no_latents(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    assert model.encode(np.zeros((0, 1, 8, 8), np.float32)).shape == (0, 2, 4, 4)
    assert model.decode(np.zeros((0, 2, 4, 4))).shape == (0, 1, 8, 8)


def test_a_model_without_codes_or_prior_samples_by_its_deviation(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    assert model.codes is None
    assert model.sampling == "a gaussian fitted to the codes, each dimension independently"
    drawn = model.sample_latents(400, seed=0)
    assert drawn.shape == (400, 2, 4, 4)
    assert abs(float(drawn[:, 0, 0, 0].std()) - 2) < 0.3
    assert set(drawn[:, 1, 3, 3].tolist()) == {0.5}  # deviation 0: always the mean
    assert model.sample(3, seed=0).shape == (3, 1, 8, 8)
