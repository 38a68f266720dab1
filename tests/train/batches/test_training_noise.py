"""Noise in training: the distribution is that of the runtime's noise, for every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image import noise as numpy_noise
from diabolo.runtime.image.noise import KINDS, NoiseSpec
from diabolo.train import variants
from diabolo.train.batches import noise as torch_noise
from diabolo.train.step import Step

LEVELS = dict.fromkeys(KINDS, ("0.3", "0.1-0.7")) | {
    "jpeg": ("30", "20-90"),
    "poisson-gaussian": ("0.02/0.1", "0.01-0.05/0.05-0.2"),
}
TEXTS = [
    *(f"{kind}:{levels}" for kind, both in LEVELS.items() for levels in both),
    "poisson-gaussian:0-0.05/0.05+jpeg:40-90",
    "masking:0.2+gaussian:0.1",
]
TEXTURE = np.linspace(0, 1, 24 * 24, dtype=np.float32).reshape(1, 1, 24, 24) * np.ones(
    (400, 1, 1, 1), np.float32
)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("text", TEXTS)
def test_torch_and_numpy_noise_are_one_distribution(text: str, clip: bool) -> None:
    spec = NoiseSpec.parse(text, clip=clip)
    a = numpy_noise.add_noise(TEXTURE, spec, np.random.default_rng(0))
    b = torch_noise.add_noise(torch.from_numpy(TEXTURE), spec, Step(0, 0)).numpy()
    assert a.dtype == b.dtype == np.float32
    if clip:
        assert min(a.min(), b.min()) >= 0
        assert max(a.max(), b.max()) <= 1
    changes = [(value - TEXTURE).reshape(len(TEXTURE), 8, -1) for value in (a, b)]  # by brightness
    for figure in (np.mean, np.std):
        first, second = (figure(change, axis=(0, 2)) for change in changes)
        np.testing.assert_allclose(first, second, rtol=0.08, atol=0.006)
    # the levels are drawn for each image, not for the batch
    first, second = (np.quantile(change.std(axis=(1, 2)), (0.1, 0.5, 0.9)) for change in changes)
    np.testing.assert_allclose(first, second, rtol=0.12, atol=0.006)


def test_every_kind_was_compared() -> None:
    assert LEVELS.keys() == set(KINDS)


def test_a_jpeg_of_a_batch_is_that_of_its_images() -> None:
    images = torch.rand(33, 3, 20, 12)
    noisy = torch_noise.add_noise(images, NoiseSpec.parse("jpeg:70"), Step(0, 0)).numpy()
    expected = numpy_noise.add_noise(images.numpy(), NoiseSpec.parse("jpeg:70"), np.random.default_rng(0))
    np.testing.assert_array_equal(noisy, expected)


def test_a_jpeg_is_grey_or_rgb() -> None:
    with pytest.raises(ImageError, match="grey and RGB"):
        torch_noise.add_noise(torch.zeros(1, 2, 8, 8), NoiseSpec.parse("jpeg:70"), Step(0, 0))


def test_the_same_step_gives_the_same_noise() -> None:
    images, spec = torch.rand(4, 1, 16, 16), NoiseSpec.parse("poisson-gaussian:0-0.05/0-0.1+jpeg:30-90")
    a, b, c = (torch_noise.add_noise(images, spec, Step(0, number)) for number in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@pytest.mark.parametrize("clip", [True, False])
def test_half_of_the_images_stay_unclipped(clip: bool) -> None:
    seen = []

    def model(noisy: torch.Tensor) -> torch.Tensor:
        seen.append(noisy)
        return noisy

    variant = variants.make("denoising", {"noise": "gaussian:0.5", "clip": clip})
    assert variant.noise is not None
    assert variant.noise.clip is clip
    variant.loss(model, torch.full((200, 1, 8, 8), 0.5), Step(0, 0))  # type: ignore[arg-type]
    (noisy,) = seen
    beyond = ((noisy < 0) | (noisy > 1)).flatten(1).any(1).float().mean()
    assert beyond == 0 if clip else 0.4 < beyond < 0.6
