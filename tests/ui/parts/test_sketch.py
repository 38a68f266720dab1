"""The sheet to draw on: what a page sends of it, and drawing in a real Chromium that has no WebGL."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _pair import save_pair
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds


def sent(picture: Image.Image, kind: str = "PNG") -> dict[str, str]:
    out = io.BytesIO()
    picture.save(out, kind)
    return {"drawing": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()}


def test_what_a_page_sends() -> None:
    from diabolo.ui.parts.sketch import drawing_of

    picture = Image.new("RGBA", (20, 10), "#e5484d")
    drawn = drawing_of(sent(picture))
    assert drawn is not None
    assert (drawn.mode, drawn.size, drawn.getpixel((3, 3))) == ("RGB", (20, 10), (0xE5, 0x48, 0x4D))
    assert drawing_of(None) is None
    assert drawing_of({}) is None
    assert drawing_of({"drawing": ""}) is None


@pytest.mark.parametrize(
    "value",
    [
        {"drawing": 7},
        {"drawing": "data:image/png;base64,!"},
        {"drawing": "data:image/png;base64,AAAA"},
        {"drawing": "https://stranger.example/x.png"},
        sent(Image.new("RGB", (8, 8)), "JPEG"),
        sent(Image.new("1", (4000, 1))),
    ],
)
def test_what_no_page_sends(value: dict[str, Any]) -> None:
    from diabolo.ui.parts.sketch import drawing_of

    with pytest.raises(ImageError, match="cannot be read"):
        drawing_of(value)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    """A grey one on black, twice as wide as high, and one of colours on white."""
    folder = tmp_path_factory.mktemp("bundles")
    save_pair(folder / "grey", image_shape=(1, 8, 16))
    save_pair(folder / "bright", image_shape=(3, 8, 8), image={"background": 1.0})
    return {name: Autoencoder.load(folder / name, device="cpu") for name in ("grey", "bright")}


def test_a_sheet_is_the_model_s(models: dict[str, Autoencoder]) -> None:
    from diabolo.ui.parts.sketch import sheet_of

    sheet = sheet_of(models["grey"].manifest, None)
    assert (sheet["width"], sheet["height"], sheet["paper"], sheet["inks"]) == (
        280,
        140,
        "#000000",
        ["#ffffff"],
    )
    assert set(sheet["words"]) == {"en", "zh-TW"}
    sheet = sheet_of(models["bright"].manifest, "zh-TW")
    assert (sheet["paper"], sheet["inks"][0], len(sheet["inks"])) == ("#ffffff", "#000000", 5)
    assert set(sheet["words"]) == {"zh-TW"}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The first tab; afterwards: no error in the console, no request to anybody else."""
    page = new_page(browser, viewport={"width": 1280, "height": 950}, locale="en-US")
    wrong = watch(page)
    page.goto(address)
    page.locator(".sketch canvas").first.wait_for(timeout=WAIT)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)  # all is in its place
    yield page
    page.close()
    assert wrong == []


def stroke(page: Any, *places: tuple[float, float], lift: bool = True) -> None:
    """Through places given as shares of the sheet's width and height."""
    box = page.locator(".sketch canvas").first.bounding_box()
    (x, y), *others = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in places]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=6)
    if lift:
        page.mouse.up()


def seen(page: Any) -> str:
    image = page.locator(".reconstruct-seen img")
    image.wait_for(timeout=WAIT)
    return str(image.get_attribute("src"))


def until_it_differs(page: Any, before: str) -> str:
    changed = "old => ![null, undefined, old].includes(document.querySelector('.reconstruct-seen img')?.src)"
    page.wait_for_function(changed, arg=before, timeout=WAIT)
    return seen(page)


def colour(page: Any, u: float, v: float) -> list[int]:
    """Of the drawing there: red, green, blue."""
    pixel = """([u, v]) => {
      const canvas = document.querySelector(".sketch canvas");
      const at = [Math.floor(u * canvas.width), Math.floor(v * canvas.height)];
      return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
    }"""
    found: list[int] = page.evaluate(pixel, [u, v])
    return found


def test_the_result_comes_while_one_draws_and_goes_with_the_last_stroke(page: Any) -> None:
    undo, clear = (page.get_by_role("button", name=name, exact=True).first for name in ("Undo", "Clear"))
    assert undo.is_disabled()
    assert clear.is_disabled()
    stroke(page, (0.2, 0.3), (0.5, 0.3), lift=False)
    page.wait_for_timeout(200)
    stroke_goes_on = (0.8, 0.3)
    box = page.locator(".sketch canvas").first.bounding_box()
    page.mouse.move(box["x"] + stroke_goes_on[0] * box["width"], box["y"] + 0.3 * box["height"], steps=6)
    first = seen(page)  # and the button is still down
    page.mouse.up()
    assert colour(page, 0.5, 0.3) == [255, 255, 255]
    assert colour(page, 0.5, 0.8) == [0, 0, 0]
    stroke(page, (0.5, 0.8), (0.5, 0.8))  # a dot
    both = until_it_differs(page, first)
    assert colour(page, 0.5, 0.8) == [255, 255, 255]
    undo.click()
    assert colour(page, 0.5, 0.8) == [0, 0, 0]
    until_it_differs(page, both)
    undo.click()
    page.locator(".reconstruct-seen img").wait_for(state="detached", timeout=WAIT)
    page.locator(".reconstruct-result img").wait_for(state="detached", timeout=WAIT)
    assert undo.is_disabled()
    stroke(page, (0.2, 0.2), (0.8, 0.8))
    stroke(page, (0.2, 0.8), (0.8, 0.2))
    seen(page)
    clear.click()
    page.locator(".reconstruct-result img").wait_for(state="detached", timeout=WAIT)
    assert colour(page, 0.5, 0.5) == [0, 0, 0]


def test_the_last_stroke_has_the_last_word(page: Any, address: str, tmp_path: Path) -> None:
    """However fast one draws: what is shown in the end belongs together."""
    from gradio_client import Client, handle_file

    from diabolo.ui.parts.figures import mse_text

    for row in range(1, 9):
        stroke(page, (0.1, row / 9), (0.9, row / 9))
    sheet = page.locator(".sketch canvas").first.evaluate("canvas => canvas.toDataURL()")
    (tmp_path / "sheet.png").write_bytes(base64.b64decode(sheet.partition(",")[2]))
    client = Client(address, verbose=False, download_files=str(tmp_path))
    found = client.predict("grey", handle_file(tmp_path / "sheet.png"), api_name="/reconstruct")[2]
    words = [mse_text(found["mse"]), f"{found['psnr']:.1f}", f"{found['ssim']:.3f}"]
    all_said = "words.every((one) => document.querySelector('.reconstruct-figures').innerText.includes(one))"
    page.wait_for_function(f"words => {all_said}", arg=words, timeout=WAIT)


def test_the_right_button_draws_nothing(page: Any) -> None:
    box = page.locator(".sketch canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, button="right")
    page.wait_for_timeout(300)
    assert colour(page, 0.5, 0.5) == [0, 0, 0]
    assert page.locator(".sheet.blank").count() == 1
    assert page.locator(".steps").first.inner_text().startswith("An example")


def test_brushes_colours_and_another_model_s_sheet(page: Any) -> None:
    """The drawing is carried over, from a wide to a square sheet, and from light on dark to the reverse."""
    assert page.locator(".sketch .ink").count() == 0  # one colour is no choice
    before = seen(page)
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    before = until_it_differs(page, before)
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="bright", exact=True).click()
    page.locator(".sketch .ink").nth(4).wait_for(timeout=WAIT)
    assert colour(page, 0.5, 0.5) == [0, 0, 0]
    assert colour(page, 0.5, 0.4) == colour(page, 0.1, 0.5) == [255, 255, 255]
    canvas = page.locator(".sketch canvas").first
    assert canvas.evaluate("c => c.width === c.height")
    until_it_differs(page, before)
    page.get_by_role("button", name="Colour 2").first.click()
    assert page.locator(".sketch .ink").nth(1).get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Thin brush").first.press("Enter")
    stroke(page, (0.1, 0.2), (0.9, 0.2))
    page.get_by_role("button", name="Thick brush").first.click()
    stroke(page, (0.1, 0.7), (0.9, 0.7))
    assert colour(page, 0.5, 0.2) == colour(page, 0.5, 0.735) == [0xE5, 0x48, 0x4D]
    assert colour(page, 0.5, 0.235) == [255, 255, 255]
    seen(page)


def test_a_finger_draws_and_the_page_stays(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="zh-TW", has_touch=True)
    page = context.new_page()
    wrong = watch(page)
    page.goto(address)
    page.locator(".sketch canvas").first.wait_for(timeout=WAIT)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)  # all is in its place
    assert page.locator(".sketch .here").first.inner_text() == "在這裡畫"
    page.locator(".sketch canvas").first.scroll_into_view_if_needed()
    box = page.locator(".sketch canvas").first.bounding_box()
    before = page.evaluate("scrollY")
    touch = context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.2
    points = [{"x": x, "y": y + step * box["height"] / 10} for step in range(6)]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    seen(page)
    assert colour(page, 0.5, 0.4) == [255, 255, 255]
    assert page.evaluate("scrollY") == before
    assert page.get_by_role("button", name=re.compile("^復原$")).first.is_enabled()
    context.close()
    assert wrong == []
