"""preview.png: what the model makes of drawn characters, of codes, and of what lies between and beside."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import mosaic
from diabolo.runtime.image.background import background_kind
from diabolo.runtime.image.convert import to_pil
from diabolo.runtime.image.noise import NoiseSpec, add_noise
from diabolo.runtime.latent.interpolation import interpolate, linear

__all__ = ["preview"]

_ACROSS = 10
_ROWS = 2  # of decoded codes
_LONGEST = 700  # pixels of the picture, about
_GAP = 1  # pixel of the model's between images
_LETTERS = "ABCDEFGHIJ"
_FONT = Path("fonts", "ttf", "DejaVuSans.ttf")  # of matplotlib's
_HIGH = 0.68  # of the image, that a character takes where borders are empty: MNIST's have 20 of 28 pixels
_EMPTY = 0.1  # brightness of borders, from black or from white, up to which nothing reaches them
_HUES = 36  # degrees of the colour circle from one ink to the next


def preview(model: Autoencoder, codes: NDArray[np.float32], seed: int = 0) -> bytes | None:
    """A PNG: drawn characters, what comes back of them, two rows of decoded codes, a way, samples.

    The characters are drawn by a font, and all else is decoded, so no image of a data set is in the picture.
    None where the images are neither grey nor colour.

    Args:
        model: the finished pair.
        codes: of some images, `(n, *latent_shape)`.
        seed: of the noise, of the samples, and of which codes are taken.
    """
    m = model.manifest
    if m.image_shape[0] not in (1, 3):
        return None
    given = drawn(m)
    if m.noise is not None:
        noise = NoiseSpec(kind=m.noise[0], low=m.noise[1], high=m.noise[2])
        given = add_noise(given, noise, np.random.default_rng(seed))
    chosen = np.random.default_rng(seed).permutation(len(codes))[: _ROWS * _ACROSS]
    some = codes[np.resize(chosen, _ROWS * _ACROSS)]
    apart = np.square(some - some[0]).reshape(len(some), -1).sum(1)
    between = interpolate(some[0], some[apart.argmax()], _ACROSS, linear)
    latents = np.concatenate([some, between, model.sample_latents(_ACROSS, seed=seed)])
    rows = to_pil(np.concatenate([given, model.reconstruct(given), model.decode(latents)]))
    scale = mosaic.enlargement((_ACROSS * rows[0].width, 1), _LONGEST)
    buffer = io.BytesIO()
    mosaic.tiled(rows, _ACROSS, scale, _GAP).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def drawn(m: Manifest) -> NDArray[np.float32]:
    """Ten characters as the model's images are, `(10, channels, height, width)` in [0, 1].

    They are the classes' names where those are single digits or letters, and else A to J; on black, white or
    grey, as the training images' borders are, and as large as these let expect.
    """
    named = m.classes and all(len(name) == 1 and name.isascii() and name.isalnum() for name in m.classes)
    words = (m.classes if named else _LETTERS)[:_ACROSS]
    return np.stack([_character(words[i % len(words)], m, i) for i in range(_ACROSS)])


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
