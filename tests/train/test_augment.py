"""Images changed a little at every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.train import Config, fit
from diabolo.train.batches.augment import Augment, augment
from diabolo.train.step import Step


def dot(height: int = 15, width: int = 21, at: tuple[int, int] = (7, 10)) -> torch.Tensor:
    """500 images of one bright spot, 3 x 3."""
    image = torch.zeros(500, 1, height, width)
    image[:, :, at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2] = 1
    return image


def centres(images: torch.Tensor) -> torch.Tensor:
    """The mean place of the brightness, `(n, 2)`: row, column, in pixels."""
    weight = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    rows, columns = (torch.arange(n, dtype=torch.float32) for n in images.shape[2:])
    return torch.stack([(weight.sum(2) * rows).sum(1), (weight.sum(1) * columns).sum(1)], 1)


def changed(text: str, images: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return augment(images, Augment.parse(text), Step(seed, 0))


def test_no_change_is_the_image() -> None:
    images = torch.rand(10, 3, 9, 13)
    assert not Augment.parse("")
    assert torch.allclose(changed("shift:0", images), images, atol=1e-5)


def test_a_shift_is_in_pixels_each_way() -> None:
    moved = centres(changed("shift:3", dot())) - torch.tensor([7.0, 10.0])
    assert moved.abs().max() <= 3.01
    for column in range(2):
        assert moved[:, column].min() < -2.5
        assert moved[:, column].max() > 2.5
        assert abs(float(moved[:, column].mean())) < 0.4


@pytest.mark.parametrize("shape", [(21, 21), (15, 31)])
def test_a_turn_is_in_degrees_and_keeps_distances(shape: tuple[int, int]) -> None:
    middle = torch.tensor([(shape[0] - 1) / 2, (shape[1] - 1) / 2])
    at = (shape[0] // 2, shape[1] // 2 + 5)
    away = centres(changed("rotate:40", dot(*shape, at=at))) - middle
    assert torch.allclose(away.norm(dim=1), torch.full((500,), 5.0), atol=0.15)
    angles = torch.rad2deg(torch.atan2(away[:, 0], away[:, 1]))
    assert 35 < angles.max() < 41
    assert -41 < angles.min() < -35


def test_a_zoom_is_a_share() -> None:
    away = centres(changed("zoom:0.2", dot(31, 31, at=(15, 25)))) - 15
    assert 7.8 < away[:, 1].min() < 8.3
    assert 11.7 < away[:, 1].max() < 12.3
    assert away[:, 0].abs().max() < 0.1


def test_a_slant_is_a_share_of_the_height() -> None:
    """Ten rows above the middle, a slant of .3 moves by up to 3 columns, and no row."""
    away = centres(changed("shear:0.3", dot(31, 21, at=(5, 10)))) - torch.tensor([5.0, 10.0])
    assert 2.7 < away[:, 1].max() < 3.05
    assert -3.05 < away[:, 1].min() < -2.7
    assert away[:, 0].abs().max() < 0.1


def test_a_flip_mirrors_half() -> None:
    image = torch.rand(500, 3, 5, 8)
    out = changed("flip", image)
    same = torch.isclose(out, image, atol=1e-5).flatten(1).all(1)
    mirrored = torch.isclose(out, image.flip(3), atol=1e-5).flatten(1).all(1)
    assert bool((same ^ mirrored).all())
    assert 200 < int(same.sum()) < 300


def test_chance_is_the_step_s_and_rows_are_cut_from_the_whole() -> None:
    images, spec = torch.rand(8, 1, 9, 9), Augment.parse("shift:2,rotate:20,zoom:0.1,flip")
    whole = augment(images, spec, Step(3, 5))
    assert torch.equal(whole, augment(images, spec, Step(3, 5)))
    assert not torch.equal(whole, augment(images, spec, Step(3, 6)))
    part = augment(images[2:5], spec, Step(3, 5, rows=(2, 8)))
    assert torch.allclose(part, whole[2:5], atol=1e-6)
    assert 0 <= whole.min() <= whole.max() <= 1


def test_an_image_is_mixed_with_another() -> None:
    black, white = torch.zeros(500, 1, 2, 3), torch.ones(500, 1, 2, 3)
    mixed = augment(black, Augment.parse("mix:0.4"), Step(0, 0), white)
    share = mixed[:, 0, 0, 0]
    assert torch.equal(mixed, share[:, None, None, None].expand_as(mixed))
    assert 0 <= share.min() < 0.02
    assert 0.38 < share.max() <= 0.4
    assert share.mean() == pytest.approx(0.2, abs=0.02)


def test_what_is_mixed_moves_together() -> None:
    spec = Augment.parse("shift:2,rotate:20,mix:0.5")
    images, alone = torch.rand(8, 1, 9, 9), Augment.parse("shift:2,rotate:20")
    with_itself = augment(images, spec, Step(3, 5), images)
    assert torch.allclose(with_itself, augment(images, alone, Step(3, 5)), atol=1e-5)


def test_none_is_no_augmentation() -> None:
    assert not Augment.parse("none")
    assert Config.make("autoencoder", "glyphs", augment="none").augment == "none"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shfit:2", "Did you mean 'shift'?"),
        ("shift", "has no number"),
        ("flip:0", "flip takes no number"),
        ("rotate:much", "has no number"),
        ("zoom:2", "from 0 to 0.9"),
        ("mix:1.5", "from 0 to 1"),
        ("mix", "has no number"),
        ("shift:nan", "from 0 to 64"),
    ],
)
def test_wrong_ones_are_told(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Config.make("autoencoder", "glyphs", augment=text)
    assert issubclass(UnknownNameError, UsageError)


def test_training_learns_from_changed_images(pictures: Path, tmp_path: Path) -> None:
    """Other weights, the same validation images; and the run remembers it."""
    histories = []
    for text in ("", "shift:2", "mix:0.5"):
        config = Config.make("autoencoder", str(pictures), latent_dim=4, epochs=2, augment=text)
        run = fit(config, tmp_path / f"run{text[:1]}")
        assert run.config.augment == text
        histories.append(run.history()[-1]["loss"])
    assert np.isfinite(histories).all()
    assert len(set(histories)) == 3
