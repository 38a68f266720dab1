"""What a page shows in the end belongs to what was chosen last, however late an answer comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _pair import save_pair
from _served import launched, served

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds


class Slow:
    """Answers that wait, one by one, until the test lets them go."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.held = threading.Event()

    def answer(self, level: float) -> tuple[Any, str]:
        self.asked.append(level)
        if level == 10:
            raise gr.Error("no more than 9")
        if len(self.asked) == 2:  # the first answers at once, when the page is opened
            self.held.wait(20)
        return gr.skip(), f"level {level:g}"


@pytest.fixture(scope="module")
def slow() -> Slow:
    return Slow()


@pytest.fixture(scope="module")
def address(slow: Slow) -> Iterator[str]:
    from diabolo.ui.parts.picture import CurrentPicture
    from diabolo.ui.parts.refresh import refresh, wanted

    with gr.Blocks() as demo:
        chooser = gr.Dropdown(["a", "b"], value="a")
        picture = CurrentPicture("en")
        owned = gr.Textbox("", visible=False)
        context: Any = SimpleNamespace(
            chooser=chooser, picture=picture, picture_component=picture, owned=owned, marks={}
        )
        level = gr.Slider(0, 10, value=3, step=1, elem_id="level")
        shown = gr.Markdown(elem_id="shown")
        refresh(context, slow.answer, [level], [level, shown], [level.input])
        wanted(context)
    with launched(demo) as address:
        yield address


def until_shown(page: Any, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('#shown')?.innerText.trim() === words", arg=words, timeout=WAIT
    )


def test_a_late_answer_neither_stays_nor_takes_a_choice_back(browser: Any, address: str, slow: Slow) -> None:
    page = new_page(browser)
    wrong = watch(page)
    page.goto(address)
    until_shown(page, "level 3")
    page.locator("#level input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    deadline = time.monotonic() + 20
    while len(slow.asked) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert slow.asked == [3, 4]  # one call at a time
    slow.held.set()
    until_shown(page, "level 7")
    assert page.locator("#level input[type=range]").input_value() == "7"
    assert slow.asked == [3, 4, 7]
    page.wait_for_timeout(300)
    assert slow.asked == [3, 4, 7]
    # an error is an answer, too: it is not asked again, and the next choice is asked at once
    page.keyboard.press("End")
    page.get_by_text("no more than 9").first.wait_for(timeout=WAIT)
    page.keyboard.press("ArrowLeft")
    began = time.monotonic()
    until_shown(page, "level 9")
    assert time.monotonic() - began < 9
    assert slow.asked == [3, 4, 7, 10, 9]
    assert wrong == []
    page.close()


def test_the_line_under_the_title_is_about_the_model_chosen_last(
    browser: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.parts.context import Context

    models = {
        name: Autoencoder.load(save_pair(tmp_path / name, latent_shape=(size,)), device="cpu")
        for name, size in (("first", 2), ("second", 7))
    }
    described, held = Context.describe, threading.Event()

    def describe(self: Any, name: str, request: Any) -> str:
        if name == "first":
            held.wait(20)
        return described(self, name, request)

    describe.__annotations__ = described.__annotations__
    monkeypatch.setattr(Context, "describe", describe)
    with served(models, device="cpu") as address:
        page = new_page(browser)
        page.goto(address)
        page.locator(".head input[role=combobox], .head input").first.click(timeout=WAIT)
        page.get_by_role("option", name="second").click()
        page.wait_for_timeout(500)
        held.set()
        line = page.locator(".model-line").first
        line.filter(has_text="7").wait_for(timeout=WAIT)
        page.wait_for_timeout(500)
        assert "7" in line.inner_text()
        page.close()
