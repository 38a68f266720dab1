"""Photographs at their own size in Denoise and Reconstruct: endpoints, files, and stopping."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _photos import open_tab, opened, photo, photo_models, upload
from _served import served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image.photo import read_photo

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    return photo_models(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


def given(path: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(path))


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


def slowed(model: Autoencoder) -> tuple[list[Any], Any]:
    """The shapes of the batches computed, and a `reconstruct` of the graphs that takes half a second."""
    plain, calls = model._graphs.reconstruct, []

    def slow(batch: np.ndarray) -> np.ndarray:
        calls.append(batch.shape)
        time.sleep(0.5)
        return plain(batch)

    return calls, slow


def test_cancel_stops_within_a_tile(
    browser: Any,
    address: str,
    models: dict[str, Autoencoder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, wrong = open_tab(browser, address, "Denoise")
    calls, slow = slowed(models["photos"])
    monkeypatch.setattr(models["photos"]._graphs, "reconstruct", slow)
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


def test_cancel_stops_files_and_keeps_what_is_done(
    browser: Any,
    address: str,
    models: dict[str, Autoencoder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, wrong = open_tab(browser, address, "Denoise")
    calls, slow = slowed(models["photos"])
    paths = [photo(tmp_path / f"{number}.png") for number in range(30)]
    page.locator(".noisy-files input[type=file]").first.set_input_files(list(map(str, paths)))
    page.locator(".noisy-files tr.file").nth(29).wait_for(state="attached", timeout=WAIT)
    monkeypatch.setattr(models["photos"]._graphs, "reconstruct", slow)
    run, cancel = page.locator(".denoise-files-run"), page.locator(".denoise-files-cancel")
    run.click()
    page.get_by_text("2/30").wait_for(timeout=WAIT)
    assert not run.is_visible()
    cancel.click()
    report = page.locator(".denoise-report p", has_text="Stopped.")
    report.wait_for(timeout=WAIT)
    run.wait_for(timeout=WAIT)
    assert not cancel.is_visible()
    count = int(report.inner_text().removeprefix("Stopped. Denoised: ").removesuffix(" of 30."))
    assert 2 <= count < 30
    assert len(calls) in (count, count + 1)
    with page.expect_download(timeout=WAIT) as download:
        page.locator(".denoised-zip a").first.click()
    with zipfile.ZipFile(download.value.path()) as found:
        assert found.namelist() == [f"{number}.png" for number in range(count)]
    assert not wrong
    page.close()


def test_a_stopped_model_of_one_size_keeps_its_batches(
    models: dict[str, Autoencoder], tmp_path: Path
) -> None:
    from diabolo.ui.models.collection import collect
    from diabolo.ui.parts.context import Context
    from diabolo.ui.photos.jobs import StoppedError
    from diabolo.ui.tabs.denoise.denoised_files import denoised

    def tick(done: int, _count: int) -> None:
        if done > 32:  # one batch
            raise StoppedError

    nothing: Any = None
    context = Context(bundles=collect({"plain": models["plain"]}), chooser=nothing)
    paths = [str(photo(tmp_path / f"{number}.png", (8, 8))) for number in range(40)]
    result = denoised(context, "plain", paths, tick)
    assert (result.count, result.given, result.stopped) == (32, 40, True)
    assert not denoised(context, "plain", paths, lambda *_: None).stopped
