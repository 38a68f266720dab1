"""The view of photographs in a browser: divider, zoom, fingers, strength, the error, and the download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _photos import WAIT, open_tab, opened, photo, photo_models, upload, wait_for_size
from _served import served

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(photo_models(tmp_path_factory.mktemp("bundles"))) as address:
        yield address


def test_divider_zoom_and_download(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Denoise")
    upload(page, photo(tmp_path / "mine.jpg", (300, 200), quality=95))
    wait_for_size(page, "300 × 200")
    assert page.locator(".photo-figures:visible").first.inner_text().startswith("Estimated noise")
    stage, edge = page.locator(".stage:visible"), page.locator(".stage:visible .edge")
    stage.scroll_into_view_if_needed()
    frame = stage.bounding_box()
    middle = frame["y"] + frame["height"] / 2
    page.mouse.move(frame["x"] + frame["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 4, middle, steps=5)
    page.mouse.up()
    assert edge.get_attribute("aria-valuenow") == "25"
    edge.focus()
    page.keyboard.press("ArrowRight")
    assert edge.get_attribute("aria-valuenow") == "27"
    whole = page.locator(".photo:visible output").inner_text()
    page.mouse.wheel(0, -600)
    page.wait_for_function("document.querySelector('.stage.near.crisp') !== null", timeout=WAIT)
    image = stage.locator("img").first
    before = image.bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2 + 30, middle + 20, steps=4)
    page.mouse.up()
    moved = image.bounding_box()
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == pytest.approx((30, 20), abs=1)
    stage.dblclick(position={"x": 5, "y": 5})
    assert page.locator(".photo:visible output").inner_text() == whole
    assert edge.get_attribute("aria-valuenow") == "50"
    with page.expect_download(timeout=WAIT) as download:
        page.locator(".photo-download:visible").click()
    assert download.value.suggested_filename == "mine-denoised.jpg"
    result = opened(str(download.value.path()))
    assert (result.format, result.size) == ("JPEG", (300, 200))
    assert not wrong
    page.close()


def test_strength_is_mixed(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Reconstruct")
    path = photo(tmp_path / "mine.png", (64, 48))
    upload(page, path)
    wait_for_size(page, "64 × 48")
    box = page.locator(".photo-strength:visible input[type=number]")
    box.fill("0")
    box.press("Enter")
    page.wait_for_function(
        "[...document.querySelectorAll('.layer.after')].some((one) => one.style.opacity === '0')",
        timeout=WAIT,
    )
    with page.expect_download(timeout=WAIT) as download:
        page.locator(".photo-download:visible").click()
    assert np.array_equal(np.asarray(opened(str(download.value.path()))), np.asarray(opened(str(path))))
    assert not wrong
    page.close()


def test_the_error_takes_the_place_of_the_result(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Reconstruct")
    upload(page, photo(tmp_path / "mine.png", (64, 48)))
    wait_for_size(page, "64 × 48")
    result, error = (page.locator(f".layer.{name}:visible img") for name in ("after", "error"))
    assert not error.get_attribute("src")
    assert not page.locator(".error-legend").is_visible()
    page.get_by_role("button", name="Error", exact=True).click()
    page.locator(".error-legend:visible").get_by_text("deepest from 0.5 on").wait_for(timeout=WAIT)
    page.wait_for_function("document.querySelector('.layer.error img').naturalWidth === 64", timeout=WAIT)
    assert not result.is_visible()
    page.get_by_role("button", name="Reconstruction", exact=True).click()
    assert result.is_visible()
    assert not page.locator(".error-legend").is_visible()
    page.get_by_role("tab", name="Denoise", exact=True).click()
    page.wait_for_selector(".photo-view:visible .photo:not(.single)", timeout=WAIT)
    assert page.get_by_role("button", name="Error", exact=True).count() == 0
    assert not wrong
    page.close()


def test_what_is_done_by_hand_does_not_apply(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Reconstruct")
    by_hand = page.get_by_role("button", name="Prepare by hand")

    def choose(model: str) -> None:
        page.locator(".head input").first.click()
        page.get_by_role("option", name=model).click()

    choose("plain")
    upload(page, photo(tmp_path / "mine.png", (64, 48)))
    by_hand.click(timeout=WAIT)
    page.get_by_role("radio", name="yes").check()
    page.locator(".steps:visible p", has_text="inverted").first.wait_for(timeout=WAIT)
    choose("photos")
    wait_for_size(page, "64 × 48")
    page.locator(".photo-status:visible").get_by_text("does not apply here").wait_for(timeout=WAIT)
    assert not by_hand.is_visible()
    page.get_by_role("tab", name="Compare", exact=True).click()
    by_hand.wait_for(timeout=WAIT)
    assert not wrong
    page.close()


class Fingers:
    """Two fingers on the screen, by the protocol of the browser's own tools."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def pinch(self, middle: tuple[float, float], way: tuple[float, float], radii: range) -> None:
        """Move both fingers from and to a distance from the middle, along a direction."""

        def at(radius: int) -> tuple[tuple[float, float], ...]:
            step = [side * radius for side in way]
            one = middle[0] - step[0], middle[1] - step[1]
            return one, (middle[0] + step[0], middle[1] + step[1])

        self.send("touchStart", at(radii[0])[0])
        self.send("touchStart", *at(radii[0]))
        for radius in radii:
            self.send("touchMove", *at(radius))
        self.send("touchEnd")


@pytest.mark.parametrize("way", [(1, 0), (0, 1)], ids=["across", "down"])
def test_two_fingers_zoom(browser: Any, address: str, tmp_path: Path, way: tuple[float, float]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page, wrong = open_tab(browser, address, "Reconstruct", **phone)
    upload(page, photo(tmp_path / "mine.png", (300, 200)))
    wait_for_size(page, "300 × 200")
    stage, edge = page.locator(".stage:visible"), page.locator(".stage:visible .edge")
    stage.evaluate("(stage) => stage.scrollIntoView({block: 'center'})")
    frame, scrolled = stage.bounding_box(), page.evaluate("scrollY")
    zoomed = page.locator(".photo:visible output")
    whole = zoomed.inner_text()
    middle, fingers = (frame["x"] + 0.75 * frame["width"], frame["y"] + frame["height"] / 2), Fingers(page)
    fingers.pinch(middle, way, range(20, 65, 5))
    share = float(zoomed.inner_text().rstrip(" %")) / float(whole.rstrip(" %"))
    assert share == pytest.approx(3, rel=0.05)
    assert edge.get_attribute("aria-valuenow") == "50"  # it does not follow the first finger
    fingers.pinch(middle, way, range(60, 5, -5))
    assert zoomed.inner_text() == whole
    assert page.evaluate("[scrollY, visualViewport.scale]") == [scrolled, 1]
    assert not wrong
    page.close()
