"""The example's static page in a real Chromium: golden check, drawing, latent plane; no stranger is asked."""

from __future__ import annotations

import base64
import functools
import io
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import started, watch
from _examples import EXAMPLES, damaged, needs_modules, picture
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.convert import to_uint8

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

WAIT = 60  # seconds


@pytest.fixture(scope="module")
def site(bundles: dict[str, Path], spatial: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A folder with the page and two bundles, served as `python3 -m http.server` does."""
    needs_modules("browser")
    root = tmp_path_factory.mktemp("site")
    for name, target in {"page": EXAMPLES / "browser", "vae": bundles["vae"], "spatial": spatial}.items():
        (root / name).symlink_to(target, target_is_directory=True)

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
    """Opens the page; afterwards: no error in the console, no request to anybody else."""
    contexts, wrong = [], []

    def open_page(query: str = "", **settings: Any) -> Any:
        contexts.append(browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB"} | settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * WAIT)
        wrong.append(watch(page, ("error", "warning")))
        page.goto(site + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not any(wrong), wrong


@pytest.fixture(params=["vae", "spatial"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(name: str, bundles: dict[str, Path], spatial: Path) -> Autoencoder:
    return Autoencoder.load(spatial if name == "spatial" else bundles[name], device="cpu")


def pixels(page: Any, canvas: str) -> NDArray[np.int16]:
    """The RGB values of a canvas, (height, width, 3)."""
    url = page.locator(f"#{canvas}").evaluate("canvas => canvas.toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as opened:
        return np.asarray(opened.convert("RGB"), np.int16)


def shows(page: Any, wanted: NDArray[np.float32], canvas: str = "picture") -> None:
    """The canvas comes to show one of the images (n, channels, height, width), within two levels of 255."""
    images = to_uint8(wanted).astype(np.int16)
    end = time.monotonic() + WAIT
    while (far := np.abs(pixels(page, canvas)[None] - images).max(axis=(1, 2, 3)).min()) > 2:
        assert time.monotonic() < end, f"#{canvas} is {far} levels off"
        time.sleep(0.05)


def drag(page: Any, canvas: str, *path: tuple[float, float]) -> None:
    page.locator(f"#{canvas}").scroll_into_view_if_needed()
    box = page.locator(f"#{canvas}").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


def moved(page: Any, model: Autoencoder, latent: NDArray[np.float32]) -> NDArray[np.float32]:
    """The latent with the two dimensions of the plane as the page says that they are."""
    shown = [float(n.replace("−", "-")) for n in page.locator("#position").inner_text().split(", ")]
    out = latent.ravel().copy()
    for field, value in zip(("across", "up"), shown, strict=True):
        out[int(page.locator(f"#{field}").input_value())] = value
    return out.reshape(1, *model.manifest.latent_shape)


def test_the_golden_check(visit: Callable[..., Any], name: str, model: Autoencoder) -> None:
    page = visit(f"?bundle=../{name}")
    page.wait_for_selector("#golden[data-state=ok]")
    tolerance = model.manifest.golden.tolerance["wasm"]
    assert tolerance == model.manifest.golden.tolerance["cpu"]
    assert float(page.locator("#worst").inner_text()) <= tolerance
    page.locator("#golden summary").click()
    facts = page.locator("#facts").inner_text()
    assert "model.json, encoder.onnx, decoder.onnx, codes.npz fit" in facts
    assert f"{tolerance:.0e}".replace("e-0", "e-") in facts


def test_drawing(visit: Callable[..., Any], name: str, model: Autoencoder) -> None:
    page = visit(f"?bundle=../{name}")
    page.wait_for_selector("#golden[data-state]")
    before = pixels(page, "draw")
    drag(page, "draw", (0.2, 0.3), (0.8, 0.3), (0.5, 0.8))
    drawn = pixels(page, "draw")
    assert np.abs(drawn - before).max() > 60
    channels = model.manifest.image_shape[0]
    image = (drawn[..., :channels].transpose(2, 0, 1)[None] / 255).astype(np.float32)
    wanted = model.reconstruct(image)
    shows(page, wanted)
    assert page.locator("#result").inner_text() == "Reconstruction"
    mse = re.search(r"[\d.]+$", page.locator("#figure").inner_text())
    assert mse is not None
    assert float(mse[0]) == pytest.approx(np.square(wanted - image).mean(), abs=1e-4)
    page.locator("#error").check()
    page.wait_for_selector("#error-map", state="visible")


def test_the_latent_plane(visit: Callable[..., Any], name: str, model: Autoencoder) -> None:
    page = visit(f"?bundle=../{name}")
    page.wait_for_selector("#golden[data-state]")
    assert model.codes is not None
    latent = model.codes.latents[0]
    shows(page, model.decode(latent))
    before = pixels(page, "picture")
    drag(page, "plane", (0.5, 0.5), (0.9, 0.1))
    corner = moved(page, model, latent)
    shows(page, model.decode(corner))
    assert np.abs(pixels(page, "picture") - before).max() > 10
    page.locator("#plane").press("Shift+ArrowLeft")
    page.locator("#plane").press("ArrowDown")
    after = moved(page, model, latent)
    assert ((after <= corner) & ((after < corner) == (after != corner))).all()
    assert (after < corner).sum() == 2
    shows(page, model.decode(after))
    page.locator("#tiles").check()  # pictures behind the marker
    page.locator("#average").click()
    shows(page, model.decode(model.manifest.latent_mean))


def test_a_class_and_a_fader(visit: Callable[..., Any], bundles: dict[str, Path]) -> None:
    model = Autoencoder.load(bundles["vae"], device="cpu")
    codes, page = model.codes, visit("?bundle=../vae")
    assert codes is not None
    assert codes.labels is not None
    page.locator("#classes button", has_text=model.manifest.classes[1]).click()
    shows(page, model.decode(codes.latents[codes.labels == 1]))
    before = pixels(page, "picture")
    page.locator("#faders input").first.press("End")
    page.wait_for_timeout(300)
    assert np.abs(pixels(page, "picture") - before).max() > 5
    page.locator("#random").click()
    page.wait_for_timeout(300)
    assert page.locator("#faders label").count() == 6


def test_a_picture_from_a_file(
    visit: Callable[..., Any], name: str, model: Autoencoder, tmp_path: Path
) -> None:
    page = visit(f"?bundle=../{name}")
    page.wait_for_selector("#golden[data-state]")
    page.locator("#upload").set_input_files(picture(tmp_path / "drawing.png"))
    page.wait_for_selector(".drawn #draw")
    drawn = pixels(page, "draw")
    border = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]]).mean() / 255
    assert (border > 0.5) == (model.manifest.background > 0.5)  # a bright picture for a dark ground
    channels = model.manifest.image_shape[0]
    shows(page, model.reconstruct((drawn[..., :channels].transpose(2, 0, 1)[None] / 255).astype(np.float32)))


def test_a_folder_files_and_a_zip(
    visit: Callable[..., Any], bundles: dict[str, Path], tmp_path: Path
) -> None:
    zipped = tmp_path / "vae.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in bundles["vae"].iterdir():
            archive.write(path, f"vae/{path.name}")
    for field, files in (
        ("folder", bundles["vae"]),
        ("files", list(bundles["vae"].iterdir())),
        ("files", zipped),
    ):
        page = visit()
        page.locator(f"#{field}").set_input_files(files)
        page.wait_for_selector("#golden[data-state=ok]")
        shows(page, Autoencoder.load(bundles["vae"], device="cpu").decode(_first(bundles["vae"])))


def _first(bundle: Path) -> NDArray[np.float32]:
    codes = Autoencoder.load(bundle, device="cpu").codes
    assert codes is not None
    return codes.latents[0]


@pytest.mark.parametrize("file", ["model.json", "encoder.onnx", "codes.npz"])
def test_a_changed_file_is_refused(
    visit: Callable[..., Any], bundles: dict[str, Path], file: str, tmp_path: Path
) -> None:
    page = visit()
    page.locator("#files").set_input_files(list(damaged(bundles["vae"], file, tmp_path).iterdir()))
    page.locator("#message", has_text=f"The bundle cannot be used: {file}").wait_for()
    assert not page.locator("#stage").is_visible()
    page.locator("#language").click()
    page.locator("#message", has_text="無法使用這個模型").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chinese_on_a_telephone(visit: Callable[..., Any], scheme: str) -> None:
    size = {"width": 390, "height": 844}
    page = visit("?bundle=../vae", locale="zh-TW", viewport=size, has_touch=True, color_scheme=scheme)
    page.get_by_role("heading", name="潛在空間").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before = pixels(page, "picture")
    box = page.locator("#plane").bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.9 * box["height"])
    page.wait_for_timeout(300)
    assert np.abs(pixels(page, "picture") - before).max() > 5
    page.locator("#language").click()
    page.get_by_role("heading", name="Latent plane").wait_for()
