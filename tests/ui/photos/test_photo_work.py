"""What stands behind the view of photographs: jobs, mixing, files for the screen, and the app's own scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.photo import Photo

pytest.importorskip("gradio")

from diabolo.runtime.image.photo.scene import scene
from diabolo.ui.photos.encoded import ending_of, for_screen, load_pixels, mixed, pixels_file
from diabolo.ui.photos.jobs import Jobs, StoppedError


def some(shape: tuple[int, int, int], dtype: type[np.generic] = np.uint8) -> Photo:
    rng = np.random.default_rng(0)
    return Photo(pixels=rng.integers(0, np.iinfo(dtype).max, shape, dtype))


def test_a_newer_job_replaces_the_earlier_one() -> None:
    jobs = Jobs()
    with jobs.begin("one") as first, jobs.begin("two") as other:
        with jobs.begin("one") as second:
            assert first.replaced
            with pytest.raises(StoppedError):
                first.check()
            second.check()
            other.check()
            jobs.stop("one")
            with pytest.raises(StoppedError):
                second.check()
            assert not second.replaced
        other.check()
    jobs.stop("one")


def test_jobs_without_a_page_do_not_stop_each_other() -> None:
    jobs = Jobs()
    with jobs.begin(None) as first, jobs.begin(None):
        first.check()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_mixed(dtype: type[np.generic]) -> None:
    before, after = some((5, 7, 3), dtype), some((5, 7, 3), dtype).pixels[::-1]
    assert np.array_equal(mixed(before, after, 1).pixels, after)
    assert np.array_equal(mixed(before, after, 0).pixels, before.pixels)
    half = np.rint((before.pixels.astype(float) + after) / 2)
    assert np.abs(mixed(before, after, 0.5).pixels - half).max() <= 1
    with pytest.raises(UsageError, match="between 0"):
        mixed(before, after, float("nan"))


def test_pixels_are_kept_without_loss(tmp_path: Path) -> None:
    photo = some((4, 6, 1), np.uint16)
    path = tmp_path / "a.npy"
    path.write_bytes(pixels_file(photo))
    assert np.array_equal(load_pixels(str(path)), photo.pixels)
    with pytest.raises(UsageError, match="no longer kept"):
        load_pixels(str(tmp_path / "gone.npy"))


def test_the_screen_gets_png_for_small_pictures_and_jpeg_for_large_ones(tmp_path: Path) -> None:
    small = some((30, 20, 3), np.uint16)
    content, ending = for_screen(small)
    (tmp_path / "a.png").write_bytes(content)
    assert ending == ".png"
    with Image.open(tmp_path / "a.png") as picture:
        assert np.abs(np.asarray(picture).astype(int) - np.rint(small.pixels / 257)).max() == 0
    large = Photo(pixels=np.zeros((1500, 1500, 1), np.uint8))
    assert for_screen(large)[1] == ".jpg"
    assert for_screen(replace(large, alpha=np.zeros((1500, 1500), np.uint8)))[1] == ".png"


@pytest.mark.parametrize(("name", "ending"), [("a.JPEG", ".JPEG"), ("a.bmp", ".jpg"), ("a", ".jpg")])
def test_ending_of(name: str, ending: str) -> None:
    assert ending_of(replace(some((2, 2, 3)), format="JPEG"), name) == ending


def test_scene_is_the_same_for_a_seed() -> None:
    assert scene(3).shape == (320, 480, 3)
    assert scene(3).dtype == np.uint8
    assert not np.array_equal(scene(3), scene(4))
    assert scene(3).std() > 20
