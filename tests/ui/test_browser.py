"""The app in a real Chromium: draw, upload, run each tab, and ask nobody else for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, once_loaded, watch
from _linear import make_bundle
from _served import served
from PIL import Image
from test_dataset_images import BRIGHT, DIGITS, small_mnist

from diabolo.runtime.bundle import Bundle

pytest.importorskip("gradio")
sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
CORNER = """image => {  // how bright a picture's first pixel is
  const context = Object.assign(document.createElement("canvas"), {width: 28, height: 28}).getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, 1, 1).data[0];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from diabolo.ui.models.collection import Models

    folder = tmp_path_factory.mktemp("bundles")
    mnist = {"name": "mnist", "classes": DIGITS}
    bundles = [make_bundle(folder / "tiny"), make_bundle(folder / "digits", "digits", dataset=mnist)]
    models = Models({path.name: Bundle.open(path) for path in bundles}, device="cpu")
    with served(models) as address:
        yield address


@pytest.fixture(params=["en-US", "zh-TW"])
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The app's page; afterwards: no error in the console, no request to anybody else."""
    context = browser.new_context(viewport={"width": 1280, "height": 950}, locale=request.param)
    page = context.new_page()
    wrong = watch(page)
    page.goto(address)
    page.locator(".sketch canvas").first.wait_for(timeout=WAIT)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)  # all is in its place
    yield page
    context.close()
    assert wrong == []


def _tab(page: Any, english: str, chinese: str) -> None:
    """Open a tab and wait until it is what is seen: the one before it has buttons of the same names."""
    page.get_by_role("tab", name=re.compile(f"^({english}|{chinese})$")).click()
    page.locator(f".{english.lower()}-run").wait_for(timeout=WAIT)
    page.locator(".reconstruct-run").wait_for(state="hidden", timeout=WAIT)


def _fetch(page: Any, which: int = 0) -> None:
    """Take a sample and wait until the model sees it."""
    page.locator("button:visible", has_text=re.compile("Fetch a sample|取一個樣本")).nth(which).click()
    shown = "n => [...document.images].filter(i => i.offsetParent && i.naturalWidth === 28).length >= n"
    page.wait_for_function(shown, arg=which + 1, timeout=WAIT)


def _output(page: Any, name: str) -> None:
    once_loaded(page, f".{name} img", "true")


def _draw(page: Any) -> None:
    box = page.locator(".sketch canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 50, y - 60)
    page.mouse.down()
    page.mouse.move(x + 50, y - 60, steps=8)
    page.mouse.move(x, y + 70, steps=8)
    page.mouse.up()


def test_each_tab(page: Any) -> None:
    _draw(page)
    drawn = re.compile("converted to grey|轉為灰階")
    page.locator(".steps:visible", has_text=drawn).first.wait_for(timeout=WAIT)
    told = "[i.naturalWidth, i.naturalHeight, getComputedStyle(i).imageRendering]"
    assert once_loaded(page, ".reconstruct-result img", told) == [28, 28, "pixelated"]
    page.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)

    _tab(page, "Denoise", "去雜訊")
    _fetch(page)
    _output(page, "denoise-noisy")
    _output(page, "denoise-result")

    _tab(page, "Interpolate", "內插")
    page.locator(".interpolate-run").click()
    page.locator(".film .reel figure").nth(11).wait_for(timeout=WAIT)


def test_upload(page: Any, tmp_path: Path) -> None:
    Image.fromarray(np.full((50, 80, 3), 200, np.uint8)).save(tmp_path / "photo.png")
    page.get_by_role("tab", name=re.compile("^(Upload or paste|上傳或貼上)$")).first.click()
    page.locator(".upload:visible input[type=file]").set_input_files(tmp_path / "photo.png")
    steps = page.locator(".steps:visible", has_text="28 x 28").first
    steps.wait_for(timeout=WAIT)
    assert re.search("inverted|明暗反轉", steps.inner_text())
    _output(page, "reconstruct-result")


def _choose(page: Any, name: str) -> None:
    page.locator(".head input").click()
    page.get_by_role("option", name=name).click()


@pytest.mark.parametrize("page", ["zh-TW"], indirect=True)
def test_a_real_test_image(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABOLO_DATA", str(small_mnist(tmp_path / "data")))
    button = page.locator("button:visible", has_text=re.compile("test image|測試影像"))
    steps = page.locator(".steps:visible").first
    _fetch(page)
    steps.filter(has_text=re.compile("not an image from the dataset|不是資料集裡的影像")).wait_for(
        timeout=WAIT
    )
    assert button.count() == 0
    _output(page, "reconstruct-result")
    _choose(page, "digits")
    button.wait_for(timeout=WAIT)
    button.click()
    steps.filter(has_text=re.compile("real image.* 7|真實影像.*7")).wait_for(timeout=WAIT)
    seen = page.locator(".reconstruct-seen img")
    page.wait_for_function("document.querySelector('.reconstruct-seen img')?.complete", timeout=WAIT)
    corner = seen.evaluate(CORNER)
    assert corner == BRIGHT[0, 0]  # shown as it is: nothing was inverted on its way through the model
    _choose(page, "tiny")
    button.wait_for(state="detached", timeout=WAIT)


def test_a_phone(browser: Any, address: str) -> None:
    from diabolo.ui.app import find_tabs

    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(address)
    page.locator(".sketch canvas").first.wait_for(timeout=WAIT)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)  # all is in its place
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tabs = page.locator(".main-tabs > .tab-wrapper [role=tab]")
    boxes = [tab.bounding_box() for tab in tabs.all()]  # all are in view, in two rows or three
    assert len(boxes) == len(find_tabs())
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert len({box["y"] for box in boxes}) in (2, 3)
    page.close()
