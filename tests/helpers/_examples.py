"""What the examples' tests share: the folders, a picture, and what the runtime makes of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.convert import prepare, to_uint8

EXAMPLES = Path(__file__).parents[2] / "examples"


def needed(what: str, there: bool) -> None:
    """Skip where something is not installed; under CI that is an error."""
    if not there and os.environ.get("CI"):
        pytest.fail(f"{what}, and under CI the examples' tests must run")
    if not there:
        pytest.skip(what)


def needs_modules(example: str) -> None:
    """Skip where npm has not installed what an example needs."""
    needed("node is not installed", shutil.which("node") is not None)
    installed = (EXAMPLES / example / "node_modules").is_dir()
    needed(f"examples/{example} has no node_modules: run `npm ci` there", installed)


def picture(path: Path) -> Path:
    """A drawing in colour on a bright ground, partly transparent, of no model's size."""
    drawing = Image.new("RGBA", (41, 33), (250, 250, 245, 255))
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((8, 6, 30, 28), fill=(200, 40, 20, 255))
    pen.rectangle((30, 4, 34, 26), fill=(10, 60, 160, 90))
    drawing.save(path)
    return path


def expected(bundle: Path, path: Path) -> NDArray[np.uint8]:
    """The prepared picture and its reconstruction by diabolo.runtime, side by side, 8 bits."""
    model = Autoencoder.load(bundle, device="cpu")
    m = model.manifest
    seen = prepare(path, m.image_shape, invert=None, **m.preparation).image
    return np.concatenate(list(to_uint8(np.stack([seen, model.reconstruct(seen)[0]]))), axis=1)


def pixels(path: Path, like: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A picture file's values, as int16 for differences, with `like`'s channels."""
    with Image.open(path) as opened:
        values = np.asarray(opened.convert("L" if like.shape[2] == 1 else "RGB"), np.int16)
    return values.reshape(like.shape)


def damaged(bundle: Path, name: str, folder: Path) -> Path:
    """A copy of the bundle with one byte of one file changed."""
    copy = folder / "damaged"
    shutil.copytree(bundle, copy)
    raw = bytearray((copy / name).read_bytes())
    raw[-30] ^= 1
    (copy / name).write_bytes(raw)
    return copy
