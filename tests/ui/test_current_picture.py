"""One current picture for the whole app: given once, it goes along to every tab and every model."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _pair import save_pair
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 20_000  # milliseconds
PASTE = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.body.dispatchEvent(pasted);
}"""


@pytest.fixture
def picture(tmp_path: Path) -> Any:
    """The component, with a folder for uploads of its own."""
    from diabolo.ui.parts.picture import CurrentPicture

    made = CurrentPicture("en", render=False)
    made.GRADIO_CACHE = str(tmp_path)
    return made


def test_what_a_listener_receives(picture: Any, tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "photo.png")
    photo = str(tmp_path / "photo.png")
    data = "data:image/png;base64," + base64.b64encode((tmp_path / "photo.png").read_bytes()).decode()
    assert picture.preprocess(None).kind == "example"
    assert picture.preprocess({"kind": "empty"}).source is None
    drawn = picture.preprocess({"kind": "drawing", "data": data})
    assert (drawn.kind, drawn.source.mode, drawn.source.size) == ("drawing", "RGB", (4, 4))
    sent = picture.preprocess({"kind": "upload", "file": photo, "words": "by a stranger"})
    assert (sent.source, sent.words) == (photo, "")
    assert picture.preprocess({"kind": "sample", "file": photo, "words": "a code"}).words == "a code"


@pytest.mark.parametrize(
    "value",
    [
        7,
        {},
        {"kind": "photo"},
        {"kind": "upload"},
        {"kind": "upload", "file": 7},
        {"kind": "upload", "file": __file__},  # outside the folder for uploads
        {"kind": "sample", "file": "../../etc/passwd"},
        {"kind": "drawing", "data": "data:image/png;base64,AAAA"},
    ],
)
def test_what_no_page_sends(picture: Any, value: Any) -> None:
    with pytest.raises(ImageError):
        picture.preprocess(value)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    drawn = {"drawing": {"box": 6, "centre": "mass"}}
    noise = {"kind": "gaussian", "level": [0.1, 0.5]}
    save_coded(folder / "plane")
    save_pair(folder / "plain", latent_shape=(8,), image=drawn, metrics={"ssim": 0.9, "mse": 0.01})
    save_pair(folder / "noisy", latent_shape=(8,), image=drawn, noise=noise)
    save_pair(folder / "large", image_shape=(1, 16, 16), latent_shape=(8,))
    names = ("plane", "plain", "noisy", "large")
    return {name: Autoencoder.load(folder / name, device="cpu") for name in names}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


@pytest.fixture(params=[(1280, "en-US"), (390, "zh-TW")], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    width, locale = request.param
    page = new_page(browser, viewport={"width": width, "height": 900}, locale=locale)
    wrong = watch(page)
    page.goto(address)
    page.locator(".reconstruct-result img").wait_for(timeout=WAIT)  # no tab opens on empty boxes
    page.locator(".model-line p").first.wait_for(timeout=WAIT)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert wrong == []


def stroke(page: Any, *places: tuple[float, float]) -> None:
    canvas = page.locator(".sketch canvas:visible").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    (x, y), *others = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in places]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def open_tab(page: Any, title: str) -> None:
    tab = page.locator(".main-tabs > .tab-wrapper").get_by_role("tab", name=re.compile(f"^({title})$"))
    tab.first.click()


def choose(page: Any, name: str) -> None:
    page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).first.click()
    page.get_by_role("option", name=name, exact=True).click()


def steps(page: Any, words: str) -> None:
    """Wait for what was done to the picture, in the open tab."""
    page.locator(".block.steps:visible", has_text=re.compile(words)).first.wait_for(timeout=WAIT)


def model(page: Any) -> str:
    return str(page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).first.input_value())


DRAWN = "centred as the training|比照訓練影像"
EXAMPLE = "An example|這是範例"


def test_a_drawing_goes_along_to_tabs_and_models(page: Any) -> None:
    steps(page, EXAMPLE)
    stroke(page, (0.3, 0.3), (0.3, 0.7), (0.7, 0.7))
    steps(page, DRAWN)
    for tab in ("Denoise|去雜訊", "Compare|比較", "Inside|內部", "Interpolate|內插"):
        open_tab(page, tab)
        steps(page, DRAWN)
    open_tab(page, "Reconstruct|重建")
    choose(page, "large")
    steps(page, "16 x 16")
    assert page.locator(".sheet.blank").count() == 0


def test_an_upload_a_paste_and_a_sample_go_along(page: Any, tmp_path: Path) -> None:
    """And none of them throws another away: there is a way back to one's own pictures."""
    stroke(page, (0.3, 0.3), (0.3, 0.7))
    steps(page, DRAWN)
    values = np.random.default_rng(2).integers(0, 100, (20, 40), np.uint8)
    Image.fromarray(values).save(tmp_path / "wide.png")
    page.get_by_role("tab", name=re.compile("^(Upload or paste|上傳或貼上)$")).first.click()
    page.locator(".upload:visible input[type=file]").set_input_files(tmp_path / "wide.png")
    steps(page, "20 x 20")
    open_tab(page, "Denoise|去雜訊")
    steps(page, "20 x 20")
    page.get_by_role("button", name=re.compile("^(Fetch a sample|取一個樣本)$")).first.click()
    steps(page, "stored code|drawn from|存好的編碼|抽樣")
    page.locator(".back button[data-kind=drawing]").click()
    steps(page, DRAWN)
    pad = page.locator(".pad [role=tab]")
    page.locator(".pad [role=tab]:first-child[aria-selected=true]").wait_for(timeout=WAIT)  # it is shown, too
    pad.nth(1).click()  # and what is opened becomes the current one
    steps(page, "20 x 20")
    pad.nth(0).click()
    steps(page, DRAWN)
    page.locator(".back button[data-kind=upload]").click()
    steps(page, "20 x 20")
    page.locator(".pad [role=tab]:nth-child(2)[aria-selected=true]").wait_for(timeout=WAIT)
    Image.fromarray(values.T[:30]).save(tmp_path / "pasted.png")
    page.evaluate(PASTE, base64.b64encode((tmp_path / "pasted.png").read_bytes()).decode())
    open_tab(page, "Reconstruct|重建")
    steps(page, "20 x 20")
    page.wait_for_function("document.querySelector('.upload img')?.naturalHeight === 30", timeout=WAIT)


def test_what_is_fetched_late_replaces_nothing_given_since(
    browser: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.parts.context import Context

    page, slow, stored = browser.new_page(locale="en-US"), [2.0], Context.stored
    ended: list[float] = []

    def late(*given: Any) -> Any:
        time.sleep(slow[0])
        made = stored(*given)
        ended.append(slow[0])
        return made

    page.goto(address)
    steps(page, EXAMPLE)
    monkeypatch.setattr(Context, "stored", late)
    page.get_by_role("button", name="Fetch a sample").first.click()
    stroke(page, (0.3, 0.3), (0.3, 0.7))
    steps(page, DRAWN)
    while not ended:
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    steps(page, DRAWN)
    slow[0] = 0
    page.get_by_role("button", name="Fetch a sample").first.click()
    steps(page, "stored code|drawn from")
    page.close()


def test_a_cleared_drawing_leaves_no_picture(page: Any) -> None:
    stroke(page, (0.3, 0.3), (0.3, 0.7))
    steps(page, DRAWN)
    page.get_by_role("button", name=re.compile("^(Clear|清除)$")).first.click()
    steps(page, "Draw something|請先畫點東西")
    page.locator(".reconstruct-result img").wait_for(state="detached", timeout=WAIT)


def test_each_tab_shows_its_suitable_model_until_one_is_chosen(page: Any) -> None:
    assert model(page) == "plain"
    suits = page.locator(".model-line p", has_text=re.compile("suits this tab|依分頁自動挑選"))
    suits.first.wait_for(timeout=WAIT)
    page.locator(".head [role=combobox]").focus()
    page.keyboard.press("Tab")  # passing the list is not choosing
    open_tab(page, "Denoise|去雜訊")
    page.wait_for_function("[...document.querySelectorAll('input')].some((one) => one.value === 'noisy')")
    open_tab(page, "Explore|探索")
    page.wait_for_function("[...document.querySelectorAll('input')].some((one) => one.value === 'plane')")
    choose(page, "large")
    suits.first.wait_for(state="detached", timeout=WAIT)
    for tab in ("Denoise|去雜訊", "Explore|探索", "Reconstruct|重建"):
        open_tab(page, tab)
        page.wait_for_timeout(300)
        assert model(page) == "large"


def test_a_model_that_was_not_trained_on_noise_offers_one_that_was(page: Any) -> None:
    choose(page, "plain")
    choose(page, "large")
    open_tab(page, "Denoise|去雜訊")
    page.locator(".denoise-note button[data-name=noisy]").click()
    page.locator(".denoise-note", has_text=re.compile("was trained to remove|訓練時學的是")).first.wait_for(
        timeout=WAIT
    )
    assert model(page) == "noisy"
    open_tab(page, "Reconstruct|重建")
    page.wait_for_timeout(300)
    assert model(page) == "noisy"  # which was a choice


def test_only_the_open_tab_asks(page: Any) -> None:
    """Every tab was opened, so all of them are on the page."""
    for tab in ("Denoise|去雜訊", "Compare|比較", "Inside|內部", "Generate|生成", "Reconstruct|重建"):
        open_tab(page, tab)
        page.wait_for_timeout(1500)
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if it.method == "POST" else None)
    choose(page, "large")
    steps(page, EXAMPLE)
    page.wait_for_function(
        "document.querySelector('.reconstruct-result img')?.naturalWidth === 16", timeout=WAIT
    )
    page.wait_for_timeout(1500)
    assert len(sent) == 2  # the line under the title, and the open tab


LOST = """
const fetched = window.fetch;
window.lost = 0;
window.fetch = async (...asked) => {
  const body = asked[1]?.body ?? "";
  if (window.lose && String(asked[0]?.url ?? asked[0]).includes("/queue/join") && body.includes("plain")) {
    window.lose = false;
    window.lost += 1;
    return Response.json({ event_id: "lost" });
  }
  return fetched(...asked);
};
"""


def test_a_call_that_is_lost_is_made_again(browser: Any, address: str) -> None:
    """The server never hears of it; the page waits for ten seconds, then asks again."""
    page = browser.new_page(locale="en-US")
    page.add_init_script(LOST)
    page.goto(address)
    steps(page, EXAMPLE)
    page.evaluate("window.lose = true")
    stroke(page, (0.3, 0.3), (0.3, 0.7))
    page.wait_for_function("window.lost === 1", timeout=WAIT)
    steps(page, DRAWN)
    page.close()
