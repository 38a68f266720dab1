"""What somebody draws is scaled and placed as the training images' things were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from diabolo.export.run import _drawing
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import seal
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.image.convert import prepare
from diabolo.runtime.image.placement import Drawing, place_drawing

MNIST = Drawing(box=20, centre="mass")


def box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Top, left, height, width of what is not black."""
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return int(rows[0]), int(columns[0]), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def mass(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((image * rows).sum() / image.sum()), float((image * columns).sum() / image.sum())


def test_a_known_answer() -> None:
    """An L, 100 by 60 at the edge of a large paper, becomes 20 x 12: an upright of 20 x 4, a foot of 4 x 8.

    Of its 112 pixels the rows' sum is 80 * 9.5 + 32 * 17.5 and the columns' 80 * 1.5 + 32 * 7.5: their means
    are 11.79 and 3.21, and 14 is 2 and 11 further.
    """
    paper = Image.new("L", (280, 280))
    paper.paste(255, (0, 5, 20, 105))
    paper.paste(255, (20, 85, 60, 105))
    made = place_drawing(paper, 28, 28, MNIST)
    assert made is not None
    expected = np.zeros((28, 28), np.uint8)
    expected[2:22, 11:15] = 255
    expected[18:22, 15:23] = 255
    np.testing.assert_array_equal(np.asarray(made) > 127, expected > 127)
    assert box(np.asarray(made) > 127) == (2, 11, 20, 12)


def test_a_digit_of_the_set_comes_back_to_its_place() -> None:
    """Enlarged, and moved on a larger paper; fitted as any picture, it is elsewhere and of another size."""
    digit = Image.new("L", (28, 28))
    ImageDraw.Draw(digit).line([(9, 4), (20, 4), (12, 23)], fill=255, width=3)
    placed = place_drawing(digit, 28, 28, MNIST)  # as the set has it
    assert placed is not None
    paper = Image.new("L", (420, 420))
    paper.paste(placed.resize((280, 280), Image.Resampling.NEAREST), (130, 20))
    seen, plain = (prepare(paper, (1, 28, 28), drawing=how) for how in (MNIST, None))
    assert np.abs(seen.image - np.asarray(placed) / 255).mean() < 0.01
    assert np.abs(plain.image - np.asarray(placed) / 255).mean() > 0.05
    assert seen.steps == (("centred", ""),)


@given(
    ends=st.lists(st.tuples(st.integers(0, 139), st.integers(0, 139)), min_size=2, max_size=6, unique=True),
    dark=st.booleans(),
    mode=st.sampled_from(["L", "RGB"]),
)
def test_any_drawing(ends: list[tuple[int, int]], dark: bool, mode: str) -> None:
    paper, ink = (0, 255) if dark else (255, 0)
    drawing = Image.new(mode, (140, 140), (paper,) * 3 if mode == "RGB" else paper)
    ImageDraw.Draw(drawing).line(ends, fill=(ink,) * 3 if mode == "RGB" else ink, width=8)
    made = place_drawing(drawing, 28, 28, MNIST)
    if made is None:  # a line that leaves the paper at once
        assert (np.asarray(drawing) == paper).all()
        return
    assert (made.mode, made.size) == (mode, (28, 28))
    strength = np.abs(np.asarray(made.convert("L"), float) - paper)
    top, left, height, width = box(strength > 12)
    assert 19 <= max(height, width) <= 20
    for at, start, length in zip(mass(strength), (top, left), (height, width), strict=True):
        stopped = start <= 1 or start + length >= 27  # more would push ink over the edge
        assert stopped or abs(at - 14) < 0.6


def test_mass_far_from_the_middle_loses_no_ink() -> None:
    """A heavy head on a long thin tail, 20 pixels long: the head cannot be in the middle."""
    paper = Image.new("L", (200, 200))
    paper.paste(255, (10, 10, 40, 40))
    paper.paste(255, (24, 40, 26, 190))
    made = np.asarray(place_drawing(paper, 28, 28, MNIST))
    top, _, height, _ = box(made > 25)
    assert (top, height) == (8, 20)


def test_nothing_drawn_is_fitted_as_any_picture() -> None:
    paper = Image.new("RGB", (50, 50), (10, 20, 30))
    assert place_drawing(paper, 28, 28, MNIST) is None
    seen = prepare(paper, (1, 28, 28), drawing=MNIST)
    assert ("centred", "") not in seen.steps
    np.testing.assert_array_equal(seen.image, prepare(paper, (1, 28, 28)).image)


def test_model_json_says_how(tmp_path: Path) -> None:
    assert Bundle.open(save_pair(tmp_path / "without")).manifest.drawing is None
    said = {"drawing": {"box": 6, "centre": "mass"}}
    assert Bundle.open(save_pair(tmp_path / "with", image=said)).manifest.drawing == Drawing(box=6)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"box": 9, "centre": "mass"}, "box of 9 pixels .* side has 8"),
        ({"box": 0, "centre": "mass"}, "at least 1"),
        ({"box": 6, "centre": "corner"}, "must be one of"),
        ({"box": 6}, "lacks 'centre'"),
        ([6], "must be object"),
    ],
)
def test_wrong_words_about_it_are_refused(tmp_path: Path, said: object, words: str) -> None:
    path = save_pair(tmp_path / "bundle") / "model.json"
    document = json.loads(path.read_text())
    document["image"]["drawing"] = said
    path.write_bytes(seal(document))
    with pytest.raises(ManifestError, match=words):
        Bundle.open(path.parent)


def test_the_export_writes_what_the_set_says() -> None:
    assert _drawing("mnist", 28, 28) == {"drawing": {"box": 20, "centre": "mass"}}
    assert _drawing("mnist", 56, 56) == {"drawing": {"box": 40, "centre": "mass"}}
    assert _drawing("mnist", 28, 56) == {}  # cropped, padded or stretched: who knows
    assert _drawing("glyphs", 28, 28) == {}
    assert _drawing("./mnist", 28, 28) == {}  # a folder
