"""Shapes: every combination of the factors once, each with the effect that its name says."""

from __future__ import annotations

import numpy as np
import pytest
from _images import labels_of

from diabolo.train.datasets import Fitting, LoadRequest, load
from diabolo.train.datasets.shapes import FACTORS, drawn, every_combination
from diabolo.train.errors import DataError


def test_every_combination_is_drawn_once() -> None:
    data = load("shapes", LoadRequest())
    images = np.concatenate([data.train.images, data.test.images])
    assert data.image_shape == (1, 28, 28)
    assert len(images) == np.prod(list(FACTORS.values())) == len(every_combination())
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.max(axis=(1, 2, 3)).min() == 255
    edges = [images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]]
    assert max(edge.max() for edge in edges) < 128  # nothing is cut off
    counts = np.bincount(labels_of(data.train)) + np.bincount(labels_of(data.test))
    assert counts.tolist() == [len(images) // 3] * 3


def test_by_seed() -> None:
    first, again, other = (load("shapes", LoadRequest(seed=seed)).test.images for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def centre(image: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(image.shape)
    return np.array([(columns * image).sum(), (rows * image).sum()]) / image.sum()


@pytest.mark.parametrize("shape", range(3))
def test_each_factor_does_what_it_says(shape: int) -> None:
    def image(**changed: int) -> np.ndarray:
        values = {"shape": shape, "size": 2, "angle": 0, "right": 4, "down": 4} | changed
        return drawn(np.array([[values[name] for name in FACTORS]]))[0, 0].astype(float)

    here = image()
    area = [image(size=value).sum() for value in range(FACTORS["size"])]
    assert area == sorted(area)
    assert area[-1] > 2 * area[0]
    np.testing.assert_allclose(centre(image(right=5)) - centre(here), [4 / 3, 0], atol=0.15)
    np.testing.assert_allclose(centre(image(down=5)) - centre(here), [0, 4 / 3], atol=0.15)
    np.testing.assert_allclose(image(angle=4).sum(), here.sum(), rtol=0.05)
    assert np.abs(image(angle=4) - here).sum() > 0.1 * here.sum()


def test_sizes() -> None:
    assert load("shapes", LoadRequest(fitting=Fitting(image_size=(32, 40)))).image_shape == (1, 32, 40)
    with pytest.raises(DataError, match="8 x 8 pixels; each side may be 16 to 128"):
        load("shapes", LoadRequest(fitting=Fitting(image_size=(8, 8))))
