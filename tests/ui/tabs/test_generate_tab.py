"""The tab Generate: what a model makes up, drawn from what it says, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import save_coded
from _pair import save_pair
from _served import served
from _zipped import change
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image.convert import to_uint8
from diabolo.ui.parts.marks import Marks, marks_of

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that draw from a fitted gaussian, a prior, independent dimensions, and a prior over a grid."""
    folder = tmp_path_factory.mktemp("bundles")
    change(save_coded(folder / "fitted"), name="fitted")
    change(save_pair(folder / "prior", latent_shape=(2,), latent={"prior": "normal"}), name="prior")
    change(save_pair(folder / "each", image_shape=(3, 8, 8), image={"colour": "rgb"}), name="each")
    change(save_pair(folder / "grid", latent_shape=(2, 4, 4), latent={"prior": "normal"}), name="grid")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    bundles = [folder / name for name in ("fitted", "prior", "each", "grid")]
    with served(bundles, device="cpu") as address:
        yield address


def pixels(result: Any) -> np.ndarray:
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture)


def test_the_grid_has_what_the_model_samples(client: Any, folder: Path) -> None:
    grid = pixels(client.predict("fitted", 5, 3, api_name="/sample")[0])
    scale = 1200 // 27  # three columns of 8 pixels and one between
    assert grid.shape == (17 * scale, 26 * scale)
    made = to_uint8(Autoencoder.load(folder / "fitted", device="cpu").sample(5, seed=3))[..., 0]
    small = grid[::scale, ::scale]
    for index, picture in enumerate(made):
        top, left = index // 3 * 9, index % 3 * 9
        np.testing.assert_array_equal(small[top : top + 8, left : left + 8], picture)


def test_one_seed_one_result(client: Any) -> None:
    first, again, other = (
        pixels(client.predict("prior", 4, seed, api_name="/sample")[0]) for seed in (7, 7, 8)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("model", "source", "why"),
    [
        ("fitted", "a gaussian fitted to the codes of test images", "between them"),
        ("prior", "the prior N(0, I)", "kept the codes close to this distribution"),
        ("grid", "the prior N(0, I)", "depend on each other"),
        ("each", "a gaussian fitted to the codes, each dimension independently", "between them"),
    ],
)
def test_it_says_what_it_draws_from(client: Any, folder: Path, model: str, source: str, why: str) -> None:
    _, words, figures = client.predict(model, 30, 0, api_name="/sample")
    opened = Autoencoder.load(folder / model, device="cpu")
    assert opened.sampling == source
    assert f"**{source}**" in words
    assert why in words
    latents = opened.sample_latents(30, seed=0)
    marks = marks_of(opened, latents, opened.decode(latents))
    assert (set(marks.known) == {"unlike", "far"}) == (model == "fitted")
    assert ("of 30" in words) == (model == "fitted")
    assert set(figures) == {"unlike", "far"}
    for name, found in marks.known.items():
        assert figures.pop(name) == [index + 1 for index in range(30) if found[index]]
        numbers = ", ".join(str(index + 1) for index in np.flatnonzero(found)[:12])
        said = "pictures are unlike the data" if name == "unlike" else "latents are far from the codes"
        assert f"**{found.sum()} of 30** {said}{numbers and f' ({numbers}'}" in words
    assert not any(figures.values())  # what is not known is null


def test_each_mark_is_below_its_picture() -> None:
    from diabolo.ui.tabs.generate.page import _grid

    pictures = [Image.new("L", (8, 8), 10 * index) for index in range(5)]
    unlike, far = np.array([0, 1, 0, 0, 1], bool), np.array([0, 0, 1, 0, 1], bool)
    grid = np.asarray(_grid(pictures, Marks(unlike=unlike, far=far)))
    side = 1200 // 27 * 8
    for index in range(5):
        top, left = index // 3 * (side + 22 + 8), index % 3 * (side + 8)
        assert (grid[top : top + side, left : left + side, :3] == 10 * index).all()
        below = grid[top + side : top + side + 22, left : left + side]
        colours = {tuple(pixel) for pixel in below.reshape(-1, 4).tolist() if pixel[3]}
        assert ((217, 115, 13, 255) in colours) == unlike[index]
        assert ((42, 125, 225, 255) in colours) == far[index]
        assert len(colours) == int(unlike[index]) + int(far[index])


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (101, 0), (4, -1)])
def test_what_cannot_be_gives_a_message(client: Any, count: int, seed: int) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=r"from 1 to 100|greater than|less than|negative|minimum"):
        client.predict("fitted", count, seed, api_name="/sample")


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_in_a_browser(address: str, locale: str) -> None:
    english = locale == "en-US"
    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 950}, locale=locale)
        wrong = watch(page)
        page.goto(address)
        page.get_by_role("tab", name="Generate" if english else "生成").click()
        image = page.locator(".generate-grid img")
        image.wait_for(timeout=WAIT)
        page.get_by_role("combobox", name="Model" if english else "模型").first.click()
        page.get_by_role("option", name="fitted", exact=True).click()
        page.locator(".generate-words", has_text="gaussian" if english else "配適").last.wait_for(
            timeout=WAIT
        )
        assert 0.9 < image.evaluate("i => i.naturalWidth / i.naturalHeight") < 1  # four rows with marks
        count = page.locator(".generate-choices input[type=number]").first
        count.fill("2")
        count.press("Enter")
        wide = "i => i.naturalWidth > i.naturalHeight"
        page.wait_for_function(wide, arg=image.element_handle(), timeout=WAIT)
        before = image.get_attribute("src")
        page.get_by_role("button", name="Sample again" if english else "換一批").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("b => document.querySelector('.generate-grid img').src !== b", arg=before)
        with page.expect_download() as download:
            page.locator(".generate-grid").get_by_role("button", name="Download").or_(
                page.locator(".generate-grid a[download]")
            ).first.click()
        with Image.open(download.value.path()) as kept:
            scale = 1200 // 18
            assert (kept.format, kept.size) == ("PNG", (16 * scale + 8, 8 * scale + 22))
        page.locator(".head [role=combobox]").click()
        page.get_by_role("option", name="prior").click()
        page.locator(".generate-words", has_text="N(0, I)").last.wait_for(timeout=WAIT)
        assert wrong == []
