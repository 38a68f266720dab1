"""The explorer does what Gradio's own components do: the table in docs/api.md, in a real Chromium."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _served import close, free_port, launched
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
READY = ".whole:not([inert]) .density:not(:empty)"
EVENTS = ("change", "input", "release", "select")
HEARD: list[tuple[str, list[float]]] = []  # by the listeners of the first explorer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    made = {"plane": save_coded(folder / "plane"), "seven": save_coded(folder / "seven", (7,))}
    return {name: Autoencoder.load(path, device="cpu") for name, path in made.items()}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with gr.Blocks() as demo:
        _first(models)
        _hidden(models)
        with gr.Tabs():
            with gr.Tab("before"):
                gr.Markdown("nothing")
            with gr.Tab("behind"):
                _explorer(models["plane"], elem_id="behind")
        _rendered(models)
    with launched(demo) as address:
        yield address


def _explorer(model: Any, **options: Any) -> Any:
    from diabolo.ui import LatentExplorer

    return LatentExplorer(model, **options)


def _button(text: str, answer: Callable[[], Any], output: Any, **more: Any) -> None:
    gr.Button(text).click(answer, None, output, show_progress="hidden", **more)


def _first(models: dict[str, Autoencoder]) -> None:
    """An explorer with a label and an example, what listeners heard of it, and a button for each update."""
    explorer = _explorer(models, elem_id="one", elem_classes="mine", label="First", language="en")

    def told(event: str) -> Callable[[list[float]], None]:
        return lambda value: HEARD.append((event, value))

    for event in EVENTS:
        getattr(explorer, event)(told(event), explorer, None, trigger_mode="multiple")
    changes: dict[str, dict[str, Any]] = {
        "move": {"value": [4, 0]},
        "clear": {"value": None},
        "read only": {"interactive": False},
        "writable": {"interactive": True},
        "another label": {"label": "Second"},
        "no label": {"show_label": False},
        "a label again": {"show_label": True},
        "another class": {"elem_classes": "theirs"},
        "another id": {"elem_id": "two"},
        "no sliders": {"sliders": False},
        "Chinese": {"language": "zh-TW"},
        "seven": {"chosen": "seven"},
        "hide": {"visible": False},
        "show": {"visible": True},
    }
    for text, change in changes.items():
        _button(text, lambda change=change: gr.update(**change), explorer)  # type: ignore[misc]
    _button("bare value", lambda: np.array([[0, 4]]), explorer, queue=False)
    _button("nothing", lambda: None, explorer)
    _button("skip", gr.skip, explorer)
    gr.Examples([[[4, 0]], [[0, 4]]], explorer, elem_id="examples")


def _hidden(models: dict[str, Autoencoder]) -> None:
    """An explorer that gets two updates before it is shown."""
    explorer = _explorer(models, elem_id="hidden", visible=False, language="en")
    _button("hidden: seven", lambda: gr.update(chosen="seven"), explorer)
    _button("hidden: no sliders", lambda: gr.update(sliders=False), explorer)
    _button("hidden: show", lambda: gr.update(visible=True), explorer)


def _rendered(models: dict[str, Autoencoder]) -> None:
    count = gr.Slider(0, 2, 1, step=1, label="Explorers")

    @gr.render(count)
    def make(number: float) -> None:
        for i in range(int(number)):
            explorer = _explorer(models["plane"], elem_id=f"rendered-{i}", key=f"explorer-{i}")
            heard = gr.Textbox(elem_id=f"rendered-heard-{i}")
            explorer.change(lambda value: json.dumps(value), explorer, heard)


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page of its own for each test; afterwards: no error in the console, no request to anybody else."""
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    page.goto(address)
    page.locator(f"#one {READY}").wait_for(timeout=WAIT)
    yield page
    page.close()
    assert wrong == []


def _press(page: Any, text: str) -> None:
    page.get_by_role("button", name=text, exact=True).click()


def _values(page: Any, place: str, once: str) -> None:
    """Wait until the sliders' numbers are as this JavaScript says of them, `v`."""
    script = """([place, once]) => {
      const shown = [...document.querySelectorAll(`${place} .sliders output`)];
      const v = shown.map((output) => +output.textContent.replace("−", "-"));
      return v.length && Function("v", "return " + once)(v);
    }"""
    page.wait_for_function(script, arg=[place, once], timeout=WAIT)


def _heard(page: Any, enough: Callable[[Counter[str]], bool]) -> list[tuple[str, list[float]]]:
    """What the listeners heard, once it is enough."""
    for _ in range(WAIT // 50):
        if enough(Counter(event for event, _value in HEARD)):
            return list(HEARD)
        page.wait_for_timeout(50)
    raise AssertionError(HEARD)


def _click_map(page: Any, left: float, top: float, place: str = "#one") -> None:
    pointer = page.locator(f"{place} .pointer")
    pointer.scroll_into_view_if_needed()
    box = pointer.bounding_box()
    page.mouse.click(box["x"] + left * box["width"], box["y"] + top * box["height"])


def test_shown_after_it_was_hidden(page: Any) -> None:
    """The updates that came before count, all of them."""
    assert page.locator("#hidden").count() == 0
    _press(page, "hidden: seven")
    _press(page, "hidden: no sliders")
    _press(page, "hidden: show")
    page.locator(f"#hidden {READY}").wait_for(timeout=WAIT)
    assert page.locator("#hidden .axes").is_visible()  # it has seven dimensions
    assert page.locator("#hidden .sliders label").count() == 0


def test_hidden_and_shown_again(page: Any) -> None:
    _press(page, "move")
    _values(page, "#one", "v[0] === 4")
    _press(page, "hide")
    page.locator("#one").wait_for(state="hidden", timeout=WAIT)
    _press(page, "show")
    page.locator(f"#one {READY}").wait_for(timeout=WAIT)
    _values(page, "#one", "v[0] === 4 && v[1] === 0")


def test_read_only(page: Any) -> None:
    _press(page, "move")
    _values(page, "#one", "v[0] === 4")
    _press(page, "read only")
    page.locator(f"#one {READY} >> nth=0").wait_for(timeout=WAIT)
    page.locator("#one .sliders input:disabled").first.wait_for(timeout=WAIT)
    page.wait_for_timeout(300)
    HEARD.clear()
    _click_map(page, 0.3, 0.3)
    page.locator("#one .pointer").press("ArrowUp")
    page.wait_for_timeout(400)
    _values(page, "#one", "v[0] === 4 && v[1] === 0")
    assert HEARD == []
    assert page.locator("#one button.path").is_hidden()
    _press(page, "writable")
    page.locator("#one .sliders input:enabled").first.wait_for(timeout=WAIT)
    _click_map(page, 0.3, 0.3)
    _values(page, "#one", "v[0] < 4")


def test_events(page: Any) -> None:
    """The user's moves fire `input`, and `release` at the end; a listener's fire `change` alone."""
    page.wait_for_timeout(300)
    HEARD.clear()
    _press(page, "move")
    assert _heard(page, lambda count: count["change"] == 1) == [("change", [4, 0])]
    _click_map(page, 0.02, 0.02)  # there is no code
    heard = _heard(page, lambda count: count.total() == 4)
    last = heard[-1][1]
    assert last[0] < 4
    assert sorted(heard[1:]) == [("change", last), ("input", last), ("release", last)]
    _click_map(page, 0.02, 0.02)  # the same place again
    heard = _heard(page, lambda count: count.total() == 5)
    assert heard[-1] == ("release", last)
    page.locator("#one .pointer").press("Enter")  # moves it to the nearest code
    _heard(page, lambda count: count == {"select": 1, "change": 3, "input": 2, "release": 3})
    slider = page.locator("#one .sliders input").first
    slider.evaluate("""e => {
      e.value = e.max;
      for (const type of ["input", "change"]) e.dispatchEvent(new Event(type));
    }""")
    heard = _heard(page, lambda count: count == {"select": 1, "change": 4, "input": 3, "release": 4})
    assert heard[-1][1][0] == pytest.approx(float(slider.evaluate("e => e.valueAsNumber")), abs=1e-3)


@pytest.mark.parametrize("button", ["clear", "nothing"])
def test_none_returns_the_pointer_to_its_start(page: Any, button: str) -> None:
    start = page.locator("#one .sliders output").all_inner_texts()
    _press(page, "bare value")
    _values(page, "#one", "v[0] === 0 && v[1] === 4")
    _press(page, "skip")
    page.wait_for_timeout(300)
    _values(page, "#one", "v[0] === 0 && v[1] === 4")
    _press(page, button)
    _values(page, "#one", "v[1] !== 4")
    assert page.locator("#one .sliders output").all_inner_texts() == start


def test_the_label(page: Any) -> None:
    label = page.locator("#one > label[data-testid=block-label]")
    assert label.inner_text().strip() == "First"
    _press(page, "another label")
    page.locator("#one > label", has_text="Second").wait_for(timeout=WAIT)
    _press(page, "no label")
    label.wait_for(state="detached", timeout=WAIT)
    _press(page, "a label again")
    label.wait_for(timeout=WAIT)
    page.get_by_role("tab", name="behind").click()
    page.locator(f"#behind {READY}").wait_for(timeout=WAIT)
    assert page.locator("#behind > label:visible").count() == 0  # without a label none is shown


def test_updates_of_id_class_sliders_language_and_model(page: Any) -> None:
    assert "mine" in page.locator("#one").get_attribute("class")
    _press(page, "another class")
    page.locator("#one.theirs").wait_for(timeout=WAIT)
    _press(page, "seven")
    page.locator(f"#one {READY} >> nth=0").wait_for(timeout=WAIT)
    _values(page, "#one", "v.length === 7")
    _press(page, "Chinese")
    page.locator("#one .map-side b", has_text="潛在空間地圖").wait_for(timeout=WAIT)
    _press(page, "no sliders")
    page.locator("#one .sliders label").first.wait_for(state="detached", timeout=WAIT)
    assert page.locator("#one .axes").is_visible()
    _press(page, "another id")
    page.locator(f"#two {READY}").wait_for(timeout=WAIT)


def test_examples_are_pictures(page: Any) -> None:
    pictures = page.locator("#examples img")
    assert pictures.count() == 2
    assert pictures.first.evaluate("i => i.complete && i.naturalWidth") == 8
    assert pictures.first.get_attribute("alt") == "(4.00, 0.00)"
    pictures.nth(1).click()
    _values(page, "#one", "v[0] === 0 && v[1] === 4")


def test_in_a_tab_hidden_at_first(page: Any) -> None:
    page.get_by_role("tab", name="behind").click()
    page.locator(f"#behind {READY}").wait_for(timeout=WAIT)
    assert page.locator("#behind .map canvas").first.evaluate("c => c.width") > 100
    _click_map(page, 0.5, 0.5, "#behind")


def test_in_render(page: Any) -> None:
    page.locator(f"#rendered-0 {READY}").wait_for(timeout=WAIT)
    _click_map(page, 0.9, 0.9, "#rendered-0")
    box = page.locator("#rendered-heard-0 textarea")
    page.wait_for_function("box => box.value.startsWith('[')", arg=box.element_handle(), timeout=WAIT)
    number = page.locator("input[type=number]").last
    number.fill("2")
    number.press("Enter")
    page.locator(f"#rendered-1 {READY}").wait_for(timeout=WAIT)
    page.locator(f"#rendered-0 {READY}").wait_for(timeout=WAIT)


def test_after_a_reload_it_starts_anew(browser: Any, address: str) -> None:
    """Gradio reports its own requests that a reload breaks off, so the console is not looked at here."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator(f"#one {READY}").wait_for(timeout=WAIT)
    start = page.locator("#one .sliders output").all_inner_texts()
    _press(page, "move")
    _values(page, "#one", "v[0] === 4")
    page.reload()
    page.locator(f"#one {READY}").wait_for(timeout=WAIT)
    assert page.locator("#one .sliders output").all_inner_texts() == start
    page.close()


def test_loaded_by_name_and_given_a_picture(
    browser: Any, models: dict[str, Autoencoder], tmp_path: Path
) -> None:
    """In Blocks that `gr.load` has from somebody's registry; the picture comes from a `gr.Image`."""
    image = Image.new("RGB", (40, 30), "black")
    image.paste((255, 255, 255), (10, 10, 20, 20))
    image.save(tmp_path / "picture.png")

    def registry(name: str, token: str | None = None, **options: Any) -> Any:
        with gr.Blocks() as demo:
            given = gr.Image(type="pil", elem_id="given")
            explorer = _explorer(models[name], elem_id="loaded", **options)
            given.change(explorer.show_picture, given, explorer)
        return demo

    demo = gr.load("plane", src=registry, language="zh-TW")
    port = free_port()
    demo.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False
    )
    page = browser.new_page(viewport={"width": 1280, "height": 1200})
    wrong = watch(page)
    page.goto(f"http://127.0.0.1:{port}/")
    page.locator(f"#loaded {READY}").wait_for(timeout=WAIT)
    assert page.locator("#loaded .map-side b").first.inner_text() == "潛在空間地圖"
    page.locator("#given input[type=file]").set_input_files(tmp_path / "picture.png")
    page.locator("#loaded .yours").wait_for(timeout=WAIT)
    page.locator("#given").get_by_role("button", name=re.compile("clear|remove", re.I)).first.click()
    page.locator("#loaded .yours").wait_for(state="hidden", timeout=WAIT)
    page.close()
    close(demo)
    assert wrong == []


def test_in_an_interface(browser: Any, models: dict[str, Autoencoder], tmp_path: Path) -> None:
    """As input it is moved, cleared and flagged; as output it is read only."""
    demo = gr.Interface(
        lambda value: [value[1], value[0]],
        _explorer(models["plane"], elem_id="in"),
        _explorer(models["plane"], elem_id="out"),
        flagging_mode="manual",
        flagging_dir=str(tmp_path),
    )
    port = free_port()
    demo.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False
    )
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong = watch(page)
    page.goto(f"http://127.0.0.1:{port}/")
    for place in ("in", "out"):
        page.locator(f"#{place} {READY}").wait_for(timeout=WAIT)
    start = page.locator("#in .sliders output").all_inner_texts()
    assert page.locator("#out .sliders input:disabled").count() == 2
    assert page.locator("#in > label").inner_text().strip() == "value"  # the parameter's name
    _click_map(page, 0.98, 0.02, "#in")
    moved = page.locator("#in .sliders output").all_inner_texts()
    assert moved != start
    page.wait_for_timeout(300)  # the value is told
    _press(page, "Submit")
    _values(page, "#out", f"v[0] === {moved[1].replace('−', '-')}")
    _press(page, "Flag")
    page.wait_for_timeout(1000)
    rows = next(tmp_path.rglob("dataset*.csv")).read_text("utf-8").splitlines()
    assert len(rows) == 2
    _press(page, "Clear")
    page.wait_for_function(
        "start => document.querySelector('#in .sliders output').textContent === start", arg=start[0]
    )
    page.close()
    close(demo)
    assert wrong == []
