"""Two latent maps side by side: pairs of models, corresponding codes, marks, and the pointers in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import context_of, save_coded, save_compared
from _served import served
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # `browser` marks one test only

WAIT = 60_000  # milliseconds
HEIGHT = 1000  # pixels of the window


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_compared(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served([folder / name for name in ("plane", "prior")], device="cpu") as address:
        yield address


def test_the_pair_is_one_without_and_one_with_a_prior(folder: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import pair

    assert pair(context_of(folder, "wide", "prior", "whole", "plane")) == ("plane", "prior")
    assert pair(context_of(folder, "prior", "whole")) == ("whole", "prior")  # not of two dimensions
    assert pair(context_of(folder, "wide", "plane")) == ("wide", "plane")
    assert pair(context_of(folder, "plane")) == ("plane", "plane")


def test_both_codes_are_of_one_image_and_of_the_class(folder: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import same_images, standing_for

    left, right = (Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior"))
    assert same_images(left, right)
    ends = standing_for("bees", left, right)
    assert ends is not None
    np.testing.assert_array_equal(*ends)  # the bundles' codes are the same
    np.testing.assert_allclose(ends[0], [4, 0], atol=0.5)
    assert standing_for("dogs", left, right) is None
    whole = Autoencoder.load(folder / "whole", device="cpu")
    assert standing_for("bees", left, whole) is None
    assert not same_images(left, whole)


def test_codes_of_other_images_are_each_model_s_own(folder: Path, tmp_path: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import same_images, standing_for

    left = Autoencoder.load(folder / "plane", device="cpu")
    right = Autoencoder.load(save_coded(tmp_path / "other", count=150), device="cpu")
    assert not same_images(left, right)
    ends = standing_for("cats", left, right)
    assert ends is not None
    np.testing.assert_allclose(ends, [[0, 4], [0, 4]], atol=0.5)


def test_steps_are_marked_by_what_is_wrong_with_them(tmp_path: Path) -> None:
    from diabolo.ui.parts import marks
    from diabolo.ui.tabs.compare.path_strip import path_strip
    from diabolo.ui.tabs.compare.texts import TEXTS

    model = Autoencoder.load(save_coded(tmp_path / "many", count=900), device="cpu")
    near, far = np.zeros(2, np.float32), np.array([9, 9], np.float32)
    say = TEXTS["en"] | marks.TEXTS["en"]
    drawn = path_strip("<many>", model, (near, far), ("ants", "cats"), say)
    steps = [re.search('<li class="(.*?)"', step).group(0) for step in re.findall("<li.*?</li>", drawn)]
    latents = np.linspace(near, far, 12)
    found = marks.marks_of(model, latents, model.decode(latents))
    assert found.unlike is not None
    assert found.far is not None
    assert (found.unlike != found.far).any()  # two measures, which do not always agree
    expected = [
        f'<li class="{" ".join(name for name, on in (("unlike", one), ("far", other)) if on)}"'
        for one, other in zip(found.unlike, found.far, strict=True)
    ]
    assert steps == expected
    assert f"{found.unlike.sum()} of 12 pictures are unlike the data" in drawn
    assert f"{found.far.sum()} of 12 latents are far from the codes" in drawn
    assert "&lt;many&gt;" in drawn


def test_without_codes_there_are_no_marks(folder: Path) -> None:
    from diabolo.ui.parts import marks

    model = Autoencoder.load(folder / "whole", device="cpu")  # no codes
    found = marks.marks_of(model, latents := model.sample_latents(3), model.decode(latents))
    assert found.known == {}
    assert found.at(0) == []
    assert "too few stored codes" in found.legend(marks.TEXTS["en"])


def test_another_model_takes_the_place_of_a_removed_upload(folder: Path) -> None:
    from diabolo.ui.app import build

    models = {name: Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior")}
    app = build(models, language="en")
    (offer,) = (event.fn for event in app.fns.values() if getattr(event.fn, "__name__", "") == "offer")
    request: Any = SimpleNamespace(session_hash=None, headers={})
    said: Any = SimpleNamespace(_data={"call": 1})  # the event
    _, left, right, *maps, told, turn = offer(said, "", "plane", "mine", request)
    assert "value" not in left  # as it was, or as the visitor has chosen meanwhile
    assert right["value"] == "prior"
    assert [update.get("chosen") for update in maps] == [None, "prior"]
    assert "**mine** was removed" in told
    assert offer(said, "", "plane", "mine", request)[-1] != turn  # the same again is another event
    _, left, right, *rest = offer(said, "", "prior", "plane", request)
    assert "value" not in left | right
    assert [update["__type__"] for update in rest] == ["update"] * 4
    assert all(len(update) == 1 for update in rest)


@pytest.mark.browser
def test_a_late_answer_to_the_left_pointer_does_not_part_the_maps(address: str, folder: Path) -> None:
    clicked: list[Any] = []  # the codes that the right pointer is to follow to, from the click on
    held: list[Any] = []

    def hold(route: Any) -> None:
        data = route.request.post_data_json["data"]
        follows = len(data) == 5 and data[-1] is True
        if follows and (clicked or data[2][0] > 5):  # not what the maps ask for when they are opened
            clicked.append(data[2])
            held.append(route)
        else:
            route.continue_()

    def release() -> None:
        while not held:
            page.wait_for_timeout(50)
        held.pop().continue_()

    from diabolo.ui.tabs.compare.pairs import standing_for

    # what the maps show cannot be told from a snapshot: it might be taken before the last answer is painted
    left, right = (Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior"))
    _, start = standing_for("ants", left, right) or (None, None)
    assert start is not None
    together = right.decode(start[None])[0, 0]
    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
        wrong = watch(page)
        page.goto(address)
        page.locator(".model-line p").wait_for(timeout=WAIT)
        page.get_by_role("tab", name="Compare").click()
        page.get_by_role("tab", name="Two maps").click()
        page.locator(".compare-told", has_text="same test image").first.wait_for(timeout=WAIT)
        shown(page, together)
        page.route("**/queue/join*", hold)
        pointer = page.locator(".two-maps .pointer").nth(0)
        pointer.click(position={"x": pointer.bounding_box()["width"] - 15, "y": 15})
        page.locator(".map-left .density", has_text="The latent is far from the codes").wait_for(timeout=WAIT)
        page.locator(".compare-to input").click()
        page.get_by_role("option", selected=False).first.click()
        known = page.locator(".two-maps .density").filter(has_text="Training codes lie close")
        known.nth(1).wait_for(timeout=WAIT)  # both were put where the way begins
        release()
        shown(page, together, or_not=True)
        release()
        shown(page, together)
        assert wrong == []


def shown(page: Any, image: NDArray[np.float32], or_not: bool = False) -> None:
    """Wait until the right map shows a picture of one channel, or another one."""
    page.wait_for_function(
        """([values, wanted]) => {
          const canvas = document.querySelector(".map-right .picture");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const near = (value, i) => Math.abs(value - data[4 * i]) < 2;
          const alike = data.length === 4 * values.length && values.every(near);
          return alike === wanted;
        }""",
        arg=[(255 * image).ravel().tolist(), not or_not],
        timeout=WAIT,
    )
