"""`Autoencoder.posterior`: what the encoder's two outputs say, whatever the size of the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from _pair import save_pair

from diabolo.runtime import Autoencoder
from diabolo.runtime.bundle import zoo
from diabolo.runtime.errors import UsageError

MODEL = "mnist-vae-2d"


def test_it_is_the_mean_and_the_deviation_that_the_graph_gives() -> None:
    images = np.random.default_rng(0).random((70, 1, 28, 28)).astype(np.float32)
    mean, std = Autoencoder.load(MODEL, device="cpu").posterior(images)
    session = onnxruntime.InferenceSession(
        zoo.folder(MODEL) / "encoder.onnx", providers=["CPUExecutionProvider"]
    )
    latent, log_variance = session.run(["latent", "log_variance"], {"image": images})
    assert mean.shape == std.shape == (70, 2)
    np.testing.assert_allclose(mean, latent, atol=1e-5)
    np.testing.assert_allclose(std**2, np.exp(log_variance), rtol=1e-4)


def test_of_no_images() -> None:
    mean, std = Autoencoder.load(MODEL, device="cpu").posterior(np.empty((0, 1, 28, 28), np.float32))
    assert mean.shape == std.shape == (0, 2)


@pytest.mark.parametrize("any_size", [False, True])
def test_a_model_that_has_none_is_refused(tmp_path: Path, any_size: bool) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "pair", any_size=any_size), device="cpu")
    with pytest.raises(UsageError, match=r"'by-hand' has no posterior.*encode"):
        model.posterior(np.zeros((1, 1, 8, 8), np.float32))
