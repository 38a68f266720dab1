"""The moving picture of the README: a walk across a latent space, and a photograph as its noise is removed.

python -m website.movie docs/diabolo.gif

Both come from ready-made models, the photograph is a drawn scene: no image of a data set is shown.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from diabolo.runtime import Autoencoder, NoiseSpec, add_noise
from diabolo.runtime.image.metrics import psnr
from diabolo.runtime.image.photo.scene import scene

__all__ = ["frames", "main"]

_Array: TypeAlias = NDArray[np.float32]

_FRAMES, _MILLISECONDS = 72, 100
_SIDE, _GAP, _TOP = 224, 18, 44  # of the panels, between them, above them
_WIDE = 336  # the photograph
_SIZE = (2 * _SIDE + _WIDE + 4 * _GAP, _SIDE + _TOP + _GAP)
_PAPER, _INK, _QUIET, _ACCENT = "#f8fafc", "#0f172a", "#64748b", "#f59e0b"
_CLASSES: tuple[str, ...] = ("#0d9488", "#2563eb", "#db2777", "#ca8a04", "#7c3aed")
_CLASSES += ("#dc2626", "#059669", "#0891b2", "#9333ea", "#475569")
_FINE = 4  # shapes are drawn this much larger, then reduced: smooth edges
_NOISE = "gaussian:0.15"
_SAME = 255  # the colour that lets the picture before show through


def frames(count: int = _FRAMES) -> list[Image.Image]:
    """The pictures of the movie, of which the last leads on to the first."""
    model = Autoencoder.load("mnist-vae-2d", device="cpu")
    codes = model.codes
    if codes is None or codes.labels is None:
        raise LookupError("mnist-vae-2d has no codes with labels")
    path = _path(codes.latents, codes.labels, count)
    low, high = np.quantile(codes.latents, 0.02, 0), np.quantile(codes.latents, 0.98, 0)
    low, high = np.minimum(low, path.min(0)) - 0.15, np.maximum(high, path.max(0)) + 0.15
    places = _places(path, low, high)
    chart = _chart(_places(codes.latents, low, high), codes.labels)
    digits = model.decode(path)[:, 0]
    card, noisy, clean = _card()
    made = []
    for number in range(count):
        picture = card.copy()
        picture.paste(_with_walk(chart, places, number), (_GAP, _TOP))
        digit = Image.fromarray((digits[number] * 255).round().astype(np.uint8))
        picture.paste(digit.resize((_SIDE, _SIDE), Image.Resampling.NEAREST), (2 * _GAP + _SIDE, _TOP))
        split = round(_WIDE * (0.5 - 0.46 * np.cos(2 * np.pi * number / count)))
        picture.paste(_divided(noisy, clean, split), (3 * _GAP + 2 * _SIDE, _TOP))
        made.append(picture)
    return made


def _path(latents: _Array, labels: NDArray[np.integer], count: int) -> _Array:
    """A closed curve through the middle of each class, at an even pace."""
    middles = np.stack([np.median(latents[labels == one], 0) for one in np.unique(labels)])
    away = middles - middles.mean(0)
    corners = middles[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    before, after, next_but_one = np.roll(corners, 1, 0), np.roll(corners, -1, 0), np.roll(corners, -2, 0)
    t = np.linspace(0, 1, 200, endpoint=False)[:, None, None]
    curve = (  # Catmull and Rom's spline
        2 * corners
        + (after - before) * t
        + (2 * before - 5 * corners + 4 * after - next_but_one) * t**2
        + (3 * corners - before - 3 * after + next_but_one) * t**3
    ) / 2
    points = curve.transpose(1, 0, 2).reshape(-1, latents.shape[1])
    steps = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1)
    run = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, run[-1], count, endpoint=False)
    closed = np.concatenate([points, points[:1]])
    return np.stack([np.interp(at, run, closed[:, axis]) for axis in (0, 1)], 1).astype(np.float32)


def _places(latents: _Array, low: _Array, high: _Array) -> _Array:
    """Where latents are in the chart, in fine pixels; the second value points upwards."""
    share = (latents - low) / (high - low)
    share[:, 1] = 1 - share[:, 1]
    placed: _Array = share * _SIDE * _FINE
    return placed


def _chart(places: _Array, labels: NDArray[np.integer]) -> Image.Image:
    """The codes as dots, and the name of each class in its middle."""
    chart = Image.new("RGB", (_SIDE * _FINE, _SIDE * _FINE), "white")
    draw = ImageDraw.Draw(chart, "RGBA")
    for (x, y), label in zip(places, labels, strict=True):
        colour = _CLASSES[int(label)]
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour + "80")
    font = ImageFont.load_default(60)
    for label in np.unique(labels):
        x, y = np.median(places[labels == label], 0)
        draw.text(
            (x, y),
            str(label),
            fill=_CLASSES[int(label)],
            font=font,
            anchor="mm",
            stroke_width=10,
            stroke_fill="white",
        )
    return chart


def _with_walk(chart: Image.Image, places: _Array, number: int) -> Image.Image:
    """The chart with the way so far, and where the walk is now."""
    chart = chart.copy()
    draw = ImageDraw.Draw(chart, "RGBA")
    tail = [tuple(places[(number - back) % len(places)]) for back in range(14, -1, -1)]
    for age, (one, other) in enumerate(itertools.pairwise(tail)):
        draw.line((one, other), fill=(*_rgb(_INK), 40 + 15 * age), width=10)
    x, y = places[number]
    draw.ellipse((x - 24, y - 24, x + 24, y + 24), fill=_ACCENT, outline=_INK, width=8)
    return chart.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _divided(noisy: Image.Image, clean: Image.Image, split: int) -> Image.Image:
    """The clean picture to the left of a line, the noisy one to its right."""
    picture = noisy.copy()
    picture.paste(clean.crop((0, 0, split, _SIDE)), (0, 0))
    draw = ImageDraw.Draw(picture)
    draw.line((split, 0, split, _SIDE), fill="white", width=3)
    middle = _SIDE / 2
    draw.ellipse((split - 8, middle - 8, split + 8, middle + 8), fill="white", outline=_QUIET)
    return picture


def _card() -> tuple[Image.Image, Image.Image, Image.Image]:
    """What stays: the captions; and the photograph, with noise and denoised."""
    model = Autoencoder.load("photos-denoising", device="cpu")
    image = scene(0, _WIDE, _SIDE).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    noisy = add_noise(image, NoiseSpec.parse(_NOISE), np.random.default_rng(0))
    clean = model.denoise(noisy)
    card = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(card)
    font = ImageFont.load_default(15)
    gained = f"noise removed: from {_decibels(image, noisy):.0f} to {_decibels(image, clean):.0f} dB"
    captions = ("latent space", "decoded", gained)
    for x, text in zip((_GAP, 2 * _GAP + _SIDE, 3 * _GAP + 2 * _SIDE), captions, strict=True):
        draw.text((x, _TOP - 12), text, fill=_INK, font=font, anchor="ls")
    return card, _image(noisy[0]), _image(clean[0])


def _decibels(one: _Array, other: _Array) -> float:
    return float(psnr(one, other).mean())


def _image(values: _Array) -> Image.Image:
    return Image.fromarray((values.transpose(1, 2, 0) * 255).round().astype(np.uint8))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def save(pictures: list[Image.Image], path: Path) -> None:
    """Write a GIF: all pictures in the same colours, and of each only what differs from the one before."""
    rows = Image.new("RGB", (_SIZE[0], _SIZE[1] * 3))
    for row in range(3):
        rows.paste(pictures[row * len(pictures) // 3], (0, row * _SIZE[1]))
    palette = rows.quantize(_SAME, method=Image.Quantize.MEDIANCUT, kmeans=2)
    indexed = [np.asarray(one.quantize(palette=palette, dither=Image.Dither.NONE)) for one in pictures]
    parts = [indexed[0]]
    for before, now in itertools.pairwise(indexed):
        parts.append(np.where(now == before, np.uint8(_SAME), now))
    first, *others = [Image.fromarray(part, "P") for part in parts]
    for one in (first, *others):
        one.putpalette([*(palette.getpalette() or [])[: 3 * _SAME], 255, 0, 255])
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=_MILLISECONDS,
        loop=0,
        optimize=False,
        transparency=_SAME,
        disposal=1,
    )


def main() -> None:
    """Write the movie to the file that is named."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m website.movie FILE.gif")
    path = Path(sys.argv[1])
    new = path.with_suffix(".new.gif")
    save(frames(), new)
    new.replace(path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
