"""The tab that takes noise away: live settings, the edge between two pictures, the curve, files to a zip."""

from __future__ import annotations

import re
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
from diabolo.runtime.image import metrics
from diabolo.runtime.image.convert import prepare, to_uint8
from diabolo.runtime.image.noise import NoiseSpec, add_noise

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    noise = {"kind": "masking", "level": [0.2, 0.6]}
    save_pair(folder / "spatial", image_shape=(3, 8, 8), latent_shape=(2, 4, 4), noise=noise)
    save_pair(folder / "plain", latent_shape=(20,))
    return {name: Autoencoder.load(folder / name, device="cpu") for name in ("spatial", "plain")}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


def photo(path: Path, seed: int = 0, size: tuple[int, int] = (20, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 100, (*size, 3), np.uint8)
    Image.fromarray(values).save(path)
    return path


def given(path: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(path))


def pixels(result: Any) -> np.ndarray:
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        return np.asarray(picture)


def test_denoise_adds_the_noise_of_the_runtime(
    client: Any, models: dict[str, Autoencoder], tmp_path: Path
) -> None:
    path = photo(tmp_path / "photo.png")
    clean, noisy, result, measured = client.predict(
        "spatial", given(path), "masking", 0.4, 3, api_name="/denoise"
    )
    image = prepare(path, (3, 8, 8)).image[None]
    spec = NoiseSpec(kind="masking", low=0.4, high=0.4)
    expected = add_noise(image, spec, np.random.default_rng(3))
    made = models["spatial"].denoise(expected)
    for picture, values in ((clean, image), (noisy, expected), (result, made)):
        np.testing.assert_array_equal(pixels(picture), to_uint8(values)[0])
    psnr = [metrics.psnr(image, expected)[0], metrics.psnr(image, made)[0]]
    assert [measured["noisy_psnr"], measured["denoised_psnr"]] == pytest.approx(psnr, abs=1e-4)


def test_a_level_that_cannot_be_gives_a_message(client: Any, tmp_path: Path) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="levels go from 0 to 1"):
        client.predict("spatial", given(photo(tmp_path / "p.png")), "masking", 1.5, 0, api_name="/denoise")


def test_files_to_a_zip(client: Any, models: dict[str, Autoencoder], tmp_path: Path) -> None:
    files = [
        photo(tmp_path / "one" / "scan 1.png", 1),
        photo(tmp_path / "two" / "scan 1.png", 2, (30, 40)),
        photo(tmp_path / "雜訊.jpg", 3),
        tmp_path / "broken.png",
        tmp_path / "notes.txt",
    ]
    files[3].write_bytes(b"no picture")
    files[4].write_text("neither")
    archive, said, figures = client.predict(
        "spatial", [given(path) for path in files], api_name="/denoise_files"
    )
    with zipfile.ZipFile(archive) as found:
        assert found.testzip() is None
        assert found.namelist() == ["scan 1.png", "scan 1-2.png", "雜訊.png"]
        for name, path in zip(found.namelist(), files[:3], strict=True):
            with found.open(name) as file:
                made = models["spatial"].denoise(prepare(path, (3, 8, 8)).image[None])
                np.testing.assert_array_equal(np.asarray(Image.open(file)), to_uint8(made)[0])
    assert "**3** of 5" in said
    assert figures["denoised"] == 3
    assert [one["name"] for one in figures["skipped"]] == ["broken.png", "notes.txt"]
    assert all("/" not in one["reason"] for one in figures["skipped"])
    assert all(name in said for name in ("broken.png", "notes.txt"))
    assert str(tmp_path) not in said
    assert "gradio" not in said  # nor where the app keeps them


def test_only_broken_files_give_no_zip(client: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    archive, said, figures = client.predict(
        "spatial", [given(tmp_path / "broken.png")], api_name="/denoise_files"
    )
    assert archive is None
    assert figures["denoised"] == 0
    assert "**0** of 1" in said


def test_no_files_are_refused(client: Any) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=r"Choose picture files first\."):
        client.predict("spatial", None, api_name="/denoise_files")


@pytest.mark.parametrize(("limit", "value"), [("MOST", 1), ("MOST_MEGABYTES", 0.0001)])
def test_too_many_files_give_a_message(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    from gradio_client.exceptions import AppError

    monkeypatch.setattr(f"diabolo.ui.tabs.denoise.denoised_files.{limit}", value)
    files = [given(photo(tmp_path / f"{number}.png", number)) for number in range(2)]
    with pytest.raises(AppError, match=r"2 files .* diabolo denoise BUNDLE"):
        client.predict("spatial", files, api_name="/denoise_files")


def test_many_files_in_batches(models: dict[str, Autoencoder], tmp_path: Path) -> None:
    """More than a batch, the last of them broken: all others are there, each under its own name."""
    from diabolo.ui.models.collection import collect
    from diabolo.ui.parts.context import Context
    from diabolo.ui.tabs.denoise.denoised_files import denoised

    context = Context(bundles=collect(models), chooser=None)  # type: ignore[arg-type]
    paths = [str(photo(tmp_path / f"{number:02}.png", number, (8, 8))) for number in range(40)]
    (tmp_path / "last.png").write_bytes(b"")
    ticks: list[tuple[int, int]] = []
    made = denoised(
        context, "spatial", [*paths, str(tmp_path / "last.png")], lambda *done: ticks.append(done)
    )
    assert ticks == [(done, 41) for done in range(1, 42)]
    assert (made.count, [name for name, _ in made.broken]) == (40, ["last.png"])
    (tmp_path / "made.zip").write_bytes(made.content)
    with zipfile.ZipFile(tmp_path / "made.zip") as found:
        assert found.namelist() == [f"{number:02}.png" for number in range(40)]
        with found.open("33.png") as file:
            expected = models["spatial"].denoise(prepare(paths[33], (3, 8, 8)).image[None])
            np.testing.assert_array_equal(np.asarray(Image.open(file)), to_uint8(expected)[0])


@pytest.fixture(params=[(1280, "en-US"), (390, "zh-TW")], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    width, locale = request.param
    page = new_page(browser, viewport={"width": width, "height": 900}, locale=locale)
    wrong = watch(page)
    page.goto(address)
    open_tab(page)
    page.locator(".denoise-curve polyline.denoised").wait_for(state="attached", timeout=WAIT)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert wrong == []


def open_tab(page: Any) -> None:
    page.locator("button:visible", has_text=re.compile("Fetch a sample|取一個樣本")).first.wait_for(
        timeout=WAIT
    )
    page.get_by_role("tab", name=re.compile("^(Denoise|去雜訊)$")).click()


def fetch(page: Any) -> None:
    page.locator("button:visible", has_text=re.compile("Fetch a sample|取一個樣本")).first.click()
    fetched = re.compile("stored code. It is not|drawn from|不是資料集|抽樣")
    page.locator(".block.steps:visible", has_text=fetched).first.wait_for(timeout=WAIT)
    page.locator(".denoise-result img").wait_for(timeout=WAIT)


def until_changed(page: Any, selector: str, before: str) -> str:
    page.wait_for_function(
        "([s, b]) => document.querySelector(s) && document.querySelector(s).src !== b",
        arg=[f"{selector} img", before],
        timeout=WAIT,
    )
    return str(page.locator(f"{selector} img").get_attribute("src"))


def test_settings_act_at_once(page: Any) -> None:
    fetch(page)
    noisy = page.locator(".denoise-noisy img").get_attribute("src")
    assert noisy.startswith("data:image/png")
    assert (
        page.locator(".denoise-noisy img").evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
    )
    marker = page.locator(".level-curve path.now")
    place = marker.get_attribute("d")
    slider = page.locator(".noise-settings input[type=range]")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    noisy = until_changed(page, ".denoise-noisy", noisy)
    page.wait_for_function(
        "p => document.querySelector('.level-curve path.now').getAttribute('d') !== p", arg=place
    )
    page.locator(".denoise-run").click()
    seed = "[...document.querySelectorAll('.noise-settings input[type=number]')].at(-1)"
    page.wait_for_function(f"{seed}.value === '1'", timeout=WAIT)
    noisy = until_changed(page, ".denoise-noisy", noisy)
    assert page.locator(".level-curve .trained").count() == 1
    note = page.locator(".denoise-note:visible").first
    assert "0.2–0.6" in note.inner_text()
    page.locator(".noise-settings input[role=combobox]").click()
    page.get_by_role("option", name=re.compile("speckle|斑點")).click()
    until_changed(page, ".denoise-noisy", noisy)
    note.filter(has_text=re.compile("not the kind chosen here|不是現在選的這一種")).wait_for(timeout=WAIT)
    page.locator(".level-curve .trained").wait_for(state="detached", timeout=WAIT)


def test_a_fresh_page_begins_with_the_level_that_the_slider_shows(
    browser: Any, models: dict[str, Autoencoder]
) -> None:
    with served(dict(reversed(models.items()))) as address:  # the tab itself turns to the model with noise
        page = new_page(browser)
        page.goto(address)
        open_tab(page)
        marked = page.locator(".level-curve path.now")
        marked.wait_for(state="attached", timeout=WAIT)
        page.locator(".denoise-note:visible", has_text="0.2–0.6").first.wait_for(timeout=WAIT)
        page.wait_for_timeout(1000)  # for an answer after it, which must not turn it back
        assert page.locator(".noise-settings input[type=number]").first.input_value() == "0.4"
        assert marked.get_attribute("d").startswith("M40.00 ")
        page.close()


def shown(page: Any) -> float:
    """How much of the noisy picture is seen, in percent."""
    clip = page.locator(".before-after .stage > div").nth(1).evaluate("d => getComputedStyle(d).clipPath")
    return float(re.findall(r"([\d.]+)%", clip)[-1])


def test_the_edge_moves_by_mouse_and_by_keys_and_stays_there(page: Any) -> None:
    fetch(page)
    stage = page.locator(".before-after .stage")
    stage.scroll_into_view_if_needed()
    assert shown(page) == 50
    box = stage.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, y, steps=5)
    page.mouse.up()
    assert shown(page) == pytest.approx(25, abs=2)
    before = shown(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown(page) == before + 2
    edge = page.locator(".before-after .edge").bounding_box()
    assert edge["x"] + 1 - box["x"] == pytest.approx(box["width"] * shown(page) / 100, abs=1)
    noisy = page.locator(".denoise-noisy img").get_attribute("src")
    page.locator(".denoise-run").click()
    until_changed(page, ".denoise-noisy", noisy)
    assert shown(page) == before + 2
    assert page.locator(".before-after input").input_value() == f"{before + 2:g}"


def test_a_finger_moves_the_edge(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    open_tab(page)
    fetch(page)
    stage = page.locator(".before-after .stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    page.wait_for_function("getComputedStyle(document.querySelector('.before-after .edge')).left !== '50%'")
    assert shown(page) == pytest.approx(80, abs=2)
    context.close()


def test_files_on_the_page(page: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    files = [photo(tmp_path / "a.png"), tmp_path / "broken.png"]
    page.locator(".noisy-files input[type=file]").set_input_files(files)
    page.locator(".noisy-files", has_text="broken").wait_for(timeout=WAIT)
    page.locator(".denoise-files-run").click()
    link = page.locator(".denoised-zip a[href*='.zip']").first
    link.wait_for(timeout=WAIT)
    report = page.locator(".denoise-report:visible").first.inner_text()
    assert re.search("1 of 2|1 個，共 2 個", report)
    assert "broken.png" in report


def test_a_model_without_noise_says_so_and_still_works(page: Any, tmp_path: Path) -> None:
    page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).click()
    page.get_by_role("option", name="plain", exact=True).click()
    note = page.locator(".denoise-note:visible").first
    note.filter(has_text=re.compile("not trained to denoise|沒有學過去雜訊")).wait_for(timeout=WAIT)
    page.wait_for_timeout(1000)
    page.locator("[role=tab]:visible", has_text=re.compile("Upload or paste|上傳或貼上")).first.click()
    page.locator(".upload:visible input[type=file]").set_input_files(photo(tmp_path / "photo.png"))
    page.locator(".block.steps:visible", has_text="8 x 8").first.wait_for(timeout=WAIT)
    assert page.locator(".block.denoise-figures").inner_text().count("dB") == 2
    assert page.locator(".level-curve .trained").count() == 0
    assert page.locator(".level-curve .dot").count() == 2
