"""The endpoints of Interpolate: they draw what the command draws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _pair import save_pair
from _served import served
from click.testing import CliRunner
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.ui.cli import main

pytest.importorskip("gradio")

pytestmark = [mark for mark in GRADIO_MARKS if mark.name != "browser"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles: `plane` with codes in classes, `spatial` with none."""
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    save_pair(folder / "spatial", latent_shape=(2, 4, 4))
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served({name: Autoencoder.load(folder / name, device="cpu") for name in ("plane", "spatial")}) as at:
        yield at


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four pictures of the models' size, in the folder where commands run."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    for name in "abcd":
        dim = np.pad(rng.integers(40, 256, (4, 4)).astype(np.uint8), 2)  # a dark border: nothing to invert
        Image.fromarray(dim).save(f"{name}.png")
    return [f"{name}.png" for name in "abcd"]


def handed(names: list[str]) -> list[Any]:
    from gradio_client import handle_file

    return [handle_file(name) for name in names]


def pixels(file: Any) -> np.ndarray:
    with Image.open(file["path"] if isinstance(file, dict) else file) as picture:
        return np.asarray(picture.convert("RGB"))


def draw(*arguments: object) -> np.ndarray:
    """What the command draws."""
    out = f"drawn-{abs(hash(arguments))}.png"
    done = CliRunner().invoke(main, ["interpolate", *map(str, arguments), "-o", out])
    assert done.exit_code == 0, done.output
    return pixels(out)


@pytest.mark.parametrize("name", ["plane", "spatial"])
@pytest.mark.parametrize("method", ["linear", "spherical", "standardised"])
def test_the_command_draws_a_path_of_the_app_to_the_same_pixels(
    client: Any, folder: Path, photos: list[str], name: str, method: str
) -> None:
    strip, animation, path = client.predict(name, handed(photos[:3]), 5, method, api_name="/interpolate_path")
    Path("walk.json").write_text(json.dumps(path))
    np.testing.assert_array_equal(draw(folder / name, "--path", "walk.json"), pixels(strip))
    np.testing.assert_array_equal(
        draw(folder / name, *photos[:3], "--steps", 5, "--method", method), pixels(strip)
    )
    assert strip_of(strip) == 9
    with Image.open(animation["path"] if isinstance(animation, dict) else animation) as film:
        assert film.n_frames == 16  # type: ignore[attr-defined]
    again, _, note = client.predict(name, path, api_name="/render_path")
    np.testing.assert_array_equal(pixels(again), pixels(strip))
    assert note == ""


def strip_of(file: Any) -> float:
    height, width, _ = pixels(file).shape
    return width / height


def test_two_pictures_are_a_path_too(client: Any, photos: list[str]) -> None:
    two = client.predict("plane", *handed(photos[:2]), 5, "linear", api_name="/interpolate")[0]
    path = client.predict("plane", handed(photos[:2]), 5, "linear", api_name="/interpolate_path")[0]
    np.testing.assert_array_equal(pixels(two), pixels(path))


def test_a_grid_is_the_command_s(client: Any, folder: Path, photos: list[str]) -> None:
    grid = client.predict("spatial", handed(photos), 4, "spherical", api_name="/interpolate_grid")
    drawn = draw(folder / "spatial", *photos, "--grid", "--steps", 4, "--method", "spherical")
    np.testing.assert_array_equal(drawn, pixels(grid))


def test_what_cannot_be_drawn_is_told(client: Any, photos: list[str]) -> None:
    from gradio_client.exceptions import AppError

    def refused(words: str, *arguments: Any) -> None:
        *given, name = arguments
        with pytest.raises(AppError, match=words):
            client.predict(*given, api_name=name)

    refused("2 to 256 images, not 1", "plane", handed(photos[:1]), 5, "linear", "/interpolate_path")
    refused("four key images; this path has 3", "plane", handed(photos[:3]), 5, "linear", "/interpolate_grid")
    refused("whole number, not 2.5", "plane", handed(photos[:2]), 2.5, "linear", "/interpolate_path")
    refused("diabolo-path", "plane", {"keys": []}, "/render_path")
    path = client.predict("spatial", handed(photos[:2]), 5, "linear", api_name="/interpolate_path")[2]
    refused(r"shape \[2, 4, 4\]; by-hand takes \[2\]", "plane", path, "/render_path")
    other = {"model": {"name": "elsewhere", "digest": "sha256:" + "0" * 64}}
    assert "made with elsewhere" in client.predict("spatial", path | other, api_name="/render_path")[2]
