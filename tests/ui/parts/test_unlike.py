"""Pictures unlike the training images are named, and treated by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.convert import to_pil

pytest.importorskip("gradio")
import gradio as gr

from diabolo.ui.models.collection import collect
from diabolo.ui.parts.context import Context
from diabolo.ui.parts.picture import Picture, Treatment
from diabolo.ui.parts.picture_input import PictureView
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.parts.unlike import unlike
from diabolo.ui.tabs.compare.compared import compare

NAME = "mnist-conv"


@pytest.fixture(scope="module")
def context() -> Context:
    return Context(bundles=collect([NAME]), chooser=gr.Dropdown(), language="en")


@pytest.fixture(scope="module")
def model(context: Context) -> Autoencoder:
    return context.model(NAME)


@pytest.fixture(scope="module")
def paper(model: Autoencoder) -> Image.Image:
    """A photograph of a digit in blue ink on lined paper, brighter on the right."""
    assert model.codes is not None
    (digit,) = to_pil(model.decode(model.codes.latents[4:5]))
    shades = np.linspace(200, 235, 640)[None] + np.random.default_rng(0).normal(0, 3, (480, 640))
    photo = Image.fromarray(shades.clip(0, 255).astype(np.uint8)).convert("RGB")
    for row in range(30, 480, 48):
        ImageDraw.Draw(photo).line((0, row, 640, row + 3), fill=(150, 170, 215), width=2)
    ink = digit.resize((300, 300)).filter(ImageFilter.GaussianBlur(3)).point(lambda v: 255 * (v > 110))
    photo.paste((40, 50, 120), (170, 90), ink.filter(ImageFilter.GaussianBlur(1)))
    return photo


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_what_is_like_them_is_not_spoken_of(model: Autoencoder, language: str) -> None:
    assert model.codes is not None
    say = SHARED[language]
    assert [unlike(model, image, say) for image in model.decode(model.codes.latents[:20])] == [""] * 20
    noise = np.random.default_rng(0).random((1, 28, 28), np.float32)
    told = unlike(model, noise, say)
    assert told.startswith(say["unlike"].split("{")[0])
    assert "{" not in told


def told(context: Context, picture: Picture) -> str:
    """What a tab says below the picture."""
    return PictureView(context).told(context.look(NAME, picture), None)[1]  # type: ignore[arg-type]


def test_a_digit_on_lined_paper_is_like_them_once_it_was_treated(
    context: Context, paper: Image.Image
) -> None:
    assert "looks unlike the training images" in told(context, Picture(kind="upload", source=paper))
    treatment = Treatment(threshold=0.55, crop=True)
    after = told(context, Picture(kind="upload", source=paper, treatment=treatment))
    assert "unlike" not in after
    for step in ("black and white from a brightness of 0.55", "cropped to the object", "inverted"):
        assert step in after


def test_models_are_compared_by_the_treated_picture(context: Context, paper: Image.Image) -> None:
    treatment = Treatment(threshold=0.55, crop=True)
    look = context.look(NAME, Picture(kind="upload", source=paper, treatment=treatment))
    assert look is not None
    (row,) = compare(context, [NAME], paper, False, treatment)
    np.testing.assert_array_equal(row.seen, look.image)


@pytest.mark.parametrize(("invert", "inverted"), [("yes", True), ("no", False), ("auto", True)])
def test_inverting_by_hand(context: Context, paper: Image.Image, invert: str, inverted: bool) -> None:
    treatment = Treatment.read({"invert": invert})
    look = context.look(NAME, Picture(kind="upload", source=paper, treatment=treatment))
    assert look is not None
    assert ("inverted" in look.words) == inverted
    assert (look.image.mean() < 0.5) == inverted


@pytest.mark.parametrize(
    "given", [None, 7, [], {}, {"invert": 1, "crop": "yes", "threshold": 3}, {"threshold": "0.5"}]
)
def test_what_a_page_never_sends_treats_nothing(given: Any) -> None:
    assert Treatment.read(given) == Treatment()
