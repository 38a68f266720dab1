"""Dark and bright backgrounds: by one rule, whoever asks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from diabolo.runtime.image.background import are_inverted, background_kind, border_brightness, is_dark
from diabolo.runtime.image.convert import prepare


def test_a_border_is_the_mean_of_its_four_sides() -> None:
    image = np.zeros((2, 1, 3, 5), np.float32)
    image[0, :, 0] = 1  # the top: all of one side, a third of two
    image[1, :, 1, 1:4] = 1  # the middle
    np.testing.assert_allclose(border_brightness(image), [(1 + 1 / 3 + 1 / 3) / 4, 0])
    np.testing.assert_allclose(border_brightness((image * 255).astype(np.uint8)) / 255, [5 / 12, 0])


@pytest.mark.parametrize(
    ("brightness", "kind"),
    [(0, "dark"), (0.352, "dark"), (0.4, None), (0.474, None), (0.6, None), (0.61, "bright"), (1, "bright")],
)
def test_what_kind_of_background_it_is(brightness: float, kind: str | None) -> None:
    assert background_kind(brightness) == kind
    assert is_dark(brightness) == (brightness < 0.5)


@pytest.mark.parametrize(
    ("background", "border", "inverted"),
    [
        *((0.0, border, border > 0.5) for border in (0.0, 0.49, 0.51, 1.0)),
        *((1.0, border, border < 0.5) for border in (0.0, 0.49, 0.51, 1.0)),
        (0.3, 0.75, False),  # as a fifth of the images of such a model have it
        (0.3, 0.95, True),
        *((0.47, border, False) for border in (0.0, 1.0)),
    ],
)
def test_a_picture_is_inverted_where_it_looks_inverted(
    background: float, border: float, inverted: bool
) -> None:
    assert are_inverted(np.array([border]), background).tolist() == [inverted]
    picture = Image.new("L", (8, 8), round(255 * border))
    seen = prepare(picture, (1, 8, 8), invert=None, background=background)
    assert (("inverted", "") in seen.steps) == inverted
