"""Photographs at their own size on a page: a model of any size, pictures, and the tabs that show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from _chromium import new_page, watch
from _pair import save_pair
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder

WAIT = 60_000  # milliseconds


def photo_models(folder: Path, **changes: Any) -> dict[str, Autoencoder]:
    """A model of any size, 'photos', whose model.json gets the changes, and one of a single size, 'plain'."""
    noise = {"kind": "gaussian", "level": [0.0, 0.2]}
    save_pair(folder / "photos", any_size=True, image_shape=(3, 16, 16), noise=noise, **changes)
    save_pair(folder / "plain", latent_shape=(20,))
    return {name: Autoencoder.load(folder / name, device="cpu") for name in ("photos", "plain")}


def photo(path: Path, size: tuple[int, int] = (61, 37), **more: Any) -> Path:
    """A smooth picture with noise, of an odd size."""
    width, height = size
    x, y = np.meshgrid(np.linspace(40, 200, width), np.linspace(0, 40, height))
    values = np.stack([x, x / 2 + y, 220 - x], 2) + np.random.default_rng(0).normal(0, 12, (height, width, 3))
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path, **more)
    return path


def opened(result: Any) -> Image.Image:
    """The picture of a path, or of a file that an endpoint returned."""
    with Image.open(result["path"] if isinstance(result, dict) else result) as picture:
        picture.load()
        return picture


def open_tab(browser: Any, address: str, tab: str, **options: Any) -> tuple[Any, list[str]]:
    """A page with the model 'photos' in a tab that shows its example; and what goes wrong on it."""
    page = new_page(browser, **options)
    wrong = watch(page)
    page.goto(address)
    page.locator(".head input").first.click(timeout=WAIT)
    page.get_by_role("option", name="photos").click()
    page.get_by_role("tab", name=tab, exact=True).click()
    page.wait_for_selector(".photo-view:visible .photo:not(.single)", timeout=WAIT)
    return page, wrong


def upload(page: Any, path: Path) -> None:
    """Give the page a picture."""
    page.get_by_role("tab", name="Upload or paste").click()
    page.locator(".pad .upload input[type=file]").first.set_input_files(str(path))


def wait_for_size(page: Any, size: str, *, done: bool = True) -> None:
    """Until the open tab shows a picture of this size, and its result."""
    page.wait_for_function(
        """([size, done]) => [...document.querySelectorAll('.photo')].some((one) =>
          one.offsetParent && one.querySelector('.size').textContent === size
          && !(done && one.classList.contains('single')))""",
        arg=[size, done],
        timeout=WAIT,
    )
