"""Glyphs: what is drawn, and that it stays so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _images import labels_of

from diabolo.train.datasets import Fitting, ImageData, LoadRequest, glyphs, load
from diabolo.train.errors import DataError


@pytest.fixture(scope="module")
def drawn() -> ImageData:
    return glyphs.Dataset().load(LoadRequest(seed=0))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_TRAIN", 400)
    monkeypatch.setattr(glyphs, "_TEST", 80)


def test_glyphs(drawn: ImageData) -> None:
    assert drawn.image_shape == (1, 28, 28)
    assert np.bincount(labels_of(drawn.train)).tolist() == [2000] * 10
    assert np.bincount(labels_of(drawn.test)).tolist() == [400] * 10
    assert len(set(labels_of(drawn.train)[:100])) == 10  # shuffled, so that a first batch shows all
    images = np.concatenate([drawn.train.images, drawn.test.images])[:, 0]
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    assert max(edge.max() for edge in edges) < 64  # no letter is cut off
    assert images.max(axis=(1, 2)).min() > 200  # none is faint
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


def test_glyphs_fonts_are_split() -> None:
    assert not set(glyphs._TRAIN_FONTS) & set(glyphs._TEST_FONTS)
    assert len({*glyphs._TRAIN_FONTS, *glyphs._TEST_FONTS}) == 23


# Mean grey of 7 x 7 blocks, row by row, of each class's mean training image for seed 0. Versions of FreeType
# differ by far less than the tolerance; another letter, size or place differs by more.
MEANS = [
    (0, 13, 32, 1, 0, 60, 117, 6, 11, 96, 131, 20, 14, 29, 40, 15),
    (5, 57, 54, 9, 9, 127, 112, 30, 15, 119, 106, 30, 12, 66, 50, 4),
    (1, 33, 53, 10, 24, 96, 27, 15, 36, 89, 23, 5, 3, 45, 39, 2),
    (8, 56, 45, 4, 18, 106, 79, 51, 25, 103, 85, 38, 14, 61, 36, 1),
    (4, 56, 55, 12, 7, 129, 65, 11, 14, 122, 49, 8, 11, 65, 49, 6),
    (3, 55, 54, 12, 5, 128, 66, 11, 11, 118, 33, 0, 10, 48, 4, 0),
    (1, 36, 51, 10, 33, 89, 42, 17, 44, 84, 99, 25, 4, 46, 46, 4),
    (8, 37, 33, 13, 18, 116, 109, 27, 27, 101, 111, 17, 12, 32, 36, 7),
    (0, 32, 49, 3, 0, 55, 76, 1, 1, 74, 57, 0, 3, 48, 32, 0),
    (0, 13, 49, 4, 0, 16, 95, 2, 5, 43, 82, 0, 4, 44, 20, 0),
]


def test_glyphs_golden(drawn: ImageData) -> None:
    for label, expected in enumerate(MEANS):
        mean = drawn.train.images[labels_of(drawn.train) == label, 0].mean(axis=0)
        np.testing.assert_allclose(mean.reshape(4, 7, 4, 7).mean(axis=(1, 3)).ravel(), expected, atol=3)


def test_glyphs_by_seed(few: None) -> None:
    def images(seed: int) -> bytes:
        data = load("glyphs", LoadRequest(seed=seed))
        return data.train.images.tobytes() + data.test.images.tobytes()

    first, other, again = images(1), images(2), images(1)
    assert first == again
    assert first != other


@pytest.mark.parametrize("size", [(32, 32), (16, 40), (12, 12), (128, 64)])
def test_glyphs_size(few: None, size: tuple[int, int]) -> None:
    data = load("glyphs", LoadRequest(fitting=Fitting(image_size=size)))
    assert data.image_shape == (1, *size)
    assert data.train.images.max(axis=(1, 2, 3)).min() > 150


def test_glyphs_size_out_of_range() -> None:
    with pytest.raises(DataError, match=r"8 x 28 pixels.*12 to 128"):
        load("glyphs", LoadRequest(fitting=Fitting(image_size=(8, 28))))


def test_glyphs_font_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_fonts", lambda: (tmp_path, "3.9.0"))
    with pytest.raises(DataError, match=r"DejaVuSans\.ttf.*matplotlib 3\.9\.0.*pip install"):
        load("glyphs", LoadRequest())


def test_glyphs_in_colour(few: None) -> None:
    grey = load("glyphs", LoadRequest())
    data = load("glyphs", LoadRequest(fitting=Fitting(colour=True)))
    assert data.image_shape == (3, 28, 28)
    assert np.array_equal(data.test.images, np.repeat(grey.test.images, 3, axis=1))
