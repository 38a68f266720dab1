"""What a model is given is fitted just as what it learned from was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.fitting import RESIZE, covering, fit
from diabolo.runtime.images import prepare
from diabolo.train.datasets import Fitting
from diabolo.train.datasets._decode import decode

SIDES = st.integers(1, 300)
SIZES = st.integers(8, 64)


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(width * 1000 + height)
    values = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(values).convert(mode)


@settings(max_examples=200, deadline=None)
@given(across=SIDES, down=SIDES, width=SIZES, height=SIZES, how=st.sampled_from(sorted(RESIZE)))
@example(across=649, down=229, width=47, height=33, how="crop")
@example(across=30_000, down=1, width=8, height=8, how="crop")
@example(across=1, down=30_000, width=8, height=64, how="pad")
def test_fit(across: int, down: int, width: int, height: int, how: str) -> None:
    out = fit(picture(across, down), width, height, how, (255, 0, 0))
    assert out.size == (width, height)
    assert out.mode == "RGB"


@settings(max_examples=300)
@given(across=SIDES, down=SIDES, width=SIZES, height=SIZES)
def test_covering_stays_inside(across: int, down: int, width: int, height: int) -> None:
    left, top, right, bottom = covering(picture(across, down, "L"), width, height)
    assert 0 <= left < right <= across
    assert 0 <= top < bottom <= down
    assert (right - left) / (bottom - top) == pytest.approx(width / height)
    assert left == pytest.approx(across - right)
    assert top == pytest.approx(down - bottom)


@pytest.mark.parametrize("resize", sorted(RESIZE))
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("size", [(40, 90), (90, 40), (12, 12), (20, 31)])
def test_learned_and_given_alike(tmp_path: Path, resize: str, colour: bool, size: tuple[int, int]) -> None:
    """A dark ground with bright padding, so that nothing may be taken for an inverted picture."""
    path = tmp_path / "a.png"
    image = picture(*size).point(lambda value: value // 3)
    image.save(path)
    fitting = Fitting(image_size=(20, 31), resize=resize, colour=colour, background="#ff8800")
    learned = decode(path, (20, 31), fitting).pixels
    shape = (3 if colour else 1, 20, 31)
    seen = prepare(path, shape, invert=None, background=0.2, resize=resize, padding=fitting.ground)
    assert np.array_equal(np.rint(seen.image * 255).astype(np.uint8), learned)
    assert ("inverted", "") not in seen.steps


def test_padding_is_not_inverted(tmp_path: Path) -> None:
    bright = Image.new("L", (10, 20), 255)
    bright.paste(0, (4, 4, 6, 16))
    seen = prepare(bright, (1, 16, 16), invert=None, background=0.0, resize="pad", padding=(255, 255, 255))
    assert seen.image[0, :, 0].min() == 1.0  # the padding the model knows
    assert seen.image[0, 0, 8] == 0.0  # the picture's own ground turned dark
    assert [step for step, _ in seen.steps] == ["inverted", "padded", "resized"]


def test_unknown_resize() -> None:
    with pytest.raises(UnknownNameError, match=r"'corp'.*'crop'"):
        prepare(picture(4, 4), (3, 8, 8), resize="corp")
