"""No error is silent: whatever fails on the server, the page says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, new_page
from _coded import save_coded
from _served import served
from _zipped import change

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
LOGGED = "Something went wrong in the app"


def fail(*_given: object, **_more: object) -> Any:
    raise ValueError("a bug")


def crash(*_given: object, **_more: object) -> Any:
    raise KeyError("a bug")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("listed")
    with served(change(save_coded(folder / "plane"), name="plane"), device="cpu") as address:
        yield address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)
    yield page
    page.close()


def open_tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).first.click()


def fetch(page: Any) -> None:
    page.locator("button:visible", has_text="Fetch a sample").first.click()


def test_a_tab_s_event(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.ui.tabs.generate.page._generate", fail)
    open_tab(page, "Generate")
    page.locator(".toast-body", has_text=LOGGED).first.wait_for(timeout=WAIT)


def test_the_button_that_fetches_a_sample(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.ui.parts.picture_input.fetched", fail)
    fetch(page)
    page.locator(".toast-body", has_text=LOGGED).first.wait_for(timeout=WAIT)


def test_the_line_that_describes_the_model(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.ui.parts.context.Context.describe", fail)
    page.reload()
    page.locator(".toast-body", has_text=LOGGED).first.wait_for(timeout=WAIT)


@pytest.mark.parametrize(("error", "said"), [(fail, "invalid value: a bug"), (crash, LOGGED)])
def test_the_explorer_of_a_model(page: Any, monkeypatch: pytest.MonkeyPatch, error: Any, said: str) -> None:
    monkeypatch.setattr("diabolo.ui.explorer.backend.Backend.about", error)
    open_tab(page, "Explore")
    page.locator(".explorer .problem", has_text=said).first.wait_for(timeout=WAIT)


@pytest.mark.parametrize(("error", "said"), [(fail, "invalid value: a bug"), (crash, LOGGED)])
def test_the_visitor_s_picture_in_the_explorer(
    page: Any, monkeypatch: pytest.MonkeyPatch, error: Any, said: str
) -> None:
    monkeypatch.setattr("diabolo.ui.explorer.backend.Backend.picture", error)
    fetch(page)
    open_tab(page, "Explore")
    page.locator(".explorer .yours .problem:visible", has_text=said).wait_for(timeout=WAIT)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("explorer_script", "The server did not answer. Reload the page."),
        ("explorer_open", "The server did not answer. Reload the page."),
        ("explorer_picture", "The server did not answer. Move the pointer to try again."),
    ],
)
def test_a_function_of_the_explorer_that_is_refused(page: Any, function: str, said: str) -> None:
    """Such as by a proxy, or by a server that was restarted and knows nothing of the page."""
    refused = '{"detail": "refused"}'

    def answer(route: Any) -> None:
        if route.request.post_data_json["fn_name"] == function:
            route.fulfill(status=503, content_type="application/json", body=refused)
        else:
            route.continue_()

    page.route("**/component_server/**", answer)
    fetch(page)
    open_tab(page, "Explore")
    page.locator(".explorer .problem:visible", has_text=said).first.wait_for(timeout=WAIT)


def test_on_a_chinese_page_all_of_them_begin_in_chinese(
    browser: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of an event's function, of a component before it, and of the explorer."""
    monkeypatch.setattr("diabolo.ui.tabs.generate.page._generate", fail)
    monkeypatch.setattr("diabolo.ui.explorer.backend.Backend.about", fail)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    page = new_page(browser, locale="zh-TW", viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)
    page.get_by_role("tab", name="上傳或貼上").first.click()
    page.locator("input[type=file]").first.set_input_files(str(broken))
    page.locator(".toast-body", has_text="這張影像無法使用。原因：").first.wait_for(timeout=WAIT)
    open_tab(page, "生成")
    page.locator(".toast-body", has_text=f"詳細情形記在伺服器的紀錄裡。原因：{LOGGED}").first.wait_for(
        timeout=WAIT
    )
    open_tab(page, "探索")
    page.locator(".explorer .problem", has_text="這個動作沒有成功。原因：").first.wait_for(timeout=WAIT)
    page.close()
