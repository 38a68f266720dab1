"""Noise: its text, its levels, clipping, combinations, and what a JPEG does."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diabolo.runtime.errors import ImageError, NoiseError, UnknownNameError, UsageError
from diabolo.runtime.image.noise import HIDDEN, KINDS, NoiseSpec, add_noise, largest_level, smallest_level

GREY = np.full((4, 1, 32, 32), 0.5, np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def between(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    levels = st.tuples(st.floats(low, high), st.floats(low, high))
    return levels.map(lambda pair: (min(pair), max(pair)))


@st.composite
def specs(draw: st.DrawFn) -> NoiseSpec:
    spec = None
    clip = draw(st.booleans())
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)):
        low, high = draw(between(smallest_level(kind), largest_level(kind)))
        read = draw(between(0, 4)) if kind == "poisson-gaussian" else (0.0, 0.0)
        side = draw(st.integers(1, 12)) if kind == "patches" else 4
        spec = NoiseSpec(kind=kind, low=low, high=high, read=read, side=side, then=spec, clip=clip)
    assert spec is not None
    return spec


@given(specs())
def test_the_text_says_all_but_clipping(spec: NoiseSpec) -> None:
    assert NoiseSpec.parse(str(spec), clip=spec.clip) == spec
    assert NoiseSpec.parse(str(spec)).clip
    assert spec.covers(spec)


@given(specs())
def test_noise_stays_in_its_span(spec: NoiseSpec) -> None:
    images = rng().random((2, 3, 8, 8), np.float32)
    noisy = add_noise(images, spec, rng())
    low, high = spec.span
    assert noisy.shape == images.shape
    assert noisy.dtype == np.float32
    assert low <= noisy.min() <= noisy.max() <= high
    assert (low, high) == (0, 1) or (low <= -4 and high >= 5)
    assert np.array_equal(noisy, add_noise(images, spec, rng()))


@pytest.mark.parametrize("text", ["gaussian:0.3", "speckle:0.9", "poisson-gaussian:0.01/0.2"])
def test_clipping_is_the_only_difference(text: str) -> None:
    spec = NoiseSpec.parse(text)
    images = rng().random((4, 1, 16, 16), np.float32)
    unclipped = add_noise(images, replace(spec, clip=False), rng())
    assert unclipped.min() < 0
    assert unclipped.max() > 1
    np.testing.assert_array_equal(unclipped.clip(0, 1), add_noise(images, spec, rng()))


@pytest.mark.parametrize("brightness", [0.0, 0.2, 0.8])
@pytest.mark.parametrize(("gain", "read"), [(0.0, 0.05), (0.01, 0.0), (0.02, 0.03)])
def test_poisson_gaussian_has_the_variance_of_a_sensor(gain: float, read: float, brightness: float) -> None:
    spec = NoiseSpec(kind="poisson-gaussian", low=gain, high=gain, read=(read, read), clip=False)
    images = np.full((8, 1, 64, 64), brightness, np.float32)
    noise = add_noise(images, spec, rng()) - images
    assert noise.mean() == pytest.approx(0, abs=0.003)
    assert noise.var() == pytest.approx(gain * brightness + read**2, rel=0.03, abs=1e-12)


def test_a_jpeg_is_that_of_pillow() -> None:
    images = rng().random((2, 3, 24, 17), np.float32)
    noisy = add_noise(images, NoiseSpec.parse("jpeg:35"), rng())
    for image, result in zip(images, noisy, strict=True):
        picture = Image.fromarray(np.rint(image * 255).astype(np.uint8).transpose(1, 2, 0))
        picture.save(file := io.BytesIO(), "JPEG", quality=35)
        np.testing.assert_array_equal(np.rint(result * 255).transpose(1, 2, 0), np.asarray(Image.open(file)))


def test_lower_quality_changes_more() -> None:
    images = rng().random((2, 1, 32, 32), np.float32)
    errors = [
        np.square(add_noise(images, NoiseSpec.parse(f"jpeg:{quality}"), rng()) - images).mean()
        for quality in (95, 60, 20)
    ]
    assert errors == sorted(errors)


def test_a_jpeg_clips_what_it_gets() -> None:
    spec = NoiseSpec.parse("gaussian:2+jpeg:100", clip=False)
    noisy = add_noise(GREY, spec, rng())
    assert 0 <= noisy.min() <= noisy.max() <= 1
    assert add_noise(GREY, NoiseSpec.parse("jpeg:90+gaussian:2", clip=False), rng()).max() > 1


@pytest.mark.parametrize("channels", [2, 4])
def test_a_jpeg_is_grey_or_rgb(channels: int) -> None:
    with pytest.raises(ImageError, match="grey and RGB"):
        add_noise(np.zeros((1, channels, 8, 8), np.float32), NoiseSpec.parse("jpeg:50"), rng())


def test_a_jpeg_of_no_images() -> None:
    assert add_noise(GREY[:0], NoiseSpec.parse("jpeg:50"), rng()).shape == (0, 1, 32, 32)


def test_a_jpeg_has_a_largest_size() -> None:
    with pytest.raises(ImageError, match="65,500 pixels a side"):
        add_noise(np.zeros((1, 1, 1, 65_501), np.float32), NoiseSpec.parse("jpeg:50"), rng())


def test_a_combination_is_applied_in_order() -> None:
    both = NoiseSpec.parse("gaussian:0.2 + masking:0.5")
    assert [step.kind for step in both.steps] == ["gaussian", "masking"]
    assert (both.kind, both.low, both.high) == ("gaussian", 0.2, 0.2)
    noisy = add_noise(GREY, both, rng())
    assert 0.45 < (noisy == 0).mean() < 0.55
    assert (
        add_noise(GREY, NoiseSpec.parse("masking:0.5+gaussian:0.2", clip=False), rng()) == 0
    ).mean() < 0.01


def test_levels_spread_from_weak_to_strong() -> None:
    spec = NoiseSpec.parse("poisson-gaussian:0-0.03/0.01-0.04+jpeg:40-90", clip=False)
    assert [str(one) for one in spec.spread(3)] == [
        "poisson-gaussian:0/0.01+jpeg:90",
        "poisson-gaussian:0.015/0.025+jpeg:65",
        "poisson-gaussian:0.03/0.04+jpeg:40",
    ]
    assert not any(one.clip or one.is_range for one in spec.spread(3))
    assert spec.is_range
    assert spec.covers(spec.spread(3)[1])
    assert not spec.spread(3)[1].covers(spec)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("gaussian", "KIND:LEVEL"),
        ("gaussian:x", "not a number or a range"),
        ("gaussian:0.1/0.2", "poisson-gaussian:GAIN/READ"),
        ("gaussian:0.7-0.1", "lower one first"),
        ("gaussian:nan", "not a number"),
        ("gaussian:1e400", "not possible"),
        ("poisson-gaussian:0.1/9", "read noise: levels go from 0 to 4"),
        ("poisson-gaussian:0.1/", "not a number"),
        ("jpeg:0", "levels go from 1 to 100"),
        ("gaussian:0.1+0.2", "not a number"),
        ("gaussian:0.1+", "not a number"),
        ("+".join(["gaussian:0.1"] * 9), "at most 8"),
    ],
)
def test_what_is_wrong_is_told(text: str, word: str) -> None:
    with pytest.raises(NoiseError, match=word):
        NoiseSpec.parse(text)


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(UnknownNameError, match="gaussian"):
        NoiseSpec.parse("jpeg:50+gausian:0.1")


def test_clipping_counts_for_the_whole() -> None:
    then = NoiseSpec.parse("gaussian:0.1")
    assert not any(
        step.clip for step in NoiseSpec(kind="masking", low=0, high=0, then=then, clip=False).steps
    )


@pytest.mark.parametrize(("text", "side", "count"), [("patches:0.5", 4, 32), ("patches:0.25/8", 8, 4)])
def test_patches_are_whole_and_as_many_as_asked_for(text: str, side: int, count: int) -> None:
    images = np.ones((5, 3, 32, 32), np.float32)
    hidden = add_noise(images, NoiseSpec.parse(text), rng()) == HIDDEN
    grid = hidden.reshape(5, 3, 32 // side, side, 32 // side, side)
    assert np.array_equal(grid.all((1, 3, 5)), grid.any((1, 3, 5)))
    assert (grid.all((1, 3, 5)).sum((1, 2)) == count).all()
    assert len({one.tobytes() for one in grid.all((1, 3, 5))}) == 5


def test_patches_at_the_edge_are_cut() -> None:
    noisy = add_noise(np.ones((1, 1, 5, 7), np.float32), NoiseSpec.parse("patches:1/4"), rng())
    assert noisy.shape == (1, 1, 5, 7)
    assert (noisy == HIDDEN).all()


@pytest.mark.parametrize("text", ["patches:0.5/0", "patches:0.5/2.5", "patches:1.5/4", "gaussian:0.5/4"])
def test_patches_that_are_not_possible(text: str) -> None:
    with pytest.raises((NoiseError, UsageError)):
        NoiseSpec.parse(text)


def test_only_patches_have_a_side() -> None:
    with pytest.raises(NoiseError, match="side"):
        NoiseSpec(kind="gaussian", low=0, high=1, side=8)
    assert not NoiseSpec.parse("patches:0-1/4").covers(NoiseSpec.parse("patches:0.5/8"))
