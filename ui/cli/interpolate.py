"""`diabolo interpolate BUNDLE IMAGE IMAGE...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli import _options

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder

__all__ = ["command"]

_KINDS = {".png": "PNG", ".gif": "GIF", ".webp": "WEBP"}
_LONGEST, _FRAME = 1600, 280  # pixels of a picture's and of an animation's longest side, without --scale
_KEYS, _FRAMES = 256, 10_000  # at most: all of them are held


@click.command(short_help="Walk from image to image through the latent space.")
@_options.bundle
@_options.images
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="FILE",
    help="FILE.png: a strip, all pictures side by side; FILE.gif, FILE.webp: an animation there and back.",
)
@click.option(
    "--steps",
    type=click.IntRange(2, 1000),
    default=12,
    show_default=True,
    help="Pictures from one image to the next, both included; with --grid, of each side.",
)
@_options.method
@click.option(
    "--grid",
    is_flag=True,
    help="Between four corners: IMAGE... are top left, top right, bottom left, bottom right.",
)
@click.option(
    "--scale", type=click.IntRange(1, 64), help="Enlarge so many times. [default: what fits a screen]"
)
@_options.invert
@_options.overwrite
@_options.device
@_options.threads
def command(
    bundle: str,
    images: tuple[str, ...],
    out: str,
    steps: int,
    method: str,
    grid: bool,
    scale: int | None,
    invert: str,
    overwrite: bool,
    device: str,
    threads: int,
) -> None:
    """Decode what lies between the codes of two or more images.

    \b
    diabolo interpolate bundles/digits one.png seven.png -o strip.png
    diabolo interpolate bundles/digits 1.png 2.png 3.png -o walk.gif --method spherical
    diabolo interpolate bundles/digits 1.png 2.png 3.png 4.png --grid --steps 8 -o grid.png
    """
    from diabolo.ui.cli._outputs import check_free, replacing

    path = Path(out)
    _check(path, grid)
    check_free(path, overwrite)
    model = _options.load(bundle, device, threads)
    keys = _read(model, images, invert, 4 if grid else None)
    _limit(steps**2 if grid else (len(keys) - 1) * (steps - 1) + 1)
    content = _draw(model, keys, _KINDS[path.suffix.lower()], steps, method, grid, scale)
    with replacing(path) as file:
        file.write(content)
    click.echo(out)


def _check(path: Path, grid: bool) -> None:
    from diabolo.runtime.errors import UsageError

    if path.suffix.lower() not in _KINDS:
        raise UsageError(
            f"{path} ends in {path.suffix or 'nothing'}; choose of {', '.join(_KINDS)}: a strip is a PNG, "
            "an animation a GIF or WebP."
        )
    if grid and path.suffix.lower() != ".png":
        raise UsageError(f"a grid is one picture: let --out end in .png, not {path.suffix}.")


def _limit(frames: int) -> None:
    from diabolo.runtime.errors import UsageError

    if frames > _FRAMES:
        raise UsageError(f"that is {frames:,} pictures, {_FRAMES:,} are the most. Lower --steps.")


def _read(model: Autoencoder, given: tuple[str, ...], invert: str, count: int | None) -> Any:
    """The key images, `(k, channels, height, width)`."""
    import itertools

    import numpy as np

    from diabolo.runtime.errors import ImageError, UsageError
    from diabolo.ui.cli._counting import Counter
    from diabolo.ui.cli._reading import batches, looks_inverted
    from diabolo.ui.cli._sources import expand, sources
    from diabolo.ui.cli._work import hint_invert

    files = list(itertools.islice(sources(expand(given)), _KEYS + 1))
    if count is not None and len(files) != count:
        raise UsageError(f"--grid lies between {count} images; {len(files)} are given.")
    if not 2 <= len(files) <= _KEYS:
        have = f"more than {_KEYS}" if len(files) > _KEYS else str(len(files))
        raise UsageError(f"interpolate takes 2 to {_KEYS} images; {have} are given.")
    counter = Counter()
    images = [batch.images for batch in batches(files, model.manifest, invert, counter)]
    if counter.failed:
        raise ImageError(counter.failed[0][1])
    keys = np.concatenate(images)
    if invert == "never":
        hint_invert(looks_inverted(keys, model.manifest), len(keys), model.manifest)
    return keys


def _draw(
    model: Autoencoder, keys: Any, kind: str, steps: int, method: str, grid: bool, scale: int | None
) -> bytes:
    import io

    from diabolo.runtime import pictures
    from diabolo.runtime.images import to_pil

    if grid:
        walked = model.interpolate_grid(keys, rows=steps, columns=steps, method=method)
        columns, frames = steps, to_pil(walked.reshape(steps * steps, *walked.shape[2:]))
    else:
        frames = to_pil(model.interpolate_path(keys, steps=steps, method=method))
        columns = len(frames)
    width, height = frames[0].size
    if kind != "PNG":
        scale = scale or pictures.enlargement((width, height), _FRAME)
        return pictures.animation(frames, kind, scale, legs=len(keys) - 1)
    rows = len(frames) // columns
    scale = scale or pictures.enlargement((width * columns, height * rows), _LONGEST)
    out = io.BytesIO()
    pictures.tiled(frames, columns, scale).save(out, "PNG")
    return out.getvalue()
