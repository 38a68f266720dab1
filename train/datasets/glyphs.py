"""Glyphs: letters that are drawn when they are loaded, so nothing is downloaded."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

from diabolo.runtime.errors import MissingPackageError
from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split
from diabolo.train.datasets._decoding.decode import fit_split
from diabolo.train.errors import DataError

__all__ = ["Dataset"]

_LETTERS = "ABCDEFGHIJ"
_TRAIN, _TEST = 20_000, 4_000  # images

# the fonts of matplotlib that have these letters; a fixed list, so that new fonts change nothing
_TRAIN_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralBolIta"),
    *("cmr10", "cmb10", "cmti10", "cmmi10", "cmtt10", "cmsy10"),
)
_TEST_FONTS = ("DejaVuSansMono", "DejaVuSerif-Bold", "STIXGeneralItalic", "cmss10")

_SIDE = 28  # pixels per side; the lengths below are for this size, and scale with it
_LENGTH = (17.0, 21.5)  # pixels, the range of the longer side of a letter
_TURN = math.radians(12)  # the largest rotation, in either direction
_SHIFT = 2.5  # pixels, the largest shift in any direction; limited by the margin
_MARGIN = 1.0  # pixels that stay free at every edge
_FINE = 3  # letters are drawn this many times larger, then averaged, for smooth edges
_SIZES = (12, 128)  # pixels, the range of the sides of images


class Dataset(DatasetBase):
    """The letters A to J in 23 fonts, slightly shifted, rotated and scaled; white on black, `(1, 28, 28)`.

    The fonts of the test images differ from those of the training images. Classes are balanced. A seed gives
    the same images on every machine, within about one grey level, since versions of FreeType smooth edges
    differently.
    """

    title: ClassVar[str] = "Glyphs"
    summary: ClassVar[str] = "letters A to J in 23 fonts"
    made: ClassVar[str] = "drawn on the spot"
    image_shape: ClassVar[tuple[int, int, int] | None] = (1, _SIDE, _SIDE)
    count: ClassVar[str] = f"{_TRAIN:,} + {_TEST:,}"
    classes: ClassVar[tuple[str, ...]] = tuple(_LETTERS)
    licence: ClassVar[str] = (
        "Drawn from fonts that matplotlib ships: DejaVu, STIX and Computer Modern (BaKoMa)"
    )
    home: ClassVar[str] = "https://matplotlib.org/stable/users/explain/text/fonts.html"

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder of the fonts.

        Raises:
            MissingPackageError: matplotlib, which brings them, is not installed.
        """
        return _fonts()[0]

    def load(self, request: LoadRequest) -> ImageData:
        """Draw the images with `request.seed`, in the size of `request.fitting`.

        Raises:
            DataError: a font is missing, or the image size is not within 12 to 128 pixels.
            MissingPackageError: matplotlib, which brings the fonts, is not installed.
        """
        size = request.fitting.image_size or (_SIDE, _SIDE)
        if not all(_SIZES[0] <= side <= _SIZES[1] for side in size):
            raise DataError(
                f"glyphs cannot be drawn at {size[0]} x {size[1]} pixels; "
                f"each side may be {_SIZES[0]} to {_SIZES[1]}."
            )
        folder, version = _fonts()
        total = _TRAIN + _TEST
        train_rng, test_rng = (np.random.Generator(np.random.PCG64([request.seed, part])) for part in (0, 1))
        train = _draw(_letters(folder, version, _TRAIN_FONTS, size), _TRAIN, size, train_rng)
        request.progress("drawing", _TRAIN, total)
        test = _draw(_letters(folder, version, _TEST_FONTS, size), _TEST, size, test_rng)
        request.progress("drawing", total, total)
        return ImageData(
            name="glyphs",
            train=fit_split(train, request.fitting),
            test=fit_split(test, request.fitting),
            classes=self.classes,
            licence=self.licence,
            provenance={
                "seed": request.seed,
                "train_fonts": list(_TRAIN_FONTS),
                "test_fonts": list(_TEST_FONTS),
                "matplotlib": version,
                "freetype": features.version("freetype2"),
            },
        )


def _fonts() -> tuple[Path, str]:
    """The folder of matplotlib's fonts, and matplotlib's version."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingPackageError(
            f"matplotlib, whose fonts the glyphs are drawn from, cannot be imported ({error}). "
            'Install it with: pip install "diabolo[train]"'
        ) from error
    return Path(matplotlib.get_data_path(), "fonts", "ttf"), matplotlib.__version__


def _letters(
    folder: Path, version: str, fonts: tuple[str, ...], size: tuple[int, int]
) -> list[list[Image.Image]]:
    """Each letter in each font, `[class][font]`, cropped to its edges, larger than in any image."""
    length = math.ceil(_FINE * _LENGTH[1] * min(size) / _SIDE)
    letters: list[list[Image.Image]] = [[] for _ in _LETTERS]
    for name in fonts:
        path = folder / f"{name}.ttf"
        try:
            # from bytes: for a path that does not exist, Pillow uses a system font of that name. Every build
            # of Pillow has the basic layout
            data = io.BytesIO(path.read_bytes())
            font = ImageFont.truetype(data, 2 * length, layout_engine=ImageFont.Layout.BASIC)
        except OSError as error:
            raise DataError(
                f"the font {path} cannot be read ({error.strerror or error}); "
                f"matplotlib {version} should bring it. "
                "Reinstall it with: pip install --force-reinstall 'matplotlib>=3.9'"
            ) from error
        for place, letter in enumerate(_LETTERS):
            canvas = Image.new("L", (4 * length, 4 * length))
            ImageDraw.Draw(canvas).text((length, length), letter, fill=255, font=font)
            letters[place].append(canvas.crop(canvas.getbbox()))
    return letters


def _draw(
    letters: list[list[Image.Image]], count: int, size: tuple[int, int], rng: np.random.Generator
) -> Split:
    """`count` images in random order, the same number of each class, the fonts of a class in turn."""
    index = rng.permutation(count)
    labels = index % len(letters)
    fonts = index // len(letters) % len(letters[0])
    scale, angle, right, down = _placing(letters, labels, fonts, size, rng)
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    height, width = (_FINE * side for side in size)
    images = np.empty((count, 1, *size), np.uint8)
    for i in range(count):
        glyph = letters[labels[i]][fonts[i]]
        a, b = cosine[i], sine[i]
        x, y = width / 2 + right[i], height / 2 + down[i]  # the centre of the letter
        # Pillow needs the inverse transform: from a pixel of the image to a point of the letter
        back = (a, b, glyph.width / 2 - a * x - b * y, -b, a, glyph.height / 2 + b * x - a * y)
        fine = glyph.transform((width, height), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
        images[i, 0] = np.asarray(fine.reduce(_FINE))
    return Split(images=images, labels=labels.astype(np.int64))


def _placing(
    letters: list[list[Image.Image]],
    labels: NDArray[np.int64],
    fonts: NDArray[np.int64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[Any], ...]:
    """Scale, angle, and shift to the right and down in fine pixels, `(count,)` each."""
    unit = _FINE * min(size) / _SIDE
    shapes = np.array([[glyph.size for glyph in row] for row in letters])
    wide, high = shapes[labels, fonts].T
    scale = rng.uniform(*_LENGTH, len(labels)) * unit / np.maximum(wide, high)
    angle = rng.uniform(-_TURN, _TURN, len(labels))
    border = 2 * _MARGIN * unit
    cosine, sine = scale * np.cos(angle), scale * np.abs(np.sin(angle))
    room_right = (_FINE * size[1] - border - wide * cosine - high * sine) / 2
    room_down = (_FINE * size[0] - border - high * cosine - wide * sine) / 2
    right, down = (
        rng.uniform(-1, 1, len(labels)) * np.clip(room, 0, _SHIFT * unit) for room in (room_right, room_down)
    )
    return scale, angle, right, down
