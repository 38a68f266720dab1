"""Zoom, the preview at the mouse, and the user's picture on the map, in a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _served import launched

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError
from diabolo.ui.explorer import latent_map

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
PIXELS = """c => c.getContext("2d").getImageData(0, 0, c.width, c.height).data
  .reduce((sum, value) => (31 * sum + value) % 1000003, 0)"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    made = {"plane": save_coded(folder / "plane"), "seven": save_coded(folder / "seven", (7,))}
    return {name: Autoencoder.load(path, device="cpu") for name, path in made.items()}


def _on_the_map(model: Autoencoder) -> Any:
    """A picture whose code lies among the stored codes, and its code."""
    assert model.codes is not None
    images = model.decode(model.codes.latents)
    codes = model.encode(images)
    points, plane = codes.reshape(len(codes), -1), latent_map.map_of(model.latent_space)
    inside = (points > np.array(plane.low) + 0.1).all(1) & (points < np.array(plane.high) - 0.1).all(1)
    assert inside.any()
    return images[int(np.argmax(inside))]


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    from diabolo.ui import LatentExplorer

    inside = _on_the_map(models["plane"])
    with gr.Blocks() as demo:
        explorer = LatentExplorer(models, elem_id="one", language="en")
        value = gr.Textbox(elem_id="value")
        explorer.input(lambda latent: json.dumps(latent), explorer, value, show_progress="hidden")
        for text, answer in {
            "picture": lambda: explorer.show_picture(inside),
            "no picture": lambda: explorer.show_picture(None),
            "seven": lambda: gr.update(chosen="seven"),
        }.items():
            gr.Button(text).click(answer, None, explorer, show_progress="hidden")
        gr.HTML("<div style='height: 1500px'></div>")
    with launched(demo) as address:
        yield address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    page.goto(address)
    page.locator("#one .density:not(:empty)").wait_for(timeout=WAIT)
    yield page
    page.close()
    assert wrong == []


def _at(page: Any, left: float, top: float) -> tuple[float, float]:
    box = page.locator("#one .pointer").bounding_box()
    return box["x"] + left * box["width"], box["y"] + top * box["height"]


def _canvas(page: Any, which: int = 0) -> int:
    page.wait_for_timeout(150)  # it is drawn in the next animation frame
    return int(page.locator("#one .map canvas").nth(which).evaluate(PIXELS))


def _click(page: Any, left: float, top: float) -> list[float]:
    """The latent at a place of the map, which must have no dot."""
    page.locator("#value textarea").evaluate("e => e.value = ''")
    page.mouse.click(*_at(page, left, top))
    box = page.locator("#value textarea")
    page.wait_for_function("box => box.value.startsWith('[')", arg=box.element_handle(), timeout=WAIT)
    found: list[float] = json.loads(box.input_value())
    return found


def _press(page: Any, text: str) -> None:
    page.get_by_role("button", name=text, exact=True).click()


def _scrolled(page: Any) -> float:
    page.wait_for_timeout(250)
    return float(page.evaluate("scrollY"))


def test_the_wheel_scrolls_the_page_until_it_is_told_to_zoom(page: Any) -> None:
    before = _canvas(page)
    page.mouse.move(*_at(page, 0.5, 0.5))
    page.mouse.wheel(0, 100)
    assert _scrolled(page) == 100
    assert page.locator("#one .nudge").is_visible()
    assert _canvas(page) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    assert _scrolled(page) == 100
    assert page.locator("#one .nudge").is_hidden()
    assert _canvas(page) != before
    assert page.evaluate("visualViewport.scale") == 1  # the browser has not zoomed the page
    page.get_by_role("button", name="Whole map", exact=True).click()
    assert _canvas(page) == before


def test_once_clicked_the_wheel_alone_zooms_at_the_mouse(page: Any) -> None:
    corner = _click(page, 0.02, 0.02)
    page.mouse.wheel(0, -240)
    page.wait_for_timeout(100)
    assert _scrolled(page) == 0
    page.mouse.move(*_at(page, 0.5, 0.5))
    assert _click(page, 0.02, 0.02) == pytest.approx(corner, abs=0.05)  # what was under the mouse stays there
    for _ in range(6):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(30)
    assert _scrolled(page) > 0  # the whole map is shown, so the page scrolls


def test_keys_and_buttons_zoom_and_the_map_follows_the_pointer(page: Any) -> None:
    before = _canvas(page)
    pointer = page.locator("#one .pointer")
    pointer.focus()
    page.keyboard.press("+")
    assert page.get_by_role("button", name="Zoom out").is_enabled()
    zoomed = _canvas(page)
    assert zoomed != before
    for _ in range(12):
        page.keyboard.press("Shift+ArrowRight")
    assert _canvas(page) != zoomed  # it has moved
    page.keyboard.press("0")
    assert _canvas(page) == before
    assert page.get_by_role("button", name="Zoom out").is_disabled()


def test_shift_and_drag_moves_the_map(page: Any) -> None:
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    values = page.locator("#one .sliders output").all_inner_texts()
    before = _canvas(page)
    page.keyboard.down("Shift")
    page.mouse.move(*_at(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*_at(page, 0.3, 0.4), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert _canvas(page) != before
    assert page.locator("#one .sliders output").all_inner_texts() == values


def test_two_fingers_zoom_and_leave_the_pointer(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, locale="en-US")
    page = context.new_page()
    page.goto(address)
    page.locator("#one .density:not(:empty)").wait_for(timeout=WAIT)
    page.locator("#one .map").scroll_into_view_if_needed()
    values, before = page.locator("#one .sliders output").all_inner_texts(), _canvas(page)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [dict(zip("xy", _at(page, *place), strict=True), id=i) for i, place in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (0.4, 0.5))
    fingers("touchStart", (0.4, 0.5), (0.6, 0.5))
    for step in (0.05, 0.1, 0.2):
        fingers("touchMove", (0.4 - step, 0.5), (0.6 + step, 0.5))
    fingers("touchEnd")
    assert _canvas(page) != before
    assert page.locator("#one .all-of-it").is_visible()
    assert page.locator("#one .sliders output").all_inner_texts() == values
    context.close()


def test_the_tiles_are_those_of_the_part_that_is_shown(page: Any) -> None:
    _press(page, "Decode the whole map")
    page.locator("#one .tiled").wait_for(timeout=WAIT)
    whole = _canvas(page)
    with page.expect_request(lambda sent: "explorer_decode" in (sent.post_data or "")):
        page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(500)
    assert _canvas(page) != whole


def test_a_preview_at_the_mouse(page: Any) -> None:
    peek, values = page.locator("#one .peek"), page.locator("#one .sliders output").all_inner_texts()
    page.mouse.move(*_at(page, 0.2, 0.2))
    peek.wait_for(timeout=WAIT)
    first = peek.evaluate(PIXELS)
    page.mouse.move(*_at(page, 0.8, 0.7))
    page.wait_for_timeout(800)
    assert peek.evaluate(PIXELS) != first
    assert page.locator("#one .sliders output").all_inner_texts() == values
    box, chart = peek.bounding_box(), page.locator("#one .map").bounding_box()
    assert chart["x"] <= box["x"]
    assert box["x"] + box["width"] <= chart["x"] + chart["width"]
    page.mouse.down()
    assert peek.is_hidden()
    page.mouse.up()
    page.mouse.move(5, 5)
    peek.wait_for(state="hidden", timeout=WAIT)


def test_a_picture_on_the_map(page: Any, models: dict[str, Autoencoder]) -> None:
    card, mark = page.locator("#one .yours"), _canvas(page, 1)
    assert card.is_hidden()
    _press(page, "picture")
    card.wait_for(timeout=WAIT)
    assert _canvas(page, 1) != mark
    assert card.locator(".where").inner_text() == ""
    seen, image = (card.locator("canvas").nth(i).evaluate(PIXELS) for i in range(2))
    assert seen != image
    card.get_by_role("button", name="Move the pointer to its code").click()
    code = models["plane"].encode(_on_the_map(models["plane"])[None]).ravel()
    page.wait_for_function("() => document.querySelector('#value textarea').value", timeout=WAIT)
    value = json.loads(page.locator("#value textarea").input_value())
    assert value == pytest.approx(code.tolist(), abs=0.05)  # the page holds it with 256 levels
    _press(page, "no picture")
    card.wait_for(state="hidden", timeout=WAIT)


def test_a_picture_off_the_map_and_another_model(page: Any) -> None:
    card = page.locator("#one .yours")
    _press(page, "picture")
    card.wait_for(timeout=WAIT)
    page.evaluate("scrollTo(0, 0)")  # a button below the map was pressed
    page.mouse.move(*_at(page, 0.95, 0.95))  # over a button
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    card.locator(".where", has_text="outside what the map shows").wait_for(timeout=WAIT)
    first = card.locator("canvas").nth(1).evaluate(PIXELS)
    _press(page, "seven")
    page.locator("#one .whole:not([inert]) .axes").wait_for(timeout=WAIT)
    card.wait_for(timeout=WAIT)
    page.wait_for_timeout(300)
    assert card.locator("canvas").nth(1).evaluate(PIXELS) != first  # that model's reconstruction


def test_a_picture_that_the_model_cannot_take(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.explorer.backend import Backend

    def refuse(self: Backend, sent: Any) -> Any:
        raise ImageError("this model takes other pictures.")

    monkeypatch.setattr(Backend, "picture", refuse)
    _press(page, "picture")
    page.locator("#one .yours .problem", has_text="takes other pictures").wait_for(timeout=WAIT)
    assert page.locator("#one .yours canvas:visible").count() == 0
    monkeypatch.undo()
    _press(page, "no picture")
    _press(page, "picture")
    page.locator("#one .yours canvas:visible").first.wait_for(timeout=WAIT)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_legend_has_the_map_s_colours(browser: Any, address: str, theme: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}?__theme={theme}")
    page.locator("#one .density:not(:empty)").wait_for(timeout=WAIT)
    shade = page.locator("#one .shades i").evaluate("e => getComputedStyle(e).backgroundImage")
    wanted = {"light": "rgba(71, 85, 105, 0.36)", "dark": "rgba(148, 163, 184, 0.5)"}[theme]
    assert wanted in shade
    for i in range(3):
        page.locator("#one .legend button").nth(i).click()  # hide the dots
    page.wait_for_timeout(150)
    densest = page.locator("#one .map canvas").first.evaluate("""c => {
      const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
      return data.reduce((most, value, i) => (i % 4 === 3 ? Math.max(most, value) : most), 0) / 255;
    }""")
    assert densest == pytest.approx(float(wanted.split()[-1][:-1]), abs=0.05)
    page.close()
