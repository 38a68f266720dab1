"""One explorer that shows several models in turn, in a real Chromium; and the language it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _pair import save_pair
from _served import launched

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
FAR = [4, 0, 0, 0, 0, 0, 1]
COUNT = """([resizes, themes]) => {
  for (const [name, kind] of [["ResizeObserver", resizes], ["MutationObserver", themes]]) {
    const Own = window[name];
    window[kind] = 0;
    window[name] = class extends Own {
      constructor(told) { super(told); this.mine = told.toString().includes("draw"); }
      observe(...what) { if (this.mine) window[kind]++; return super.observe(...what); }
      disconnect() { if (this.mine) window[kind]--; return super.disconnect(); }
    };
  }
}"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    made = {
        "plane": save_coded(folder / "plane"),
        "other": save_coded(folder / "other", count=120),
        "seven": save_coded(folder / "seven", (7,)),
        "plain": save_pair(folder / "plain"),
    }
    return {name: Autoencoder.load(path, device="cpu") for name, path in made.items()}


@pytest.fixture(scope="module")
def hold() -> threading.Event:
    """While it is not set, 'seven' is slow to open."""
    event = threading.Event()
    event.set()
    return event


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder], hold: threading.Event) -> Iterator[str]:
    from diabolo.ui.explorer import LatentExplorer, _component

    opened = _component.Backend.about

    def about(self: Any) -> dict[str, Any]:
        if self.count == 7:
            hold.wait(20)
        return opened(self)

    _component.Backend.about = about  # type: ignore[method-assign]
    with gr.Blocks() as demo:
        explorer = LatentExplorer(models, elem_id="one", language="zh-TW")
        value = gr.Textbox(elem_id="value")
        explorer.change(lambda latent: json.dumps(latent), explorer, value, show_progress="hidden")
        for name in models:
            gr.Button(f"show {name}").click(
                lambda name=name: gr.update(chosen=name), None, explorer, show_progress="hidden"
            )
        gr.Button("both").click(lambda: gr.update(chosen="seven", value=FAR), None, explorer)
        gr.Button("back to English").click(lambda: gr.update(language="en"), None, explorer)
    with launched(demo) as address:
        yield address
    _component.Backend.about = opened  # type: ignore[method-assign]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    page.add_init_script(f"({COUNT})(['resizes', 'themes'])")
    page.goto(address)
    page.locator("#one .density", has_text="附近有訓練影像").wait_for(timeout=WAIT)
    yield page
    page.close()
    assert wrong == []


def _show(page: Any, name: str, size: int) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    rows = (
        f"[...document.querySelectorAll('#one .whole:not([inert]) .sliders label')].length == {min(size, 12)}"
    )
    page.wait_for_function(rows, timeout=WAIT)


def _value(page: Any, once: str) -> list[float]:
    box = page.locator("#value textarea")
    script = "([box, once]) => box.value && Function('v', 'return ' + once)(JSON.parse(box.value))"
    page.wait_for_function(script, arg=[box.element_handle(), once], timeout=WAIT)
    found: list[float] = json.loads(box.input_value())
    return found


def test_another_model_is_opened_at_its_own_start(page: Any, models: dict[str, Autoencoder]) -> None:
    from diabolo.ui.explorer.backend import backend_of

    _show(page, "show seven", 7)
    np.testing.assert_allclose(_value(page, "v.length == 7"), backend_of(models["seven"]).start, atol=1e-5)
    picture = page.locator("#one .picture").evaluate("c => [c.width, c.height]")
    assert picture == [8, 8]
    assert page.locator("#one .axes").is_visible()
    _show(page, "show other", 2)  # as many numbers as the first: not its latent for all that
    np.testing.assert_allclose(_value(page, "v.length == 2"), backend_of(models["other"]).start, atol=1e-5)
    _show(page, "show plain", 32)
    assert page.locator("#one .map").is_hidden()
    _show(page, "both", 7)
    assert _value(page, "v.length == 7 && v[6] == 1") == FAR


def test_what_watched_the_old_model_is_gone(page: Any) -> None:
    _show(page, "show seven", 7)
    counts = page.evaluate("[resizes, themes]")
    for _ in range(3):
        _show(page, "show plane", 2)
        _show(page, "show seven", 7)
    assert page.evaluate("[resizes, themes]") == counts == [1, 1]
    assert page.locator("#one .whole").count() == 1


def test_a_late_answer_is_ignored(page: Any, hold: threading.Event) -> None:
    hold.clear()
    try:
        with page.expect_request(lambda sent: "component_server" in sent.url):
            page.get_by_role("button", name="show seven").click()
        page.locator("#one .whole[inert]").wait_for(timeout=WAIT)
        _show(page, "show other", 2)
        before = page.locator("#one .sliders output").all_inner_texts()
        with page.expect_response(lambda got: "component_server" in got.url):
            hold.set()
        page.wait_for_timeout(300)
    finally:
        hold.set()
    assert page.locator("#one .sliders output").all_inner_texts() == before


def test_no_frame_without_a_picture_and_a_map(page: Any) -> None:
    """Every frame while the models change shows a picture and a map that something is drawn on."""
    page.evaluate("""() => {
      const pixels = (c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      const drawn = (canvas) => canvas && pixels(canvas).some((value, i) => i % 4 == 3 && value);
      window.bare = 0;
      window.seen = 0;
      const look = () => {
        const root = document.querySelector("#one");
        window.seen++;
        if (![".picture", ".map canvas"].every((name) => drawn(root.querySelector(name)))) window.bare++;
        requestAnimationFrame(() => setTimeout(look));
      };
      look();
    }""")
    for name in ("seven", "other", "plane"):
        _show(page, f"show {name}", 7 if name == "seven" else 2)
        page.wait_for_timeout(100)
    assert page.evaluate("seen") > 10
    assert page.evaluate("bare") == 0


def test_the_language_is_as_told(page: Any) -> None:
    assert page.locator("#one .map-side b").first.inner_text() == "潛在空間地圖"
    assert page.locator("#one .whole").get_attribute("lang") == "zh-TW"
    slider = page.locator("#one .sliders input").first
    slider.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')) }")
    there = page.locator("#one .sliders output").first.inner_text()
    page.get_by_role("button", name="back to English").click()
    page.locator("#one .map-side b", has_text="Latent map").wait_for(timeout=WAIT)
    assert page.locator("#one .sliders output").first.inner_text() == there
