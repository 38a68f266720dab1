"""What the examples' tests share: the folders, a picture, and what the runtime makes of it."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.convert import prepare, to_uint8
from diabolo.runtime.image.photo import process_photo, read_photo

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


def save_any_size(folder: Path, channels: int = 3, *, wrong: float = 0.0, **changes: Any) -> Path:
    """A bundle of a model of any size, with a golden image of two sizes.

    Args:
        folder: is made.
        channels: of its images.
        wrong: how far the second golden reconstruction is off.
        changes: as in `save_pair`.
    """
    shape = (channels, 16, 16)
    with tempfile.TemporaryDirectory() as scratch:
        model = Autoencoder.load(
            save_pair(Path(scratch, "plain"), image_shape=shape, any_size=True), device="cpu"
        )
        first, second = (_golden(model, *size) for size in ((8, 6), (4, 12)))
    rebuilt = np.frombuffer(base64.b64decode(second["reconstruction"]), "<f4") + np.float32(wrong)
    second["reconstruction"] = base64.b64encode(rebuilt.tobytes()).decode()
    golden = first | {"second": second, "tolerance": {"default": 1e-4}}
    return save_pair(folder, image_shape=shape, any_size=True, golden=golden, **changes)


def _golden(model: Autoencoder, height: int, width: int) -> dict[str, Any]:
    image = np.random.default_rng(height).random(
        (1, model.manifest.image_shape[0], height, width), np.float32
    )
    latent = model.encode(image)
    values = {"image": image, "latent": latent, "reconstruction": model.decode(latent)}
    encoded = {name: base64.b64encode(each.astype("<f4").tobytes()).decode() for name, each in values.items()}
    return {"size": [height, width], **encoded}


def photograph(path: Path, width: int, height: int, mode: str = "RGB") -> Path:
    """Noise of a size, in a file without loss."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(width).integers(0, 256, (height, width, bands), np.uint8)
    Image.fromarray(values[..., 0] if bands == 1 else values).save(
        path, **({"lossless": True} if path.suffix == ".webp" else {})
    )
    return path


def processed(bundle: Path, path: Path) -> NDArray[np.uint8]:
    """What diabolo.runtime makes of a photograph: (height, width, 1 or 3)."""
    result = process_photo(Autoencoder.load(bundle, device="cpu"), read_photo(path))
    return np.asarray(result.pixels, np.uint8)


def damaged(bundle: Path, name: str, folder: Path) -> Path:
    """A copy of the bundle with one byte of one file changed."""
    copy = folder / "damaged"
    shutil.copytree(bundle, copy)
    raw = bytearray((copy / name).read_bytes())
    raw[-30] ^= 1
    (copy / name).write_bytes(raw)
    return copy
