"""The latent explorer in a real Chromium: drag, keys, dots, holes, from A to B, dark, on a phone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, watch
from _coded import save_coded
from _pair import save_pair
from _served import launched, served

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
PIXELS = """c => c.getContext("2d").getImageData(0, 0, c.width, c.height).data
  .reduce((sum, value) => (31 * sum + value) % 1000003, 0)"""
FAR = re.compile("The latent is far from the codes")
KNOWN = re.compile("Training codes lie close")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    save_coded(folder / "seven", (7,))
    save_pair(folder / "plain")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Somebody's own page with three explorers, and what two listeners heard of the first."""
    from diabolo.ui import LatentExplorer

    def told(latent: list[float]) -> str:
        return json.dumps(latent)

    def picked(latent: list[float], event: gr.SelectData) -> str:
        return json.dumps([event.index, event.label, event.value, latent])

    def sent() -> list[float]:
        return [4.0, 0.0]

    with gr.Blocks() as demo:
        for name in ("plane", "seven", "plain"):
            model = Autoencoder.load(folder / name, device="cpu")
            explorer = LatentExplorer(model, elem_id=name)
            value, choice = (gr.Textbox(elem_id=f"{name}-{what}") for what in ("value", "choice"))
            explorer.change(told, explorer, value, show_progress="hidden")
            explorer.select(picked, explorer, choice, show_progress="hidden")
            gr.Button("Send", elem_id=f"{name}-send").click(sent, None, explorer)
    with launched(demo) as address:
        yield address


@pytest.fixture(scope="module")
def shared(browser: Any, address: str) -> Iterator[tuple[Any, list[str]]]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    _open(page, address)
    yield page, wrong
    page.close()


@pytest.fixture
def page(shared: tuple[Any, list[str]]) -> Iterator[Any]:
    """The one page of all tests; after each: no error in the console, no request to anybody else."""
    page, wrong = shared
    yield page
    assert wrong == []


def _open(page: Any, address: str) -> None:
    page.goto(address)
    for name in ("plane", "seven", "plain"):
        page.locator(f"#{name} .sliders label").first.wait_for(timeout=WAIT)
    page.locator("#plane .density", has_text=KNOWN).wait_for(timeout=WAIT)


def _at(page: Any, folder: Path, name: str, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a place of the map is; what is drawn there is known to the browser alone."""
    from diabolo.ui.explorer import latent_map

    plane = latent_map.map_of(Autoencoder.load(folder / name, device="cpu").latent_space)
    page.locator(f"#{name} .pointer").scroll_into_view_if_needed()
    box = page.locator(f"#{name} .pointer").bounding_box()
    left = (x - plane.low[0]) / (plane.high[0] - plane.low[0])
    top = (plane.high[1] - y) / (plane.high[1] - plane.low[1])
    return box["x"] + left * box["width"], box["y"] + top * box["height"]


def _heard(page: Any, name: str, once: str) -> Any:
    """What a listener heard, once it is as this JavaScript says of it, `v`."""
    box = page.locator(f"#{name} textarea")
    script = "([box, once]) => box.value && Function('v', 'return ' + once)(JSON.parse(box.value))"
    page.wait_for_function(script, arg=[box.element_handle(), once], timeout=WAIT)
    return json.loads(box.input_value())


def _pixels(page: Any, canvas: str) -> int:
    """A number that stands for what is on a canvas."""
    return int(page.locator(canvas).evaluate(PIXELS))


def _ground(page: Any, name: str, words: re.Pattern[str]) -> None:
    page.locator(f"#{name} .density", has_text=words).wait_for(timeout=WAIT)


def test_dragging_decodes_at_once_and_never_lags(page: Any, folder: Path) -> None:
    under_way: dict[Any, str] = {}  # the requests that began here: decode, marks
    most: Counter[str] = Counter()

    def begun(request: Any) -> None:
        sent = json.loads(request.post_data or "{}") if "component_server" in request.url else {}
        if len(sent.get("data", {}).get("latents", "")) == 12:  # one latent of two float32, as base64
            under_way[request] = sent["fn_name"]
            for name, count in Counter(under_way.values()).items():
                most[name] = max(most[name], count)

    def ended(request: Any) -> None:
        under_way.pop(request, None)

    hands = [("request", begun), ("requestfinished", ended), ("requestfailed", ended)]
    for name, hand in hands:
        page.on(name, hand)
    page.mouse.move(*_at(page, folder, "plane", 0, 0))
    page.mouse.down()
    _ground(page, "plane", KNOWN)
    before = _pixels(page, "#plane .picture")
    page.mouse.move(*_at(page, folder, "plane", 4, 4), steps=25)
    _ground(page, "plane", FAR)  # while the button is still down
    assert _pixels(page, "#plane .picture") != before
    page.mouse.up()
    x, y = _heard(page, "plane-value", "Math.abs(v[0] - 4) < .1")
    assert (x, y) == pytest.approx((4, 4), abs=0.05)
    for name, hand in hands:
        page.remove_listener(name, hand)
    assert set(most.values()) == {1}


def test_a_click_on_a_dot_takes_its_whole_code(page: Any, folder: Path) -> None:
    from diabolo.ui.explorer import latent_map

    for name in ("plane", "seven"):
        space = Autoencoder.load(folder / name, device="cpu").latent_space
        codes = space.codes
        assert codes is not None
        assert codes.labels is not None
        points = latent_map.map_of(space).points
        away = np.linalg.norm(points[:, None] - points[None], axis=2) + 99 * np.eye(len(points))
        lonely = int(np.argmax(np.where((np.abs(points) < 5).all(1), away.min(1), 0)))  # no dot beside it
        page.mouse.click(*_at(page, folder, name, *points[lonely].tolist()))
        row, label, value, latent = _heard(page, f"{name}-choice", "true")
        assert (row, label) == (lonely, ["ants", "bees", "cats"][codes.labels[lonely]])
        np.testing.assert_allclose(value, codes.latents[lonely], atol=1e-5)
        np.testing.assert_allclose(latent, codes.latents[lonely], atol=1e-5)


def test_keys_move_the_pointer(page: Any, folder: Path) -> None:
    pointer = page.locator("#plane .pointer")
    page.mouse.click(*_at(page, folder, "plane", 0.1, 0.1))
    x, y = _heard(page, "plane-value", "Math.abs(v[0]) < 1.5 && Math.abs(v[1]) < 1.5")
    pointer.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    right, above = _heard(page, "plane-value", f"v[0] > {x} + .1 && v[1] > {y}")
    assert right - x > 2 * (above - y) > 0
    assert page.locator("#plane .map").evaluate("e => getComputedStyle(e).boxShadow").endswith("0px 2px")
    page.keyboard.press("Enter")
    assert _heard(page, "plane-choice", f"Math.hypot(v[3][0] - {right}, v[3][1] - {above}) < 1")[0] >= 0


def test_the_pointer_goes_where_python_says(page: Any) -> None:
    page.locator("#plane-send").click()
    page.locator("#plane .sliders output", has_text="4.00").wait_for(timeout=WAIT)
    _ground(page, "plane", KNOWN)
    assert _heard(page, "plane-value", "v[0] == 4") == [4, 0]


def test_sliders_move_one_dimension(page: Any) -> None:
    slider = page.locator("#seven .sliders input").nth(3)
    before = page.locator("#seven .sliders output").all_inner_texts()
    slider.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')) }")
    after = page.locator("#seven .sliders output").all_inner_texts()
    assert [i for i in range(7) if before[i] != after[i]] == [3]
    there = float(slider.evaluate("e => e.valueAsNumber"))
    _heard(page, "seven-value", f"Math.abs(v[3] - {there}) < 1e-3")


def test_from_a_to_b_marks_the_hole(page: Any, folder: Path) -> None:
    path, frames = page.locator("#plane button.path"), page.locator("#plane .frames button")
    path.click()
    for place in ((0, 0), (4, 0)):
        page.mouse.click(*_at(page, folder, "plane", *place))
        page.wait_for_timeout(100)
    frames.nth(11).wait_for(timeout=WAIT)
    marked = [frames.nth(i).get_attribute("class") or "" for i in range(frames.count())]
    far = {i for i, marks in enumerate(marked) if "far" in marks.split()}
    assert frames.count() == 12
    assert {5, 6} <= far <= set(range(1, 11))
    assert "far from the codes" in frames.nth(5).get_attribute("aria-label")
    frames.nth(5).click()
    _ground(page, "plane", FAR)
    path.click()
    assert page.locator("#plane .strip").is_hidden()


def test_the_whole_map_decoded(page: Any) -> None:
    tiles, below = page.locator("#plane button.tiles"), "#plane .map canvas >> nth=0"
    before = _pixels(page, below)
    tiles.click()
    page.locator("#plane .tiled").wait_for(timeout=WAIT)
    page.wait_for_timeout(100)
    assert _pixels(page, below) != before
    assert "dot" not in page.locator("#plane .hint").inner_text()  # none is to be seen
    tiles.click()
    page.locator("#plane .tiled").wait_for(state="detached", timeout=WAIT)
    page.wait_for_timeout(100)
    assert _pixels(page, below) == before


def test_the_legend_hides_classes(page: Any) -> None:
    below, chips = "#plane .map canvas >> nth=0", page.locator("#plane .legend button")
    assert chips.all_inner_texts()[:3] == ["ants", "bees", "cats"]
    before = _pixels(page, below)
    chips.nth(1).click()
    assert [chips.nth(i).get_attribute("aria-pressed") for i in range(3)] == ["true", "false", "true"]
    page.wait_for_timeout(100)
    assert _pixels(page, below) != before
    page.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(100)
    assert _pixels(page, below) == before


def test_two_axes_may_be_chosen(page: Any) -> None:
    below, axes = "#seven .map canvas >> nth=0", page.locator("#seven .axes select")
    assert page.locator("#plane .axes").is_hidden()
    before = _pixels(page, below)
    with page.expect_response(re.compile("component_server")):
        axes.nth(0).select_option("axes")
    page.wait_for_timeout(200)
    assert _pixels(page, below) != before
    assert [axes.nth(i).input_value() for i in (1, 2)] == ["0", "1"]
    axes.nth(1).select_option("1")  # they change places
    assert [axes.nth(i).input_value() for i in (1, 2)] == ["1", "0"]


def test_without_codes_there_are_sliders_alone(page: Any) -> None:
    assert page.locator("#plain .map").is_hidden()
    assert "no stored codes" in page.locator("#plain .no-map").inner_text()
    sliders = page.locator("#plain .sliders label")
    assert sliders.count() == 12
    told = page.locator("#plain .sliders header")
    assert "the 12 that vary most, of 32" in told.inner_text()
    page.get_by_role("button", name="Show 20 more").click()
    assert sliders.count() == 32
    assert "32" not in told.inner_text()
    sliders.locator("input").first.evaluate("e => { e.value = e.min; e.dispatchEvent(new Event('input')) }")
    assert len(_heard(page, "plain-value", "true")) == 32


def test_dark(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    _open(page, f"{address}?__theme=dark")
    lightness = (
        "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => +a + +b, 0)"
    )
    assert page.locator("#plane .map").evaluate(lightness) < 200
    assert page.locator("#plane").evaluate(lightness.replace("backgroundColor", "color")) > 500
    page.close()
    assert wrong == []


def test_a_phone_with_a_finger(browser: Any, address: str, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, locale="zh-TW")
    page = context.new_page()
    wrong = watch(page)
    page.goto(address)
    page.locator("#plane .density", has_text="附近有訓練影像").wait_for(timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.touchscreen.tap(*_at(page, folder, "plane", 4, 4))
    page.locator("#plane .density", has_text="潛在向量遠離編碼").wait_for(timeout=WAIT)
    picture, chart = (page.locator(f"#plane {part}").bounding_box() for part in (".picture", ".map"))
    assert picture["y"] + picture["height"] < chart["y"]  # both are seen while the finger drags
    assert chart["y"] + chart["height"] - picture["y"] < 800
    context.close()
    assert wrong == []


@pytest.mark.parametrize("opened_first", [True, False])
def test_the_tab_shows_the_model_that_is_chosen(browser: Any, folder: Path, opened_first: bool) -> None:
    """In the app's language on an English browser; also when it was chosen before the tab was ever seen."""
    from diabolo.ui.models.collection import Models

    models = Models({name: Bundle.open(folder / name) for name in ("plane", "plain")}, device="cpu")
    with served(models, language="zh-TW") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
        wrong = watch(page)
        page.goto(address)
        tab, ground = page.get_by_role("tab", name="探索"), page.locator(".explorer .density")
        if opened_first:
            tab.click()
            ground.filter(has_text=re.compile("附近有訓練影像")).wait_for(timeout=WAIT)
        page.locator(".head input").click()
        page.get_by_role("option", name="plain").click()
        if not opened_first:
            page.wait_for_timeout(500)  # the choice goes to a page that gradio has not made yet
            tab.click()
        page.locator(".explorer .no-map").wait_for(timeout=WAIT)
        assert page.locator(".explorer .pointer").count() == 1
        assert "潛在向量" in page.locator(".explorer .sliders").inner_text()
        assert page.locator(".explorer .sliders input").count() == 12
        page.close()
    assert wrong == []


def test_the_tab_marks_the_current_picture(browser: Any, folder: Path) -> None:
    """Not the example that a model shows before anybody gave one; the map and its buttons are in view."""
    from diabolo.ui.models.collection import Models

    models = Models({"plane": Bundle.open(folder / "plane")}, device="cpu")
    with served(models, language="en") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        wrong = watch(page)
        page.goto(address)
        page.get_by_role("tab", name="Explore").click()
        page.locator(".explorer .density", has_text=KNOWN).wait_for(timeout=WAIT)
        card = page.locator(".explorer .yours")
        assert card.is_hidden()
        for part in (".tools", ".map"):
            box = page.locator(f".explorer {part}").bounding_box()
            assert box["y"] + box["height"] < 900
        page.get_by_role("button", name="Fetch a sample").click()
        card.wait_for(timeout=WAIT)
        edge = card.get_by_role("button").bounding_box()
        assert edge["x"] + edge["width"] <= 1280
        page.close()
    assert wrong == []
