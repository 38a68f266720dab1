"""Draw preview.png: what the model makes of characters or of a drawn scene, decoded codes, and samples."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import mosaic
from diabolo.runtime.image.background import background_kind
from diabolo.runtime.image.convert import to_pil
from diabolo.runtime.image.noise import add_noise
from diabolo.runtime.image.own_size import as_it_is
from diabolo.runtime.image.photo.scene import has_scene, scene_for
from diabolo.runtime.image.tiles import scaled
from diabolo.runtime.latent.interpolation import interpolate, linear

__all__ = ["Preview", "preview"]

_ACROSS = 10
_ROWS = 2  # rows of decoded codes
_LONGEST = 700  # pixels of the mosaic's longer side, approximately
_GAP = 1  # pixel between images, before they are enlarged
_SCENE = 360, 240  # pixels
_ZOOM = 4
_LETTERS = "ABCDEFGHIJ"
_FONT = Path("fonts", "ttf", "DejaVuSans.ttf")  # in matplotlib's data
_HIGH = 0.68  # a character's share of the height if borders are empty; MNIST's digits have 20 of 28 pixels
_EMPTY = 0.1  # the largest difference from black or white of a border that is considered empty
_HUES = 36  # degrees between the hues of two characters


class Preview(NamedTuple):
    """A picture for the model card.

    Attributes:
        png: the bytes of the file.
        about: what it shows, in a few words.
        caption: the same in sentences.
    """

    png: bytes
    about: str
    caption: str


def preview(model: Autoencoder, codes: NDArray[np.float32] | None, seed: int = 0) -> Preview | None:
    """Draw what the model makes of characters, and decode codes, an interpolation, and samples.

    The characters come from a font, and all other images are decoded, so that no image of a data set is
    shown. A model of any size without codes gets a drawn scene instead.

    Args:
        model: the exported model.
        codes: of some images, `(n, *latent_shape)`; None if none may be shown.
        seed: for the noise, the samples, and the selection of codes.

    Returns:
        None if the images have neither 1 nor 3 channels.
    """
    m = model.manifest
    if m.image_shape[0] not in (1, 3):
        return None
    if has_scene(model):
        return _of_scene(model, seed)
    given = characters(m)
    if m.noise_spec is not None:
        given = add_noise(given, m.noise_spec, np.random.default_rng(seed))
    shown = [given, model.reconstruct(given)]
    if codes is not None:
        chosen = np.random.default_rng(seed).permutation(len(codes))[: _ROWS * _ACROSS]
        selected = codes[np.resize(chosen, _ROWS * _ACROSS)]
        shown.append(model.decode(selected))
    else:
        selected = model.encode(given)
    squares = np.square(selected - selected[0]).reshape(len(selected), -1).sum(1)
    between = interpolate(selected[0], selected[squares.argmax()], _ACROSS, linear)
    latents = np.concatenate([between, model.sample_latents(_ACROSS, seed=seed)])
    rows = to_pil(np.concatenate([*shown, model.decode(latents)]))
    scale = mosaic.enlargement((_ACROSS * rows[0].width, 1), _LONGEST)
    noisy = ", with noise" if m.noise_spec is not None else ""
    decoded, coded = (" two rows of decoded codes;", " decoded codes,") if codes is not None else ("", "")
    return Preview(
        _png(mosaic.tiled(rows, _ACROSS, scale, _GAP)),
        f"Characters and their reconstructions,{coded} an interpolation, samples",
        f"Row by row: characters drawn with a font{noisy}; their reconstructions;{decoded} the linear "
        "interpolation from the first code to the one farthest from it; samples.",
    )


def _of_scene(model: Autoencoder, seed: int) -> Preview:
    """A drawn scene, with noise for a model that removes it, and its reconstruction; below, parts of both."""
    m = model.manifest
    drawn = scene_for(m, seed).resize(_SCENE, Image.Resampling.BOX)
    given = scaled(as_it_is(drawn, m.image_shape[0])[None])
    spec = m.noise_spec
    if spec is not None and spec.is_plain:
        middle = (spec.low + spec.high) / 2
        spec = replace(spec, low=middle, high=middle)
    if spec is not None:
        given = add_noise(given, spec, np.random.default_rng(seed))
    both = to_pil(np.concatenate([given.clip(0, 1), model.reconstruct(given)]))
    width, height = both[0].size
    left, top = width // 4, height // 2
    parts = [one.crop((left, top, left + width // _ZOOM, top + height // _ZOOM)) for one in both]
    rows = [*both, *(part.resize((width, height), Image.Resampling.NEAREST) for part in parts)]
    what = (
        f"A drawn scene {'with noise and what the model makes of it' if spec else 'and its reconstruction'}"
    )
    return Preview(
        _png(mosaic.tiled(rows, 2, 1, 2 * _GAP)),
        what,
        f"{what}; below, a part of both, {_ZOOM} times as large.",
    )


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def characters(m: Manifest) -> NDArray[np.float32]:
    """Ten characters in the style of the model's images.

    They are the classes' names if those are single digits or letters, otherwise A to J. The background is
    black, white or grey, like the border of the training images, and the size depends on whether that border
    is empty.

    Args:
        m: the model's manifest; its images have 1 or 3 channels.

    Returns:
        float32 `(10, channels, height, width)` in [0, 1].
    """
    named = m.classes and all(len(name) == 1 and name.isascii() and name.isalnum() for name in m.classes)
    texts = (m.classes if named else _LETTERS)[:_ACROSS]
    return np.stack([_character(texts[i % len(texts)], m, i) for i in range(_ACROSS)])


def _character(word: str, m: Manifest, number: int) -> NDArray[np.float32]:
    channels, height, width = m.image_shape
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / _FONT, 4 * min(height, width))
    left, top, right, bottom = (int(v) for v in font.getbbox(word))
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), word, 255, font)
    high = _HIGH if min(m.background, 1 - m.background) < _EMPTY else 1
    scale = min(high * height / mask.height, high * width / mask.width)
    size = max(1, round(mask.width * scale)), max(1, round(mask.height * scale))
    place = (width - size[0]) // 2, (height - size[1]) // 2
    coverage = Image.new("L", (width, height))
    coverage.paste(mask.resize(size, Image.Resampling.BOX), place)
    share = np.asarray(coverage, np.float32) / np.float32(255)
    ground = {"dark": 0.0, "bright": 1.0, None: m.background}[background_kind(m.background)]
    ink = np.full(channels, 0.0 if ground == 1 else 1.0)
    if channels == 3 and 0 < ground < 1:
        ink = 0.5 + 0.4 * np.cos(np.radians(_HUES * number - np.array([0, 120, 240])))
    image: NDArray[np.float32] = (ground + share * (ink[:, None, None] - ground)).astype(np.float32)
    return image
