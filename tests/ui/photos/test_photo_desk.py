"""Photographs at their own size in Denoise and Reconstruct: endpoints, files, and the view in a browser."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _pair import save_pair
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image.photo import read_photo

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    noise = {"kind": "gaussian", "level": [0.0, 0.2]}
    save_pair(folder / "photos", any_size=True, image_shape=(3, 16, 16), noise=noise)
    save_pair(folder / "plain", latent_shape=(20,))
    return {name: Autoencoder.load(folder / name, device="cpu") for name in ("photos", "plain")}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False)


def photo(path: Path, size: tuple[int, int] = (61, 37), **more: Any) -> Path:
    """A smooth picture with noise, of an odd size."""
    width, height = size
    x, y = np.meshgrid(np.linspace(40, 200, width), np.linspace(0, 40, height))
    values = np.stack([x, x / 2 + y, 220 - x], 2) + np.random.default_rng(0).normal(0, 12, (height, width, 3))
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path, **more)
    return path


def given(path: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(path))


def opened(result: Any) -> Image.Image:
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        picture.load()
        return picture


def blurred(path: Path, model: Autoencoder) -> np.ndarray:
    values = model.reconstruct(str(path))[0].transpose(1, 2, 0)
    return np.rint(values * 255).astype(np.uint8)


def test_reconstruct_keeps_the_size(client: Any, models: dict[str, Autoencoder], tmp_path: Path) -> None:
    path = photo(tmp_path / "a.png")
    seen, result, measured, error = client.predict("photos", given(path), api_name="/reconstruct")
    assert opened(seen).size == opened(result).size == opened(error).size == (61, 37)
    assert np.array_equal(np.asarray(opened(result)), blurred(path, models["photos"]))
    assert 0 < measured["mse"] < 0.01
    assert 0 < measured["ssim"] < 1


def test_denoise_keeps_the_size(client: Any, tmp_path: Path) -> None:
    path = photo(tmp_path / "a.png", (33, 50))
    clean, noisy, result, measured = client.predict(
        "photos", given(path), "gaussian", 0.2, 1, api_name="/denoise"
    )
    assert {opened(one).size for one in (clean, noisy, result)} == {(33, 50)}
    assert measured["denoised_psnr"] > measured["noisy_psnr"]


def test_files_keep_their_size_and_kind(client: Any, models: dict[str, Autoencoder], tmp_path: Path) -> None:
    paths = [
        photo(tmp_path / "a.png"),
        photo(tmp_path / "b.JPG", (40, 24), format="JPEG", quality=95),
        photo(tmp_path / "c.tiff", (24, 40)),
        tmp_path / "broken.png",
        photo(tmp_path / "d.bmp", (16, 18)),
    ]
    paths[3].write_bytes(b"not a picture")
    archive, report, figures = client.predict("photos", list(map(given, paths)), api_name="/denoise_files")
    assert figures["denoised"] == 4
    assert [one["name"] for one in figures["skipped"]] == ["broken.png"]
    assert "broken.png" in report
    assert str(tmp_path) not in report
    with zipfile.ZipFile(archive) as found:
        found.extractall(tmp_path / "out")
        assert found.namelist() == ["a.png", "b.JPG", "c.tiff", "d.png"]
    made = {name: read_photo(tmp_path / "out" / name) for name in ("a.png", "b.JPG", "c.tiff", "d.png")}
    assert [one.size for one in made.values()] == [(61, 37), (40, 24), (24, 40), (16, 18)]
    assert [one.format for one in made.values()] == ["PNG", "JPEG", "TIFF", "PNG"]
    assert np.array_equal(made["a.png"].pixels, blurred(paths[0], models["photos"]))


def test_too_many_pixels_are_refused_by_the_header(client: Any, tmp_path: Path) -> None:
    Image.new("1", (60_000, 1_000)).save(tmp_path / "huge.png")
    with pytest.raises(Exception, match="60 million pixels; at most 50 million"):
        client.predict("photos", given(tmp_path / "huge.png"), api_name="/reconstruct")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from _chromium import started

    with started() as running:
        yield running


def open_tab(browser: Any, address: str, tab: str, **options: Any) -> tuple[Any, list[str]]:
    page = new_page(browser, **options)
    wrong = watch(page)
    page.goto(address)
    page.locator(".head input").first.click(timeout=WAIT)
    page.get_by_role("option", name="photos").click()
    page.get_by_role("tab", name=tab, exact=True).click()
    page.wait_for_selector(".photo-view:visible .photo:not(.single)", timeout=WAIT)
    return page, wrong


def upload(page: Any, path: Path) -> None:
    page.get_by_role("tab", name="Upload or paste").click()
    page.locator(".pad .upload input[type=file]").first.set_input_files(str(path))


def wait_for_size(page: Any, size: str, *, done: bool = True) -> None:
    """Until the open tab shows a picture of this size, and its result."""
    page.wait_for_function(
        """([size, done]) => [...document.querySelectorAll('.photo')].some((one) =>
          one.offsetParent && one.querySelector('.size').textContent === size
          && !(done && one.classList.contains('single')))""",
        arg=[size, done],
        timeout=WAIT,
    )


def test_divider_zoom_and_download(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Denoise")
    upload(page, photo(tmp_path / "mine.jpg", (300, 200), quality=95))
    wait_for_size(page, "300 × 200")
    assert page.locator(".photo-figures:visible").first.inner_text().startswith("Estimated noise")
    stage, edge = page.locator(".stage:visible"), page.locator(".stage:visible .edge")
    frame = stage.bounding_box()
    middle = frame["y"] + frame["height"] / 2
    page.mouse.move(frame["x"] + frame["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 4, middle, steps=5)
    page.mouse.up()
    assert edge.get_attribute("aria-valuenow") == "25"
    edge.focus()
    page.keyboard.press("ArrowRight")
    assert edge.get_attribute("aria-valuenow") == "27"
    whole = page.locator(".photo:visible output").inner_text()
    page.mouse.wheel(0, -600)
    page.wait_for_function("document.querySelector('.stage.near.crisp') !== null", timeout=WAIT)
    image = stage.locator("img").first
    before = image.bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2 + 30, middle + 20, steps=4)
    page.mouse.up()
    moved = image.bounding_box()
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == pytest.approx((30, 20), abs=1)
    stage.dblclick(position={"x": 5, "y": 5})
    assert page.locator(".photo:visible output").inner_text() == whole
    assert edge.get_attribute("aria-valuenow") == "50"
    with page.expect_download(timeout=WAIT) as download:
        page.locator(".photo-download:visible").click()
    assert download.value.suggested_filename == "mine-denoised.jpg"
    result = opened(str(download.value.path()))
    assert (result.format, result.size) == ("JPEG", (300, 200))
    assert not wrong
    page.close()


def test_strength_is_mixed(browser: Any, address: str, tmp_path: Path) -> None:
    page, wrong = open_tab(browser, address, "Reconstruct")
    path = photo(tmp_path / "mine.png", (64, 48))
    upload(page, path)
    wait_for_size(page, "64 × 48")
    box = page.locator(".photo-strength:visible input[type=number]")
    box.fill("0")
    box.press("Enter")
    page.wait_for_function(
        "[...document.querySelectorAll('.layer.after')].some((one) => one.style.opacity === '0')",
        timeout=WAIT,
    )
    with page.expect_download(timeout=WAIT) as download:
        page.locator(".photo-download:visible").click()
    assert np.array_equal(np.asarray(opened(str(download.value.path()))), np.asarray(opened(str(path))))
    assert not wrong
    page.close()


def test_cancel_stops_within_a_tile(
    browser: Any,
    address: str,
    models: dict[str, Autoencoder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, wrong = open_tab(browser, address, "Denoise")
    graphs, plain, calls = models["photos"]._graphs, models["photos"]._graphs.reconstruct, []

    def slow(batch: np.ndarray) -> np.ndarray:
        calls.append(batch.shape)
        time.sleep(0.5)
        return plain(batch)

    monkeypatch.setattr(graphs, "reconstruct", slow)
    upload(page, photo(tmp_path / "large.jpg", (3000, 2000)))
    page.get_by_text("/24 tiles").wait_for(timeout=WAIT)
    page.locator(".photo-cancel:visible").click()
    page.get_by_text("Stopped.").wait_for(timeout=WAIT)
    assert len(calls) < 24
    count = len(calls)
    time.sleep(1.2)
    assert len(calls) == count
    assert page.locator(".photo-cancel:visible").count() == 0
    assert not wrong
    page.close()
