"""The example's static page with a model of any size, in a real Chromium: a photograph at its own size."""

from __future__ import annotations

import base64
import functools
import io
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import started, watch
from _examples import EXAMPLES, needs_modules, photograph, processed, save_any_size
from numpy.typing import NDArray
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

WAIT = 60  # seconds
BUNDLES: dict[str, dict[str, Any]] = {"grey": {"channels": 1}, "rgb": {}, "wrong": {"wrong": 0.1}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page and bundles."""
    needs_modules("browser")
    folder = tmp_path_factory.mktemp("site")
    (folder / "page").symlink_to(EXAMPLES / "browser", target_is_directory=True)
    for name, options in BUNDLES.items():
        save_any_size(folder / name, **options)
    return folder


@pytest.fixture(scope="module")
def site(root: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(site: str) -> Iterator[Any]:
    with started() as running:
        yield running


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Opens the page with a bundle; afterwards: no error in the console, no request to anybody else."""
    contexts, wrong = [], []

    def open_page(name: str, query: str = "", **settings: Any) -> Any:
        contexts.append(browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB"} | settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * WAIT)
        wrong.append(watch(page, ("error", "warning")))
        page.goto(f"{site}?bundle=../{name}{query}")
        page.wait_for_selector("#golden[data-state]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not any(wrong), wrong


def result(page: Any) -> NDArray[np.int16]:
    """RGBA of the result, (height, width, 4), once it is complete."""
    page.wait_for_selector("#viewer[data-state=done]")
    url = page.locator("#after").evaluate("canvas => canvas.toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as opened:
        return np.asarray(opened.convert("RGBA"), np.int16)


@pytest.mark.parametrize("name", ["grey", "rgb"])
def test_the_results_are_those_of_python(
    visit: Callable[..., Any], root: Path, name: str, tmp_path: Path
) -> None:
    page = visit(name)
    assert page.locator("#golden").get_attribute("data-state") == "ok"
    assert not page.locator("#stage").is_visible()
    photos = [((1, 1), "RGB"), ((3, 2), "L"), ((71, 33), "RGB"), ((2, 300), "RGB")]
    if name == "rgb":
        photos += [((900, 400), "RGB")]  # six tiles
    for size, mode in photos:
        source = photograph(tmp_path / f"{size[0]}.png", *size, mode)
        page.locator("#photo-file").set_input_files(source)
        page.locator("#photo-message", has_text=f"{size[0]} × {size[1]} · computed in").wait_for()
        found = result(page)
        assert found.shape == (size[1], size[0], 4)
        assert np.abs(found[..., :3] - processed(root / name, source)).max() <= 1, size
        assert (found[..., 3] == 255).all()


def test_both_golden_images_are_checked(visit: Callable[..., Any]) -> None:
    page = visit("wrong")
    assert page.locator("#golden").get_attribute("data-state") == "off"
    assert float(page.locator("#worst").inner_text()) == pytest.approx(0.1, rel=0.05)


def test_a_photograph_is_upright_and_saved_at_its_size(
    visit: Callable[..., Any], root: Path, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    lying = np.zeros((40, 60, 3), np.uint8)
    lying[:20, :20] = 255
    Image.fromarray(lying).save(tmp_path / "phone.jpg", quality=95, exif=exif)
    page = visit("rgb")
    page.locator("#photo-file").set_input_files(tmp_path / "phone.jpg")
    found = result(page)
    assert found.shape == (60, 40, 4)
    assert found[5:15, 25:35, :3].min() > 240
    assert found[5:15, 5:15, :3].max() < 15
    for button, kind in (("save-jpeg", "JPEG"), ("save-png", "PNG")):
        with page.expect_download() as saved:
            page.locator(f"#{button}").click()
        assert saved.value.suggested_filename == f"phone-by-hand.{'jpg' if kind == 'JPEG' else 'png'}"
        with Image.open(saved.value.path()) as opened:
            assert (opened.format, opened.size) == (kind, (40, 60))
            assert np.abs(np.asarray(opened.convert("RGB"), np.int16) - found[..., :3]).mean() < 3


def test_cancelled_and_started_again(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("rgb")
    page.locator("#photo-file").set_input_files(photograph(tmp_path / "photo.png", 3000, 2400))
    page.locator("#photo-message", has_text=re.compile(r"tile \d+ of")).wait_for()
    page.locator("#cancel").click()
    page.locator("#photo-message", has_text="Cancelled").wait_for()
    assert not page.locator("#save").is_visible()
    page.wait_for_timeout(300)
    assert page.locator("#photo-message").inner_text() == "Cancelled."
    # another photograph takes the place of one that is being computed
    page.locator("#again").click()
    page.locator("#photo-message", has_text=re.compile(r"tile \d+ of")).wait_for()
    page.locator("#photo-file").set_input_files(photograph(tmp_path / "small.png", 40, 30))
    assert result(page).shape == (30, 40, 4)


def test_not_a_picture(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("rgb")
    (tmp_path / "notes.png").write_text("none")
    page.locator("#photo-file").set_input_files(tmp_path / "notes.png")
    page.locator("#photo-message", has_text="notes.png is not a picture").wait_for()
    page.locator("#language").click()
    page.locator("#photo-message", has_text="無法讀取 notes.png").wait_for()


def test_the_divider_and_the_zoom(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("rgb")
    page.locator("#photo-file").set_input_files(photograph(tmp_path / "photo.png", 400, 300))
    result(page)
    divider = page.locator("#divider")
    divider.press("Home")
    assert divider.get_attribute("aria-valuenow") == "0"
    divider.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "2"
    box = page.locator("#viewer").bounding_box()
    page.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "75"

    def zoom() -> float:
        return float(page.locator("#zoom").inner_text().removesuffix(" %"))

    fitted = zoom()
    page.locator("#zoom-in").click()
    assert zoom() == pytest.approx(1.5 * fitted, abs=1)
    places = "[...document.querySelectorAll('.sheet')].map(sheet => sheet.style.transform)"
    before = page.evaluate(places)
    assert before[0] == before[1]
    page.locator("#viewer").press("ArrowDown")
    after = page.evaluate(places)
    assert after[0] == after[1] != before[0]
    page.locator("#viewer").press("0")
    assert zoom() == fitted


def test_on_a_telephone(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("rgb", "&lang=zh", viewport={"width": 390, "height": 844}, has_touch=True)
    page.locator("#photo-file").set_input_files(photograph(tmp_path / "photo.png", 400, 300))
    result(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#save-jpeg").is_visible()
