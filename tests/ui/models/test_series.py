"""Models that differ in one number: found by what model.json says of their training, and never by a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _pair import save_pair
from _served import served

from diabolo.runtime.bundle import Bundle, zoo
from diabolo.runtime.bundle.manifest import Manifest

pytest.importorskip("gradio")

from diabolo.ui.models.series import series_like, series_of
from diabolo.ui.tabs.explore.series import TEXTS, slider_html

pytestmark = GRADIO_MARKS[1:]  # `browser` marks one test only


def trained(
    folder: Path, epochs: int = 5, metrics: dict[str, float] | None = None, **options: Any
) -> Manifest:
    settings = {"epochs": epochs, "variant_options": options}
    save_pair(folder, training={"settings": settings}, metrics=metrics or {"mse": 0.01})
    return Bundle.open(folder).manifest


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Manifest]:
    found = {
        name: trained(tmp_path / name, metrics={"mse": weight / 1000, "kl": weight}, weight=weight, kind="a")
        for name, weight in (("c", 4.0), ("a", 0.25), ("b", 1))
    }
    return found | {
        "longer": trained(tmp_path / "longer", epochs=6, weight=16.0, kind="a"),
        "other": trained(tmp_path / "other", weight=16.0, kind="b"),
        "bare": Bundle.open(save_pair(tmp_path / "bare", variant="vq")).manifest,
    }


def test_a_series_is_in_order_and_has_only_those_that_differ_in_nothing_else(
    models: dict[str, Manifest],
) -> None:
    for name in "abc":
        found = series_of(models, name)
        assert found is not None
        assert found.option == "weight"
        assert list(found.names.items()) == [(0.25, "a"), (1.0, "b"), (4.0, "c")]
    assert [series_of(models, name) for name in ("longer", "other", "bare")] == [None] * 3


def test_two_are_not_a_series(models: dict[str, Manifest]) -> None:
    del models["c"]
    assert series_of(models, "a") is None


def test_a_model_of_none_is_led_to_one_like_it(models: dict[str, Manifest]) -> None:
    for name in ("longer", "other"):
        found = series_like(models, name)
        assert found is not None
        assert list(found.names.values()) == ["a", "b", "c"]
        html = slider_html(models, name, TEXTS["en"])
        assert 'data-name="c"' in html  # the nearest to 16
        assert "from 0.25 to 4" in html
    assert series_like(models, "bare") is None
    assert slider_html(models, "bare", TEXTS["en"]) == ""


def test_the_slider_has_a_stop_for_each_and_the_figures_that_all_have(models: dict[str, Manifest]) -> None:
    html = slider_html(models, "b", TEXTS["zh-TW"])
    assert 'max="2" step="1" value="1"' in html
    assert "[&quot;a&quot;, &quot;b&quot;, &quot;c&quot;]" in html
    assert '<td class="here">0.0010</td>' in html
    assert TEXTS["zh-TW"]["kl"] in html
    assert TEXTS["zh-TW"]["holes"] not in html


def test_the_ready_made_ones_differ_in_beta() -> None:
    models = {name: Bundle.open(zoo.folder(name)).manifest for name in zoo.names()}
    found = series_of(models, "mnist-vae-2d-beta-4")
    assert found is not None
    assert found.option == "beta"
    assert list(found.names) == [0.25, 1, 4, 16]
    kl = [models[name].metrics["kl"] for name in found.names.values()]
    assert kl == sorted(kl, reverse=True)
    assert series_of(models, "mnist-vae-2d") is None
    assert series_like(models, "mnist-vae-2d") == found


@pytest.mark.browser
def test_the_slider_chooses_the_model_and_its_map(
    browser: Any, models: dict[str, Manifest], tmp_path: Path
) -> None:
    page = new_page(browser, viewport={"width": 1280, "height": 1000}, locale="zh-TW")
    wrong = watch(page)
    with served(
        {name: Bundle.open(tmp_path / name) for name in ("other", "a", "b", "c")}, device="cpu"
    ) as address:
        page.goto(address)
        page.get_by_role("tab", name="探索", exact=True).click()
        chooser = page.locator(".head [role=combobox]")
        page.locator(".series button", has_text=TEXTS["zh-TW"]["series_try"]).click()
        slider = page.locator(".series input")
        slider.wait_for(timeout=60_000)
        assert chooser.input_value() == "c"
        for key, name in (("ArrowLeft", "b"), ("Home", "a")):
            slider.focus()
            page.keyboard.press(key)
            page.locator(".series .ticks .here", has_text=f"{models[name].metrics['kl']:g}").wait_for(
                timeout=60_000
            )
            assert chooser.input_value() == name
        assert wrong == []
        page.close()
