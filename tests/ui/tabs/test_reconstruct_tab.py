"""The tab that reconstructs: figures, error map and code, from programs and in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, once_loaded, watch
from _pair import save_pair
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import metrics
from diabolo.runtime.image.convert import prepare

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
DRAWING = {"drawing": {"box": 6, "centre": "mass"}}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    save_pair(folder / "spatial", image=DRAWING)
    save_pair(folder / "wide", image_shape=(1, 16, 16), latent_shape=(256,), latent={"prior": "normal"})
    return {name: Autoencoder.load(folder / name, device="cpu") for name in ("spatial", "wide")}


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    values = np.random.default_rng(2).integers(0, 100, (20, 20), np.uint8)
    Image.fromarray(values).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def pixels(result: Any) -> np.ndarray:
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        return np.asarray(picture)


def given(photo: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(photo))


def test_figures_and_error_are_those_of_the_model(
    client: Any, models: dict[str, Autoencoder], photo: Path
) -> None:
    seen, result, measured, error = client.predict("spatial", given(photo), api_name="/reconstruct")
    image = prepare(photo, (1, 8, 8)).image
    np.testing.assert_array_equal(pixels(seen), np.rint(image[0] * 255))
    expected = models["spatial"].reconstruct(image[None])
    np.testing.assert_allclose(pixels(result) / 255, expected[0, 0], atol=0.003)
    for name, measure in (("mse", metrics.mse), ("psnr", metrics.psnr), ("ssim", metrics.ssim)):
        assert measured[name] == pytest.approx(measure(image[None], expected)[0], rel=1e-4)
    difference = expected[0, 0] - image[0]
    shown = 255 - pixels(error).astype(float)  # white is no error, on a dark page, too
    share = np.where(difference > 0, shown[..., 0] / (255 - 18), shown[..., 1] / (255 - 51))
    np.testing.assert_allclose(share, np.clip(np.abs(difference) * 2, 0, 1), atol=0.006)
    red, green = shown[..., 0], shown[..., 1]
    assert (red > green)[difference > 0.02].all()  # what is missing of white: too bright is teal
    assert (red < green)[difference < -0.02].all()


def test_what_comes_back_whole_has_no_end_of_decibels(client: Any, photo: Path) -> None:
    *_, measured, error = client.predict("wide", given(photo), api_name="/reconstruct")
    assert measured["psnr"] is None or measured["psnr"] > 100
    assert (pixels(error) == 255).all()


@pytest.mark.parametrize("model", ["spatial", "wide"])
def test_encode(client: Any, models: dict[str, Autoencoder], photo: Path, model: str) -> None:
    code = client.predict(model, given(photo), api_name="/encode")
    expected = models[model].encode(prepare(photo, models[model].manifest.image_shape).image[None])
    np.testing.assert_allclose(code, expected.ravel(), atol=1e-6)
    image, _ = client.predict(model, code, api_name="/decode")
    assert pixels(image).shape[:2] == models[model].manifest.image_shape[1:]


def test_encode_without_a_picture_gives_a_message(client: Any) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="upload"):
        client.predict("spatial", None, api_name="/encode")


@pytest.mark.parametrize(("language", "said"), [("en", "learned little"), ("zh-TW", "沒學到多少")])
def test_a_model_that_learned_little_says_so_next_to_its_mean_error(
    tmp_path: Path, language: str, said: str
) -> None:
    from diabolo.ui.tabs.reconstruct.meaning import WORDS, meaning

    poor = {"mse": 0.097, "mean_mse": 0.1}
    found = {name: poor | {"mse": mse} for name, mse in (("poor", 0.097), ("good", 0.01))}
    models = {
        name: Autoencoder.load(save_pair(tmp_path / name, metrics=figures), device="cpu").manifest
        for name, figures in found.items()
    }
    lines = meaning(models, "poor", 0.1, WORDS[language])
    assert any(said in line and "3 %" in line for line in lines), lines
    assert not any(said in line for line in meaning(models, "good", 0.01, WORDS[language]))


def chart(m: Manifest, code: np.ndarray, language: str = "en") -> str:
    from diabolo.ui.tabs.reconstruct import code_chart

    return code_chart.code_chart(m, code, code_chart.WORDS[language])


def bars(page: str) -> list[tuple[float, float]]:
    """Top and length of each, in percent of the chart's height."""
    return [(float(a), float(b)) for a, b in re.findall(r'<rect [^>]*y="(\S+)" [^>]*height="(\S+)"', page)]


def test_bars_are_in_units_of_the_deviation(tmp_path: Path) -> None:
    """Mean .5, deviation 2, but 0 for the last number: it never changed, so it has no unit."""
    m = Autoencoder.load(save_pair(tmp_path / "b", latent_shape=(4,)), device="cpu").manifest
    page = chart(m, np.array([0.5, 4.5, -3.5, 9.0], np.float32))
    middle, up, down, constant = bars(page)
    assert up == pytest.approx((25, 25))  # 2 of the 4 deviations up from the middle
    assert down == pytest.approx((50, 25))
    assert middle[1] == constant[1] == 0.4  # a line
    assert "z1 = 4.5 (2 σ)" in page
    assert "standard deviations" in page
    picture = page.split("</figcaption>")[1]  # the caption is text: a screen reader reads it, too
    assert picture.startswith('<div role="img" aria-label="4 numbers between −3.50 and 9.00">')


def test_a_code_beyond_the_usual_is_not_cut(tmp_path: Path) -> None:
    m = Autoencoder.load(save_pair(tmp_path / "b", latent_shape=(2,)), device="cpu").manifest
    page = chart(m, np.array([16.5, 0.5], np.float32))
    assert bars(page)[0] == pytest.approx((0, 50))
    assert ">8<" in page  # what the scale says


@pytest.mark.parametrize(
    ("latent", "words", "length"),
    [({"prior": "normal"}, "normal distribution", 25), ({"minimum": [0.0] * 4}, "are never negative", 50)],
)
def test_bars_of_codes_with_units_of_their_own(
    tmp_path: Path, latent: dict[str, Any], words: str, length: float
) -> None:
    """2 of 4: of a scale up and down, or of one that begins at nought."""
    m = Autoencoder.load(save_pair(tmp_path / "b", latent_shape=(4,), latent=latent), device="cpu").manifest
    page = chart(m, np.array([2, 0, 0, 0], np.float32))
    assert bars(page)[0][1] == pytest.approx(length)
    assert words in page


@pytest.mark.parametrize(
    ("shape", "rows", "shown"),
    [
        ((2,), 1, 2),
        ((256,), 2, 256),
        ((196,), 2, 196),
        ((2, 4, 4), 1, 32),
        ((16, 8, 8), 8, 1024),
        ((5, 20, 20), 11, 1024),
    ],
)
def test_any_latent(tmp_path: Path, shape: tuple[int, ...], rows: int, shown: int) -> None:
    path = save_pair(tmp_path / "b", image_shape=(1, 4, 4), latent_shape=shape)
    m = Autoencoder.load(path, device="cpu").manifest
    code = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for language in ("en", "zh-TW"):
        page = chart(m, code, language)
        assert page.count("<svg") == rows
        assert len(bars(page)) == shown
        assert (str(shown) in page.split("</b>")[1].split("</figcaption>")[0]) == (shown < code.size)


@pytest.fixture(params=[(1280, "en-US"), (390, "zh-TW")], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    width, locale = request.param
    page = new_page(browser, viewport={"width": width, "height": 900}, locale=locale)
    wrong = watch(page)
    page.goto(address)
    page.locator(".sketch canvas").first.wait_for(timeout=WAIT)
    page.locator(".model-line p").first.wait_for(timeout=WAIT)  # all is in its place
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert wrong == []


def test_a_drawing_is_centred_and_seen_to_be(page: Any) -> None:
    canvas = page.locator(".sketch canvas:visible").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 40, steps=5)
    page.mouse.up()
    centred = re.compile("centred as the training images|比照訓練影像")
    page.locator(".steps:visible", has_text=centred).first.wait_for(timeout=WAIT)
    figures = page.locator(".block.reconstruct-figures").inner_text()
    assert "64" in figures
    assert "32" in figures
    assert re.search("2 times fewer|1/2", figures)
    assert page.locator(".error-legend").is_visible()
    for name in ("seen", "result", "error"):
        shown = once_loaded(
            page,
            f".reconstruct-{name} img",
            "[[i.naturalWidth, i.naturalHeight], getComputedStyle(i).imageRendering,"
            " i.clientWidth, i.clientHeight]",
        )
        assert shown[:2] == [[8, 8], "pixelated"]
        assert shown[2] == pytest.approx(shown[3], abs=1)
        assert shown[2] > 100
    # a short stroke near a corner of the paper becomes 6 of 8 pixels, in the middle
    column = once_loaded(
        page,
        ".reconstruct-seen img",
        """(() => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 8, height: 8});
          const context = canvas.getContext("2d");
          context.drawImage(i, 0, 0);
          return [...context.getImageData(4, 0, 1, 8).data].filter((_, at) => at % 4 === 0);
        })()""",
    )
    inked = [row for row, value in enumerate(column) if value > 60]
    assert inked in ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7])


def test_an_upload_is_fitted_to_each_model(page: Any, photo: Path) -> None:
    page.get_by_role("tab", name=re.compile("^(Upload or paste|上傳或貼上)$")).first.click()
    page.locator(".upload:visible input[type=file]").set_input_files(photo)
    page.locator(".steps:visible", has_text="8 x 8").first.wait_for(timeout=WAIT)
    assert page.locator(".reconstruct-code .bars rect").count() == 32
    page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).click()
    page.get_by_role("option", name="wide", exact=True).click()
    page.locator(".steps:visible", has_text="16 x 16").first.wait_for(timeout=WAIT)
    assert page.locator(".reconstruct-code .bars rect").count() == 256
