"""Units of a code: figures known beforehand, on bundles made by hand; the endpoints; the tab in Chromium."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import CLASSES, save_coded
from _pair import save_pair
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle, manifest
from diabolo.runtime.errors import UsageError

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # `browser` marks one test only

WAIT = 60_000  # milliseconds
# three sigmoid units, four images: one fires once, one for half of them, and one never moves
RARE = np.array([[0.0, 0.8, 0.3], [0.1, 0.8, 0.3], [0.1, 0.2, 0.3], [0.8, 0.2, 0.3]], np.float32)


def save_with_codes(folder: Path, codes: np.ndarray, **changes: Any) -> Path:
    """A bundle by hand with these codes, `(n, *latent_shape)`, and statistics that follow from them."""
    shape, flat = codes.shape[1:], codes.reshape(len(codes), -1)
    latent = {
        "mean": flat.mean(0).tolist(),
        "deviation": flat.std(0).tolist(),
        "minimum": flat.min(0).tolist(),
        "maximum": flat.max(0).tolist(),
    }
    save_pair(folder, latent_shape=shape, latent=latent, **changes)
    np.savez(folder / "codes.npz", codes=codes)
    raw = (folder / "codes.npz").read_bytes()
    document = json.loads((folder / "model.json").read_text())
    entry = {"role": "codes", "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    document["files"]["codes.npz"] = entry
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


def load(folder: Path) -> Autoencoder:
    return Autoencoder.load(folder, device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "seven", (7,))
    save_with_codes(folder / "rare", RARE)
    return folder


def test_activity_of_sigmoid_units_is_the_mean_of_their_values(folder: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    units = units_of(load(folder / "rare"))
    assert units.sigmoid
    np.testing.assert_allclose(units.activity(), [0.25, 0.5, 0.3], atol=1e-6)
    np.testing.assert_array_equal(units.fired(), [0.25, 0.5, 0])
    np.testing.assert_array_equal(units.strongest(0, 2), [3, 1])


def test_activity_of_other_units_is_where_they_stand_in_their_range(tmp_path: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    units = units_of(load(save_with_codes(tmp_path / "plain", 20 * RARE - 10)))
    assert not units.sigmoid
    np.testing.assert_allclose(units.activity(), [(0 + 1 / 8 + 1 / 8 + 1) / 4, 0.5, 0], atol=1e-6)
    np.testing.assert_array_equal(units.fired(), [0.25, 0.5, 0])


def test_a_channel_is_a_unit_and_counts_as_the_mean_of_its_positions(tmp_path: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    codes = np.zeros((2, 2, 1, 2), np.float32)
    codes[0, 0, 0], codes[1, 1, 0] = (-1, 3), (4, 8)
    units = units_of(load(save_with_codes(tmp_path / "spatial", codes)))
    assert (len(units), units.positions) == (2, 2)
    np.testing.assert_array_equal(units.values, [[1, 0], [0, 6]])
    off = units.off(codes[:1], 0)
    np.testing.assert_array_equal(off[0, 0, 0], [-0.5, 1.5])  # the mean of each position
    np.testing.assert_array_equal(off[0, 1], codes[0, 1])
    assert codes[0, 0, 0, 0] == -1  # what was given stays


def test_off_is_zero_for_a_sigmoid_and_the_mean_for_others(folder: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    latent = RARE[3:]
    np.testing.assert_array_equal(units_of(load(folder / "rare")).off(latent, 0)[0], [0, *latent[0, 1:]])
    seven = load(folder / "seven")
    changed = units_of(seven).off(np.zeros((1, 7), np.float32), 1)[0]
    assert changed[1] == seven.manifest.latent_mean[1]
    assert not changed[[0, 2, 3, 4, 5, 6]].any()


def test_off_is_zero_for_a_unit_that_is_zero_for_most_images(tmp_path: Path) -> None:
    """As where only the largest units stay."""
    from diabolo.ui.tabs.inside.units import units_of

    codes = np.array([[0, 1], [0, 2], [0, 3], [8, 4]], np.float32)
    units = units_of(load(save_with_codes(tmp_path / "largest", codes)))
    assert not units.sigmoid
    np.testing.assert_array_equal(units.off(codes[3:], 0), [[0, 4]])
    np.testing.assert_array_equal(units.off(codes[3:], 1), [[8, 2.5]])


def test_one_unit_alone_moves_two_deviations_and_not_beyond_what_training_saw(folder: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    moved = units_of(load(folder / "rare")).alone(1)
    np.testing.assert_allclose(
        moved[:, 1], [0.2, 0.5, 0.8], atol=1e-6
    )  # the deviation is .3: cut to the range
    np.testing.assert_allclose(moved[:, [0, 2]], [[0.25, 0.3]] * 3, atol=1e-6)


def test_without_codes_the_range_is_what_model_json_says(tmp_path: Path) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    units = units_of(load(save_pair(tmp_path / "bare", latent_shape=(3,))))
    assert units.values is units.activity() is units.fired() is None
    assert len(units.strongest(0, 4)) == 0
    np.testing.assert_array_equal(units.fire(np.array([0.1, -0.1, 4], np.float32)), [True, False, True])


@pytest.mark.parametrize("wrong", [-1, 3, 1.5, "x", None])
def test_a_unit_that_is_none_is_named(folder: Path, wrong: Any) -> None:
    from diabolo.ui.tabs.inside.units import units_of

    with pytest.raises(UsageError, match="from 0 to 2"):
        units_of(load(folder / "rare")).check(wrong)


def _context(**bundles: Path) -> Any:
    from diabolo.ui.models.collection import Models
    from diabolo.ui.parts.context import Context

    models = Models({name: Bundle.open(path) for name, path in bundles.items()}, device="cpu")
    return Context(bundles=models, chooser=None)  # type: ignore[arg-type]


def test_a_sparse_model_stands_beside_a_plain_one_by_what_model_json_says(tmp_path: Path) -> None:
    from diabolo.ui.tabs.inside.units import plain_and_sparse

    asked = {"settings": {"variant_options": {"sparsity": 0.1}}}
    paths = {
        "vae": save_pair(tmp_path / "a", latent={"prior": "normal"}),
        "letters": save_pair(tmp_path / "b", dataset={"name": "letters", "classes": []}),
        "plain": save_pair(tmp_path / "c"),
        "rare": save_pair(tmp_path / "d", training=asked, variant="any name"),
    }
    context = _context(**paths)
    assert plain_and_sparse(context) == ("plain", "rare")
    del paths["rare"]
    assert plain_and_sparse(_context(**paths))[0] == "vae"
    assert plain_and_sparse(_context(plain=paths["plain"])) == ("plain", "plain")


def test_the_bars_are_as_high_as_their_values(folder: Path) -> None:
    from diabolo.ui.tabs.inside import unit_charts
    from diabolo.ui.tabs.inside.texts import TEXTS

    drawn = unit_charts.bars(np.array([0.25, 0.5, 0.0]), TEXTS["en"])
    heights = re.findall(r'height="([\d.]+)"><title>Unit (\d)', drawn)
    assert heights == [("0.5000", "1"), ("0.2500", "0"), ("0.0000", "2")]


@pytest.mark.parametrize(
    ("classes", "kind"),
    [(["ant", "bee", "cat"], "strongest"), (["airplane", "bee", "cat"], "strongest named")],
)
def test_long_names_of_classes_get_room(tmp_path: Path, classes: list[str], kind: str) -> None:
    """Below one of eight pictures, 'automobile' ran into its neighbour's name."""
    from diabolo.ui.tabs.inside import unit_view
    from diabolo.ui.tabs.inside.texts import TEXTS

    save_coded(tmp_path / "b", (7,))
    document = json.loads((tmp_path / "b" / "model.json").read_text())
    document["dataset"]["classes"] = classes
    (tmp_path / "b" / "model.json").write_bytes(manifest.seal(document))
    page = unit_view.page(load(tmp_path / "b"), 5, None, TEXTS["en"])  # fires for images of all classes alike
    assert f'<ol class="{kind}">' in page
    assert page.count('<span title="') == 8


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    from diabolo.ui.models.collection import Models

    models = Models({name: Bundle.open(folder / name) for name in ("seven", "rare")}, device="cpu")
    with served(models) as address:
        yield address


def test_units_by_the_endpoint(client: Any) -> None:
    rows, share = client.predict("rare", api_name="/units")
    assert [row["unit"] for row in rows] == [0, 1, 2]
    assert [row["fires"] for row in rows] == [0.25, 0.5, 0]
    assert rows[0]["activity"] == pytest.approx(0.25)
    assert share == pytest.approx(0.25)


def test_switch_off_by_the_endpoint(client: Any, folder: Path, tmp_path: Path) -> None:
    from gradio_client import handle_file

    model = load(folder / "rare")
    values = np.zeros((8, 8), np.uint8)  # dark at the edge: it is not inverted
    values[1:7, 1:7] = np.random.default_rng(1).integers(0, 256, (6, 6))
    Image.fromarray(values).save(tmp_path / "picture.png")
    got = client.predict("rare", handle_file(str(tmp_path / "picture.png")), 1, api_name="/switch_off")
    before, after, difference = (_pixels(one) for one in got)
    latent = model.encode((values / 255).astype(np.float32)[None, None])
    np.testing.assert_array_equal(before, np.rint(255 * model.decode(latent)[0, 0]))
    latent[0, 1] = 0
    np.testing.assert_array_equal(after, np.rint(255 * model.decode(latent)[0, 0]))
    change = after.astype(float) - before
    assert np.abs(change).max() > 20
    brighter, darker = (255 - difference[..., 0]) / (255 - 18), (255 - difference[..., 1]) / (255 - 51)
    share = np.where(change > 0, brighter, darker)  # of the full colour; white is no change
    np.testing.assert_allclose(255 * share, np.abs(change), atol=2.3)  # the pictures were rounded


def _pixels(result: Any) -> np.ndarray:
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize(("image", "unit", "said"), [(True, 3, "from 0 to 2"), (False, 0, "image|picture")])
def test_what_cannot_be_switched_off_gives_a_message(
    client: Any, tmp_path: Path, image: bool, unit: int, said: str
) -> None:
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    Image.new("L", (8, 8)).save(tmp_path / "picture.png")
    given = handle_file(str(tmp_path / "picture.png")) if image else None
    with pytest.raises(AppError, match=said):
        client.predict("rare", given, unit, api_name="/switch_off")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "name", "sample"), [("en-US", "Inside", "Fetch a sample"), ("zh-TW", "內部", "取一個樣本")]
)
def test_the_tab(address: str, locale: str, name: str, sample: str) -> None:
    late: list[Any] = [None]

    def delay(route: Any) -> None:
        """The first choice while `late` is empty waits on its way."""
        data = route.request.post_data_json.get("event_data") or {}
        if "index" in data and not late:
            late.append(route)
        else:
            route.continue_()

    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, locale=locale)
        wrong = watch(page)
        page.route("**/queue/join*", delay)
        page.goto(address)
        page.get_by_role("tab", name=name).click()
        rare, seven = (page.locator(".two-insides > *").nth(side) for side in (0, 1))
        rare.locator(".share b", has_text="25 %").wait_for(timeout=WAIT)
        assert seven.locator(".class-rows span").all_inner_texts() == CLASSES
        assert rare.locator(".class-rows").count() == 0  # its codes have no labels
        seven.locator(".one-unit figure").nth(2).wait_for(timeout=WAIT)  # of the example
        page.locator("button:visible", has_text=sample).click()
        fetched = re.compile("It is not an image|drawn from|不是資料集|抽樣")
        page.locator(".block.steps:visible", has_text=fetched).first.wait_for(timeout=WAIT)
        cells = seven.locator(".units button")
        cells.nth(5).click()
        right = "document.querySelectorAll('.two-insides > *')[1]"
        chosen = right + ".querySelector('.units [aria-pressed=true]:focus')?.dataset.unit == {0}"
        shown = "/ {0}[:：]/.test(" + right + ".querySelector('.one-unit figcaption').textContent)"
        pairs = []
        for keys, unit in (((), 5), (("ArrowRight",), 6), (("Home",), 0), (4 * ("ArrowRight",), 4)):
            if len(keys) > 1:
                late.clear()
            for key in keys:  # the next one before the answer to the last
                page.keyboard.press(key)
            if len(keys) > 1:
                page.wait_for_timeout(200)  # what is sent after a late one overtakes it
                for route in late:
                    route.continue_()
                late.append(None)
                page.wait_for_timeout(500)  # for its answer
            page.wait_for_function(f"{chosen} && {shown}".format(unit), timeout=WAIT)
            assert seven.locator("input[type=number]").input_value() == str(unit)
            pictures = seven.locator(".one-unit figure").first.locator("img")
            pairs.append({pictures.nth(which).get_attribute("src") for which in (0, 1)})
        assert any(len(pair) == 2 for pair in pairs)  # one of the units may stand at its mean
        assert wrong == []


@pytest.mark.browser
def test_names_and_charts_belong_together(address: str) -> None:
    """A model is chosen while the tab is opened: whichever answer comes last, it brings both."""
    held: list[Any] | None = None

    def hold(route: Any) -> None:
        if held is None:
            route.continue_()
        else:
            held.append(route)

    def release(routes: list[Any]) -> None:
        for route in routes:
            route.continue_()
        page.wait_for_timeout(500)  # for their answers

    with started() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, locale="en-US")
        wrong = watch(page)
        page.route("**/queue/join*", hold)
        page.goto(address)
        page.locator(".model-line p").first.wait_for(timeout=WAIT)
        held = []
        page.locator(".head [role=combobox]").click()
        page.get_by_role("option", name="rare", exact=True).click()
        page.wait_for_timeout(300)
        choice, held = held, []
        page.get_by_role("tab", name="Inside").click()
        page.wait_for_timeout(300)
        opening, held = held, []
        assert choice
        assert opening
        release(opening)
        release(choice)
        after, held = held, None
        release(after)
        names = page.locator(".two-insides [role=combobox]")
        shares = page.locator(".two-insides .share")
        shares.nth(1).wait_for(timeout=WAIT)
        assert [names.nth(side).input_value() for side in (0, 1)] == ["rare", "seven"]
        assert ["of the 3 units" in text for text in shares.all_inner_texts()] == [True, False]
        assert wrong == []
