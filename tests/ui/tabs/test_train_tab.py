"""The tab Train in Chromium: from a zip to a model in the chooser; a wrong value; a training that dies."""

from __future__ import annotations

import os
import re
import signal
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _pair import save_pair
from _served import served

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.ui.training import process

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 300_000  # milliseconds, of which most are torch's import
STAGE = "wanted => document.querySelector('.train-watch')?.dataset.stage === wanted"

# of this run: what another one had shown is cleared before
SHOWN = f"wanted => ({STAGE})(wanted) && document.querySelector('.train-pictures figcaption').textContent"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory of the app, which runs are written to."""
    folder = tmp_path_factory.mktemp("trained")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    for name in ("first", "second"):
        save_pair(place / name)
    models = {name: Autoencoder.load(place / name, device="cpu") for name in ("first", "second")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "_NICER", 0)  # it would hardly run while every processor is busy with tests
        with served(models) as address:
            yield address


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The tab; afterwards: no error in the console, no request to anybody else."""
    page = new_page(
        browser, viewport={"width": 1280, "height": 950}, locale=getattr(request, "param", "en-US")
    )
    wrong = watch(page)
    page.goto(address)
    page.get_by_role("tab", name=re.compile("^(Train|訓練)$")).click()
    page.locator(".train-start").wait_for(timeout=WAIT)
    yield page
    page.close()
    assert wrong == []


def choose(page: Any, images: str, **settings: str) -> None:
    page.locator("[name=data]").select_option(images)
    for name, value in settings.items():
        field = page.locator(f"[data-setting={name}]")
        (field.fill if field.evaluate("node => node.localName") == "input" else field.select_option)(value)


def test_from_a_zip_to_a_model_in_every_tab(page: Any, pictures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shapes.zip", "w") as archive:
        for path in pictures.rglob("*.png"):
            archive.write(path, path.relative_to(pictures))
    choose(page, "zip", latent_dim="2", epochs="3")
    page.locator("[name=zip]").set_input_files(tmp_path / "shapes.zip")
    page.locator(".train-equal summary").click()
    command = page.locator("[data-kind=command] pre", has_text="vae-shapes")
    command.wait_for(timeout=WAIT)
    assert (
        "diabolo train vae --dataset runs/pictures/shapes --latent-dim 2 --epochs 3" in command.inner_text()
    )
    page.locator(".train-start").click()

    page.wait_for_function(STAGE, arg="done", timeout=WAIT)
    assert page.locator(".train-curves polyline").count() == 2
    assert page.locator(".train-map li").all_inner_texts() == ["bars", "discs"]
    assert page.locator(".train-pictures img").evaluate("image => image.naturalWidth") > 16

    page.locator(".train-buttons button").click()
    page.wait_for_function(STAGE, arg="exported", timeout=WAIT)
    page.locator(".model-line p", has_text="latent of 2 numbers").wait_for(timeout=WAIT)
    chooser = page.locator(".head [role=combobox]")
    assert chooser.input_value() == "vae-shapes"
    page.get_by_role("tab", name="Reconstruct").click()
    assert chooser.input_value() == "vae-shapes"


@pytest.mark.parametrize("page", ["zh-TW"], indirect=True)
def test_a_wrong_value_is_named_before_the_start(page: Any) -> None:
    choose(page, "name:glyphs", epochs="many")
    page.locator(".train-problem", has_text="--epochs 'many' is not possible").wait_for(timeout=WAIT)
    assert page.locator(".train-start").inner_text() == "開始訓練"
    choose(page, "name:glyphs", epochs="1")
    page.locator(".train-problem").wait_for(state="hidden", timeout=WAIT)


def test_a_zip_without_pictures_is_refused(page: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("a.txt", "nothing to see")
    choose(page, "zip")
    page.locator("[name=zip]").set_input_files(tmp_path / "notes.zip")
    page.locator(".train-start").click()
    page.locator(".train-problem", has_text="notes.zip has no pictures").wait_for(timeout=WAIT)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed in another way there")
def test_a_training_that_dies_can_be_continued(
    page: Any, pictures: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[process.Command] = []
    own = process.Command.__init__

    def noted(self: process.Command, *arguments: Any) -> None:
        own(self, *arguments)
        begun.append(self)

    monkeypatch.setattr(process.Command, "__init__", noted)
    choose(page, "folder", epochs="100000")
    page.locator("[name=folder]").fill(str(pictures))
    page.locator("[name=run]").fill("dies")
    page.locator(".train-start").click()
    page.wait_for_function(SHOWN, arg="training", timeout=WAIT)
    os.kill(begun[-1].pid, signal.SIGKILL)
    page.locator(".train-what", has_text="signal 9").wait_for(timeout=WAIT)
    page.locator(".train-buttons button", has_text="Continue").click()
    page.wait_for_function(STAGE, arg="training", timeout=WAIT)
    page.locator(".train-buttons button", has_text="Pause").click()
    page.wait_for_function(STAGE, arg="paused", timeout=WAIT)
    assert (place / "runs" / "dies" / "last" / "state.safetensors").is_file()
