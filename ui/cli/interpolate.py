"""`diabolo interpolate BUNDLE IMAGE IMAGE...`, or `--path FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder
    from diabolo.runtime.latent.path import LatentPath

__all__ = ["command"]

_KINDS = {".png": "PNG", ".gif": "GIF", ".webp": "WEBP", ".json": "JSON"}
_BYTES = 1 << 26  # the largest path file that is read


@click.command(short_help="Interpolate between images through the latent space.")
@options.bundle
@click.argument("images", nargs=-1, metavar="[IMAGE|FOLDER...]")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="FILE",
    help="FILE.png: all pictures in a row; FILE.gif or FILE.webp: an animation, forward and back; "
    "FILE.json: the path itself, to use with --path.",
)
@click.option(
    "--path",
    "source",
    metavar="FILE",
    help="A path saved as JSON, by this command or in the app, to use instead of images; --steps and "
    "--method override it.",
)
@click.option(
    "--steps",
    type=click.IntRange(2, 1000),
    default=12,
    show_default=True,
    help="Pictures from one image to the next, both included; with --grid, pictures per side.",
)
@options.method
@click.option(
    "--grid",
    is_flag=True,
    help="A grid between four corner images: top left, top right, bottom left, bottom right.",
)
@click.option(
    "--scale", type=click.IntRange(1, 64), help="Enlargement factor. [default: as large as fits on a screen]"
)
@options.invert
@options.overwrite
@options.device
@options.threads
def command(
    bundle: str,
    images: tuple[str, ...],
    out: str,
    source: str | None,
    steps: int,
    method: str,
    grid: bool,
    scale: int | None,
    invert: str,
    overwrite: bool,
    device: str,
    threads: int | None,
) -> None:
    """Interpolate between the codes of two or more images, and decode every step.

    \b
    diabolo interpolate bundles/digits one.png seven.png -o strip.png
    diabolo interpolate bundles/digits 1.png 2.png 3.png -o walk.gif --method spherical
    diabolo interpolate bundles/digits 1.png 2.png 3.png 4.png --grid --steps 8 -o grid.png
    diabolo interpolate bundles/digits --path walk.json -o walk.webp
    """
    from diabolo.ui.cli._files.outputs import check_free, replacing

    path = Path(out)
    _check(path, grid, images, source)
    check_free(path, overwrite)
    latent_path = None if source is None else _read_path(Path(source), steps, method)
    model = options.load(bundle, device, threads)
    if latent_path is None:
        latent_path = _path_through(model, images, invert, steps, method, grid)
    elif note := latent_path.check(model.manifest):
        click.echo(f"note: {note}", err=True)
    content = _draw(model, latent_path, _KINDS[path.suffix.lower()], grid, scale)
    with replacing(path) as file:
        file.write(content)
    click.echo(out)


def _check(path: Path, grid: bool, images: tuple[str, ...], source: str | None) -> None:
    from diabolo.runtime.errors import UsageError

    if path.suffix.lower() not in _KINDS:
        raise UsageError(
            f"{path} ends in {path.suffix or 'nothing'}; use .png for a strip, .gif or .webp for an "
            "animation, .json for the path itself."
        )
    if grid and path.suffix.lower() != ".png":
        raise UsageError(f"a grid is one picture: --out must end in .png, not {path.suffix}.")
    if source is None and not images:
        raise UsageError("give two or more images, or --path FILE, a path saved as JSON.")
    asked = click.get_current_context().get_parameter_source("invert") is not ParameterSource.DEFAULT
    if source is not None and (images or asked):
        extra = "images" if images else "--invert"
        raise UsageError(f"--path already contains the codes: leave out {extra}, or --path.")


def _read_path(source: Path, steps: int, method: str) -> LatentPath:
    """Read a path from a file; --steps and --method override its own if they were given."""
    from dataclasses import replace

    from diabolo.runtime.errors import LatentError, UsageError
    from diabolo.runtime.latent.path import read
    from diabolo.runtime.listing import check_file

    context = click.get_current_context()
    overrides: dict[str, Any] = {
        name: value
        for name, value in (("steps", steps), ("method", method))
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    try:
        check_file(source)
        if source.stat().st_size > _BYTES:
            raise UsageError(f"it is larger than {_BYTES >> 20} MB, so it is not a path.")
        latent_path = read(source.read_bytes())
    except OSError as error:
        raise LatentError(f"{source} cannot be read: {error.strerror or error}.") from None
    except UsageError as error:
        raise LatentError(f"{source}: {error}") from None
    return replace(latent_path, **overrides)


def _path_through(
    model: Autoencoder, given: tuple[str, ...], invert: str, steps: int, method: str, grid: bool
) -> LatentPath:
    """Encode the images in the files, as the keys of a path."""
    import itertools

    from diabolo.runtime.errors import ImageError, UsageError
    from diabolo.runtime.latent.path import KEYS, LatentPath
    from diabolo.ui.cli._files.counting import Counter
    from diabolo.ui.cli._files.reading import batches, count_opposite
    from diabolo.ui.cli._files.sources import expand, sources
    from diabolo.ui.cli._files.work import note_inverted

    counter = Counter()
    files = list(itertools.islice(sources(expand(given), counter.fail), KEYS + 1))
    if counter.failed:
        raise ImageError(counter.failed[0][1])
    if grid and len(files) != 4:
        raise UsageError(f"--grid takes 4 images, not {len(files)}.")
    if not 2 <= len(files) <= KEYS:
        have = f"more than {KEYS}" if len(files) > KEYS else str(len(files))
        raise UsageError(f"interpolate takes 2 to {KEYS} images, not {have}.")
    read = list(batches(files, model.manifest, invert, counter))
    images = [image for batch in read for image in batch.images]
    if counter.failed:
        raise ImageError(counter.failed[0][1])
    opposite = sum(count_opposite(batch, model.manifest, invert) for batch in read)
    note_inverted(opposite, len(images), model.manifest, invert)
    return LatentPath.through(model, images, steps=steps, method=method)


def _draw(model: Autoencoder, latent_path: LatentPath, kind: str, grid: bool, scale: int | None) -> bytes:
    from diabolo.runtime.image import mosaic
    from diabolo.runtime.image.convert import to_pil

    m = model.manifest
    if kind == "JSON":
        return latent_path.dumps().encode()
    latents = latent_path.grid(m).reshape(-1, *m.latent_shape) if grid else latent_path.latents(m)
    return mosaic.render(
        to_pil(model.decode(latents)),
        kind,
        columns=latent_path.steps if grid else None,
        scale=scale,
        legs=len(latent_path.keys) - 1,
    )
