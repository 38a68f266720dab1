"""Several models side by side: figures, the endpoint, and the tab in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import context_of, save_coded, save_compared
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle, manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.runtime.image import metrics

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # `browser` marks one test only

WAIT = 60_000  # milliseconds
HEIGHT = 1000  # pixels of the window: less than three models beside each other take


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_compared(tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def picture(tmp_path: Path) -> str:
    values = np.zeros((8, 8), np.uint8)
    values[2:6, 3:5] = 200
    Image.fromarray(values).save(tmp_path / "picture.png")
    return str(tmp_path / "picture.png")


def test_each_model_gets_the_picture_as_it_wants_it(folder: Path, picture: str) -> None:
    from diabolo.ui.tabs.compare.compared import compare

    context = context_of(folder, "plane", "whole", "wide")
    plane, whole, wide = compare(context, ["plane", "whole", "wide"], picture)
    assert [row.seen.shape for row in (plane, whole, wide)] == [(1, 8, 8), (1, 8, 8), (3, 6, 10)]
    made = Autoencoder.load(folder / "plane", device="cpu").reconstruct(plane.seen[None])
    np.testing.assert_array_equal(plane.made, made[0])
    assert plane.mse == metrics.mse(plane.seen[None], made)[0]
    assert plane.ssim == metrics.ssim(plane.seen[None], made)[0]
    assert isclose(plane.psnr, -10 * np.log10(plane.mse))
    assert whole.mse < 1e-10 < plane.mse  # it keeps all 64 numbers
    assert whole.milliseconds > 0


def test_a_name_of_both_variant_and_network_is_said_once(tmp_path: Path, picture: str) -> None:
    from diabolo.ui.tabs.compare import TEXTS, cards
    from diabolo.ui.tabs.compare.compared import compare

    document = json.loads((save_coded(tmp_path / "twice") / "model.json").read_text())
    document["variant"] = document["network"] = "conv"
    (tmp_path / "twice" / "model.json").write_bytes(manifest.seal(document))
    context = context_of(tmp_path, "twice")
    assert "<span>conv</span>" in cards.page(compare(context, ["twice"], picture), context.say(TEXTS, None))
    assert " conv  ·  trained on" in context.describe("twice", None)


def test_figures_are_those_of_model_json(folder: Path, picture: str) -> None:
    from diabolo.ui.tabs.compare.compared import compare

    (row,) = compare(context_of(folder, "plane"), ["plane"], picture)
    figures = row.figures()
    sizes = [(folder / "plane" / f"{name}.onnx").stat().st_size for name in ("encoder", "decoder")]
    assert (figures["latent"], figures["bytes"]) == (2, sum(sizes))


def test_models_that_cannot_be_compared_are_named(folder: Path, picture: str) -> None:
    from diabolo.ui.tabs.compare.compared import compare

    context = context_of(folder, "plane")
    with pytest.raises(UsageError, match="at least one, such as plane"):
        compare(context, [], picture)
    with pytest.raises(UnknownNameError, match=r"plain.*plane"):
        compare(context, ["plain"], picture)


@pytest.mark.parametrize("given", [["a", " b", "a"], "a, b,,a", ("a", "b")])
def test_names_come_as_a_list_or_as_text(given: Any) -> None:
    from diabolo.ui.tabs.compare.compared import chosen_names

    assert chosen_names(given) == ["a", "b"]


def test_alike_are_those_of_the_same_images(folder: Path) -> None:
    from diabolo.ui.tabs.compare.compared import alike

    context = context_of(folder, "wide", "plane", "whole", "prior")
    assert alike(context, "prior") == ["prior", "plane", "whole"]
    assert alike(context, "wide") == ["wide"]


@pytest.fixture(scope="module")
def started_models() -> list[str]:
    return []


@pytest.fixture(scope="module")
def address(folder: Path, started_models: list[str]) -> Iterator[str]:
    from diabolo.ui.models import collection

    def start(bundle: Bundle, *, device: str) -> Autoencoder:
        started_models.append(bundle.path.name)
        return Autoencoder(bundle, device=device)

    names = ("whole", "plane", "prior", "wide")
    models = collection.Models({name: Bundle.open(folder / name) for name in names}, device="cpu")
    own = collection.Autoencoder
    collection.Autoencoder = start  # type: ignore[misc, assignment]
    with served(models) as address:
        yield address
    collection.Autoencoder = own  # type: ignore[misc]


@pytest.mark.browser
def test_the_tab(address: str, started_models: list[str]) -> None:
    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
        wrong = watch(page)
        page.goto(address)
        page.locator(".model-line p").wait_for(timeout=WAIT)
        assert started_models == ["plane"]  # the one that suits the first tab
        page.get_by_role("tab", name="Compare").click()
        page.locator(".head [role=combobox]").click()
        page.get_by_role("option", name="whole", exact=True).click()
        page.locator("button:visible", has_text="Fetch a sample").click()
        rows = page.locator(".compared tbody tr")
        page.locator(".compared th > b").first.filter(has_text="whole").wait_for(timeout=WAIT)
        assert rows.locator("th > b").all_inner_texts() == ["whole", "plane", "prior"]
        ends = page.locator(".diabolo").bounding_box()
        assert page.evaluate("document.documentElement.scrollHeight") >= ends["y"] + ends["height"] > HEIGHT
        assert page.locator(".compared img").count() == 9
        assert rows.nth(0).locator("[data-label=Code]").inner_text() == "64 numbers"
        rows.nth(2).locator("summary").click()
        rows.nth(2).get_by_text("0.012").wait_for()  # the holes that model.json tells of
        assert sorted(started_models) == ["plane", "prior", "whole"]
        page.locator(".compare-models input").click()
        page.get_by_role("option", name="wide").click()
        rows.nth(3).wait_for(timeout=WAIT)
        page.keyboard.press("Escape")

        page.get_by_role("tab", name="Two maps").click()
        page.locator(".path-strip").nth(1).wait_for(timeout=WAIT)
        assert page.locator(".path-strip p b").all_inner_texts() == ["plane", "prior"]
        assert "1.2 %" in page.locator(".map-right .compare-line").first.inner_text()
        page.locator(".compare-told", has_text="same test image").first.wait_for(timeout=WAIT)
        pointers = page.locator(".two-maps .pointer")
        pointers.nth(1).wait_for(timeout=WAIT)
        states = page.locator(".two-maps .density")
        states.filter(has_text="Training codes lie close").nth(1).wait_for(timeout=WAIT)
        width = pointers.nth(0).bounding_box()["width"]
        pointers.nth(0).click(position={"x": width - 15, "y": 15})  # far off, on the left map
        states.filter(has_text="The latent is far from the codes").nth(0).wait_for(timeout=WAIT)
        right = page.locator(".map-right .picture")
        before = right.evaluate("c => c.toDataURL()")
        pointers.nth(0).press("ArrowLeft")
        moved = "([c, before]) => c.isConnected && c.toDataURL() !== before"
        page.wait_for_function(moved, arg=[right.element_handle(), before], timeout=WAIT)  # it follows
        page.locator(".compare-show").click()
        page.locator(".compare-told", has_text="your picture").first.wait_for(timeout=WAIT)
        assert wrong == []


def test_compare_by_the_endpoint(client: Any, picture: str) -> None:
    from gradio_client import handle_file

    figures, pictures = client.predict("plane, wide", handle_file(picture), api_name="/compare")
    again, _ = client.predict(["plane", "wide"], handle_file(picture), api_name="/compare")
    assert [row["model"] for row in figures] == ["plane", "wide"]
    assert [row["mse"] for row in figures] == [row["mse"] for row in again]
    assert set(figures[0]) == {"model", "mse", "psnr", "ssim", "latent", "bytes", "milliseconds"}
    captions = [one["caption"] for one in pictures]
    assert captions[:3] == ["plane: seen", "plane: reconstruction", "plane: error"]
    with Image.open(pictures[0]["image"]) as seen, Image.open(picture) as given:
        np.testing.assert_array_equal(np.asarray(seen.convert("L")), np.asarray(given))
    with Image.open(pictures[4]["image"]) as made:
        assert made.size == (10, 6)


@pytest.mark.parametrize(
    ("names", "said"), [("plain", "plane"), ("", "at least one"), ("plane", "picture|image")]
)
def test_what_cannot_be_compared_gives_a_message(client: Any, names: str, said: str, picture: str) -> None:
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    given = None if names == "plane" else handle_file(picture)
    with pytest.raises(AppError, match=said):
        client.predict(names, given, api_name="/compare")
