"""Pictures that a model does not reproduce, for a model whose data are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _coded import save_coded
from _pair import save_pair
from numpy.typing import NDArray

from diabolo.runtime import Autoencoder
from diabolo.runtime.latent.plausibility import Plausibility, unexplained

FLOATS = NDArray[np.float32]
PLACES = np.linspace(-1, 2, 64)


def bump(places: NDArray[np.floating]) -> FLOATS:
    """Images of 1 x 64 with a bump at each place."""
    return np.exp(-np.square((PLACES - places.reshape(-1, 1)) / 0.1))[:, None, None].astype(np.float32)


def learned(images: FLOATS, share: float = 0.5) -> FLOATS:
    """Reconstructions by a model of bumps in [0, .3] and [.7, 1]: others move towards the nearest of them.

    Those that it learned move a little, too, the more the farther they are from the gap.
    """
    flat = images[:, 0, 0]
    places = (flat * PLACES).sum(1) / flat.sum(1)
    left = places < 0.5
    nearest = np.where(left, np.clip(places, 0, 0.3), np.clip(places, 0.7, 1))
    edge = np.where(left, 0.3, 0.7)
    return bump(places + share * (nearest - places) + 0.02 * (edge - nearest))


def plausibility_of(share: float) -> Plausibility:
    codes = np.random.default_rng(0).uniform(0, 0.6, 400)
    tested = bump(np.where(codes < 0.3, codes, codes + 0.4))
    return Plausibility(lambda images: learned(images, share), tested)


def test_what_lies_in_the_gap_is_unlike_the_data() -> None:
    plausibility = plausibility_of(0.5)
    assert plausibility.unlike(bump(np.linspace(0.4, 0.6, 9))).all()
    ordinary = bump(np.random.default_rng(1).uniform(0, 0.3, 1000))
    assert plausibility.unlike(ordinary).mean() < 0.1
    assert plausibility.rank(ordinary).mean() == pytest.approx(0.5, abs=0.05)


def test_what_becomes_usual_at_once_is_not() -> None:
    """A narrow 0 becomes a wider 0, which stays as it is."""
    plausibility, unusual = plausibility_of(1), bump(np.array([0.35, 0.65]))
    first, second = plausibility.changes(unusual).T
    usual = plausibility.changes(bump(np.array([0.0])))[0]
    assert (first > 10 * usual[0]).all()  # more than any that was learned
    assert (second < usual[1]).all()
    assert not plausibility.unlike(unusual).any()


def test_between_classes() -> None:
    """Bumps everywhere are reproduced alike; at .5, one class ends and another one begins."""
    places = np.random.default_rng(0).uniform(0, 1, 500)
    plausibility = Plausibility(lambda images: images, bump(places), (places > 0.5).astype(np.int64))
    assert plausibility.unlike(bump(np.array([0.495, 0.5, 0.505]))).all()
    assert not plausibility.unlike(bump(np.array([0.1, 0.4, 0.6, 0.9]))).any()
    alone = Plausibility(lambda images: images, bump(places), np.zeros(500, np.int64))
    assert not alone.unlike(bump(np.array([0.5]))).any()  # of one class there is no border


def test_one_extreme_number_suffices() -> None:
    """A smear between two 4s: its neighbours agree on the class, and it keeps changing.

    By the mean of three ranks it could not be marked: with one rank of 0, the mean is at most 2/3.
    """
    codes = np.random.default_rng(0).uniform(0, 0.6, 400)
    places = np.where(codes < 0.3, codes, codes + 0.4)
    labels = np.random.default_rng(1).integers(0, 2, 400)  # neighbours of most codes disagree
    labels[(places > 0.2) & (places < 0.8)] = 1
    plausibility = Plausibility(learned, bump(places), labels.astype(np.int64))
    assert plausibility.unlike(bump(np.array([0.45, 0.5, 0.55]))).all()


def test_one_in_twenty_test_codes_is_marked(tmp_path: Path) -> None:
    model = Autoencoder.load(save_coded(tmp_path / "plane", count=900), device="cpu")
    plausibility = Plausibility.of(model)
    assert plausibility is not None
    assert model.codes is not None
    assert plausibility.unlike(model.decode(model.codes.latents)).mean() == pytest.approx(0.05, abs=0.01)


def test_too_few_codes_give_no_answer(tmp_path: Path) -> None:
    few = Autoencoder.load(save_coded(tmp_path / "few", count=99), device="cpu")
    none = Autoencoder.load(save_pair(tmp_path / "none"), device="cpu")
    assert Plausibility.of(few) is None
    assert Plausibility.of(none) is None
    with pytest.raises(ValueError, match="at least one"):
        Plausibility(learned, np.empty((0, 1, 1, 64), np.float32))


def test_the_share_of_the_variance() -> None:
    images = np.random.default_rng(0).uniform(0, 1, (5, 3, 20, 20)).astype(np.float32)
    grey = np.broadcast_to(images.mean((1, 2, 3), keepdims=True), images.shape)
    np.testing.assert_allclose(unexplained(images, grey), 1, atol=0.002)
    assert (unexplained(images, images) == 0).all()
    flat = np.zeros_like(images)
    assert (unexplained(flat, flat) == 0).all()  # of a single grey; no division by zero
