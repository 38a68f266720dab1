"""Folders of pictures, few and many, grey and colour: ten are drawn by code, one is cut from photographs."""

from __future__ import annotations

import os
import shutil
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

__all__ = ["FOLDERS", "make"]

_Draw = Callable[[np.random.Generator], Image.Image]


def scene(rng: np.random.Generator) -> Image.Image:
    """A 64 x 64 crop of a landscape: sky, hills, a sun, and some houses and trees."""
    sky, ground = rng.integers(90, 255, 3), rng.integers(20, 160, 3)
    horizon = int(rng.integers(40, 90))
    rows = np.linspace(1.0, 0.6, 128)[:, None, None]
    canvas = np.where(np.arange(128)[:, None, None] < horizon, sky * rows, ground * rows) * np.ones(
        (1, 128, 1)
    )
    picture = Image.fromarray(canvas.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    x, y = rng.integers(0, 128), rng.integers(5, 40)
    draw.ellipse((x - 9, y - 9, x + 9, y + 9), fill=(255, 240, int(rng.integers(120, 220))))
    for _ in range(int(rng.integers(3, 9))):
        x, high, wide = rng.integers(0, 128), rng.integers(12, 45), rng.integers(10, 30)
        colour = tuple(rng.integers(30, 220, 3).tolist())
        foot = horizon + int(rng.integers(0, 30))
        if rng.random() < 0.5:
            draw.rectangle((x, foot - high, x + wide, foot), fill=colour)
        else:
            draw.polygon([(x, foot), (x + wide / 2, foot - high), (x + wide, foot)], fill=colour)
    left, top = rng.integers(0, 64, 2).tolist()
    crop = picture.filter(ImageFilter.GaussianBlur(0.7)).crop((left, top, left + 64, top + 64))
    grain = rng.normal(0, 4, (64, 64, 3))
    return Image.fromarray((np.asarray(crop) + grain).clip(0, 255).astype(np.uint8))


def letter(rng: np.random.Generator) -> Image.Image:
    """A letter or digit in grey, 28 x 28, of a random size, place and slant."""
    picture = Image.new("L", (56, 56))
    text = str(rng.choice(list(string.ascii_letters + string.digits)))
    font = ImageFont.load_default(size=int(rng.integers(34, 46)))
    place = tuple((28 + rng.normal(0, 1.5, 2)).tolist())
    ImageDraw.Draw(picture).text(place, text, fill=255, font=font, anchor="mm")
    return picture.rotate(float(rng.normal(0, 6)), Image.Resampling.BILINEAR).resize((28, 28))


def texture(rng: np.random.Generator) -> Image.Image:
    """A 32 x 32 grey patch: stripes of a random frequency and direction, with blurred noise."""
    y, x = np.mgrid[:32, :32]
    angle, frequency, phase = rng.uniform(0, np.pi), rng.uniform(0.15, 0.7), rng.uniform(0, 2 * np.pi)
    waves = np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    noise = Image.fromarray(rng.integers(0, 256, (32, 32), np.uint8)).filter(ImageFilter.GaussianBlur(2))
    grey = 128 + rng.uniform(30, 80) * waves + 1.5 * (np.asarray(noise) - 128.0)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def gradient(rng: np.random.Generator) -> Image.Image:
    """A 48 x 40 colour gradient, linear or radial."""
    y, x = np.mgrid[:40, :48] / 48.0
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        position = x * np.cos(angle) + y * np.sin(angle)
    else:
        position = np.hypot(x - rng.uniform(0.1, 0.9), y - rng.uniform(0.1, 0.7))
    position = (position - position.min()) / np.ptp(position)
    first, last = rng.integers(0, 256, (2, 3))
    return Image.fromarray((first + position[..., None] * (last - first)).astype(np.uint8))


def portrait(rng: np.random.Generator) -> Image.Image:
    """A 92 x 112 grey face of simple shapes, lit from a random side."""
    back, skin, hair = rng.integers(20, 120), rng.integers(120, 230), rng.integers(10, 110)
    picture = Image.new("L", (92, 112), int(back))
    draw = ImageDraw.Draw(picture)
    x, y, wide, high = 46 + rng.normal(0, 5), 58 + rng.normal(0, 4), rng.uniform(24, 33), rng.uniform(34, 43)
    draw.rectangle((x - wide * 1.3, y + high * 0.8, x + wide * 1.3, 112), fill=int(rng.integers(10, 200)))
    draw.ellipse((x - wide * 1.15, y - high * 1.2, x + wide * 1.15, y + high * 0.5), fill=int(hair))
    draw.ellipse((x - wide, y - high, x + wide, y + high), fill=int(skin))
    turn = rng.normal(0, 4)
    for side in (-1, 1):
        eye = x + turn + side * wide * 0.45
        draw.ellipse((eye - 5, y - 10, eye + 5, y - 5), fill=int(rng.integers(0, 60)))
    draw.line((x + turn, y - 4, x + turn + 2, y + 8), fill=int(skin * 0.7), width=2)
    smile, mouth = rng.uniform(4, 12), y + high * 0.45
    draw.arc((x + turn - 10, mouth - smile, x + turn + 10, mouth + smile), 20, 160, fill=40, width=3)
    light = 1 + rng.uniform(-0.4, 0.4) * np.linspace(-1, 1, 92) + rng.normal(0, 0.02, (112, 92))
    shaded = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2))) * light
    return Image.fromarray(shaded.clip(0, 255).astype(np.uint8))


def crop(rng: np.random.Generator) -> Image.Image:
    """A grey crop of 92 x 112 from a photograph of BSDS500, at half its size."""
    photos = sorted(Path(os.environ.get("DIABOLO_DATA", "."), "BSDS500").rglob("*.jpg"))
    if not photos:
        raise SystemExit("photos-400 needs BSDS500: set DIABOLO_DATA to the folder that holds it")
    with Image.open(photos[int(rng.integers(len(photos)))]) as photo:
        half = photo.convert("L").reduce(2)
    left, top = (
        int(rng.integers(max(1, side - of + 1))) for side, of in zip(half.size, (92, 112), strict=True)
    )
    return half.crop((left, top, left + 92, top + 112))


FOLDERS: dict[str, tuple[_Draw, int]] = {
    "scenes-12": (scene, 12),
    "gradients-30": (gradient, 30),
    "textures-60": (texture, 60),
    "letters-100": (letter, 100),
    "scenes-200": (scene, 200),
    "portraits-400": (portrait, 400),
    "gradients-700": (gradient, 700),
    "textures-1500": (texture, 1500),
    "scenes-3000": (scene, 3000),
    "letters-5000": (letter, 5000),
    "photos-400": (crop, 400),
}


def make(name: str, folder: Path, side: int | None = None) -> Path:
    """Draw the pictures of one of `FOLDERS` in a new folder; always the same ones.

    Args:
        name: of the folder.
        folder: to be made.
        side: pixels that the larger side has at most; by default the pictures keep their size.
    """
    draw, count = FOLDERS[name]
    rng = np.random.default_rng([count, len(name)])
    partial = folder.with_name(
        f"{folder.name}.partial"
    )  # renamed when whole, since a rerun uses what it finds
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for number in range(count):
        picture = draw(rng)
        if side:
            picture.thumbnail((side, side))
        picture.save(partial / f"{number:04}.png")
    return partial.rename(folder)
