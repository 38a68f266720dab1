"""Several models side by side: figures, pairs and ways, the endpoint, and the tab in Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isclose
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import save_coded
from _pair import save_pair
from _served import served
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle, manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.runtime.image import metrics

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # `browser` marks one test only

WAIT = 60_000  # milliseconds
HEIGHT = 1000  # pixels of the window: less than three models beside each other take


def with_prior(folder: Path) -> Path:
    """The same bundle, but its model.json says that latents follow N(0, I)."""
    document = json.loads((folder / "model.json").read_text())
    document["latent"]["prior"] = "normal"
    document["metrics"]["holes"] = 0.012
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    with_prior(save_coded(folder / "prior"))
    save_pair(folder / "whole", latent_shape=(1, 8, 8), dataset={"name": "made", "classes": []})
    save_pair(folder / "wide", image_shape=(3, 6, 10))
    return folder


def context_of(folder: Path, *names: str) -> Any:
    from diabolo.ui.models.collection import Models
    from diabolo.ui.parts.context import Context

    models = Models({name: Bundle.open(folder / name) for name in names}, device="cpu")
    return Context(bundles=models, chooser=None)  # type: ignore[arg-type]


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


def test_the_pair_is_one_without_and_one_with_a_prior(folder: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import pair

    assert pair(context_of(folder, "wide", "prior", "whole", "plane")) == ("plane", "prior")
    assert pair(context_of(folder, "prior", "whole")) == ("whole", "prior")  # not of two dimensions
    assert pair(context_of(folder, "wide", "plane")) == ("wide", "plane")
    assert pair(context_of(folder, "plane")) == ("plane", "plane")


def test_both_codes_are_of_one_image_and_of_the_class(folder: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import same_images, standing_for

    left, right = (Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior"))
    assert same_images(left, right)
    ends = standing_for("bees", left, right)
    assert ends is not None
    np.testing.assert_array_equal(*ends)  # the bundles' codes are the same
    np.testing.assert_allclose(ends[0], [4, 0], atol=0.5)
    assert standing_for("dogs", left, right) is None
    whole = Autoencoder.load(folder / "whole", device="cpu")
    assert standing_for("bees", left, whole) is None
    assert not same_images(left, whole)


def test_codes_of_other_images_are_each_model_s_own(folder: Path, tmp_path: Path) -> None:
    from diabolo.ui.tabs.compare.pairs import same_images, standing_for

    left = Autoencoder.load(folder / "plane", device="cpu")
    right = Autoencoder.load(save_coded(tmp_path / "other", count=150), device="cpu")
    assert not same_images(left, right)
    ends = standing_for("cats", left, right)
    assert ends is not None
    np.testing.assert_allclose(ends, [[0, 4], [0, 4]], atol=0.5)


def test_steps_are_marked_by_what_is_wrong_with_them(tmp_path: Path) -> None:
    from diabolo.ui.parts import marks
    from diabolo.ui.tabs.compare.path_strip import path_strip
    from diabolo.ui.tabs.compare.texts import TEXTS

    model = Autoencoder.load(save_coded(tmp_path / "many", count=900), device="cpu")
    near, far = np.zeros(2, np.float32), np.array([9, 9], np.float32)
    say = TEXTS["en"] | marks.TEXTS["en"]
    drawn = path_strip("<many>", model, (near, far), ("ants", "cats"), say)
    steps = [re.search('<li class="(.*?)"', step).group(0) for step in re.findall("<li.*?</li>", drawn)]
    latents = np.linspace(near, far, 12)
    found = marks.marks_of(model, latents, model.decode(latents))
    assert found.unlike is not None
    assert found.far is not None
    assert (found.unlike != found.far).any()  # two measures, which do not always agree
    expected = [
        f'<li class="{" ".join(name for name, on in (("unlike", one), ("far", other)) if on)}"'
        for one, other in zip(found.unlike, found.far, strict=True)
    ]
    assert steps == expected
    assert f"{found.unlike.sum()} of 12 pictures are unlike the data" in drawn
    assert f"{found.far.sum()} of 12 latents are far from the codes" in drawn
    assert "&lt;many&gt;" in drawn


def test_without_codes_there_are_no_marks(folder: Path) -> None:
    from diabolo.ui.parts import marks

    model = Autoencoder.load(folder / "whole", device="cpu")  # no codes
    found = marks.marks_of(model, latents := model.sample_latents(3), model.decode(latents))
    assert found.known == {}
    assert found.at(0) == []
    assert "too few stored codes" in found.legend(marks.TEXTS["en"])


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


def test_another_model_takes_the_place_of_a_removed_upload(folder: Path) -> None:
    from diabolo.ui.app import build

    models = {name: Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior")}
    app = build(models, language="en")
    (offer,) = (event.fn for event in app.fns.values() if getattr(event.fn, "__name__", "") == "offer")
    request: Any = SimpleNamespace(session_hash=None, headers={})
    _, left, right, *maps, told, turn = offer("state", "", "plane", "mine", request)
    assert "value" not in left  # as it was, or as the visitor has chosen meanwhile
    assert right["value"] == "prior"
    assert [update.get("chosen") for update in maps] == [None, "prior"]
    assert "**mine** was removed" in told
    assert offer("state", "", "plane", "mine", request)[-1] != turn  # the same again is another event
    _, left, right, *rest = offer("state", "", "prior", "plane", request)
    assert "value" not in left | right
    assert [update["__type__"] for update in rest] == ["update"] * 4
    assert all(len(update) == 1 for update in rest)


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


@pytest.mark.browser
def test_a_late_answer_to_the_left_pointer_does_not_part_the_maps(address: str, folder: Path) -> None:
    clicked: list[Any] = []  # the codes that the right pointer is to follow to, from the click on
    held: list[Any] = []

    def hold(route: Any) -> None:
        data = route.request.post_data_json["data"]
        follows = len(data) == 5 and data[-1] is True
        if follows and (clicked or data[2][0] > 5):  # not what the maps ask for when they are opened
            clicked.append(data[2])
            held.append(route)
        else:
            route.continue_()

    def release() -> None:
        while not held:
            page.wait_for_timeout(50)
        held.pop().continue_()

    from diabolo.ui.tabs.compare.pairs import standing_for

    # what the maps show cannot be told from a snapshot: it might be taken before the last answer is painted
    left, right = (Autoencoder.load(folder / name, device="cpu") for name in ("plane", "prior"))
    _, start = standing_for("ants", left, right) or (None, None)
    assert start is not None
    together = right.decode(start[None])[0, 0]
    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
        wrong = watch(page)
        page.goto(address)
        page.locator(".model-line p").wait_for(timeout=WAIT)
        page.get_by_role("tab", name="Compare").click()
        page.get_by_role("tab", name="Two maps").click()
        page.locator(".compare-told", has_text="same test image").first.wait_for(timeout=WAIT)
        shown(page, together)
        page.route("**/queue/join*", hold)
        pointer = page.locator(".two-maps .pointer").nth(0)
        pointer.click(position={"x": pointer.bounding_box()["width"] - 15, "y": 15})
        page.locator(".map-left .density", has_text="The latent is far from the codes").wait_for(timeout=WAIT)
        page.locator(".compare-to input").click()
        page.get_by_role("option", selected=False).first.click()
        known = page.locator(".two-maps .density").filter(has_text="Training codes lie close")
        known.nth(1).wait_for(timeout=WAIT)  # both were put where the way begins
        release()
        shown(page, together, or_not=True)
        release()
        shown(page, together)
        assert wrong == []


def shown(page: Any, image: NDArray[np.float32], or_not: bool = False) -> None:
    """Wait until the right map shows a picture of one channel, or another one."""
    page.wait_for_function(
        """([values, wanted]) => {
          const canvas = document.querySelector(".map-right .picture");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const near = (value, i) => Math.abs(value - data[4 * i]) < 2;
          const alike = data.length === 4 * values.length && values.every(near);
          return alike === wanted;
        }""",
        arg=[(255 * image).ravel().tolist(), not or_not],
        timeout=WAIT,
    )


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
