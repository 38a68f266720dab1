"""`diabolo sample BUNDLE`."""

from __future__ import annotations

import click

from diabolo.ui.cli._shared import options

__all__ = ["command"]

_LONGEST = 1200  # pixels of the longer side, unless --scale is given


@click.command(short_help="Generate new images from random latents, as a grid.")
@options.bundle
@click.option("-o", "--out", required=True, metavar="FILE.png", help="The picture of the grid.")
@click.option(
    "--count", type=click.IntRange(1, 100_000), default=64, show_default=True, help="Number of images."
)
@options.seed
@click.option("--columns", type=click.IntRange(1), help="Images per row. [default: about as many as rows]")
@click.option(
    "--scale", type=click.IntRange(1, 64), help="Enlargement factor. [default: as large as fits on a screen]"
)
@options.overwrite
@options.device
@options.threads
def command(
    bundle: str,
    out: str,
    count: int,
    seed: int,
    columns: int | None,
    scale: int | None,
    overwrite: bool,
    device: str,
    threads: int | None,
) -> None:
    """Draw random latents, decode them, and save the images as a grid.

    \b
    diabolo sample bundles/digits -o new.png
    diabolo sample bundles/digits --count 16 --seed 7 -o sixteen.png

    Latents are drawn from what the model has: its prior N(0, I), a codebook, a mixture of gaussians, or a
    gaussian fitted to its codes.
    """
    import math
    from pathlib import Path

    from diabolo.runtime.errors import UsageError
    from diabolo.runtime.image import mosaic
    from diabolo.runtime.image.convert import to_pil
    from diabolo.ui.cli._files.outputs import check_free, save_picture

    path = Path(out)
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path} ends in {path.suffix or 'nothing'}; the grid is a PNG: use FILE.png.")
    check_free(path, overwrite)
    model = options.load(bundle, device, threads)
    drawn = to_pil(model.sample(count, seed=seed))
    across = min(count, columns or math.ceil(math.sqrt(count)))
    width, height = drawn[0].size
    size = (width * across, height * -(-count // across))
    save_picture(mosaic.tiled(drawn, across, scale or mosaic.enlargement(size, _LONGEST)), path)
    click.echo(f"drawn from {model.sampling}", err=True)
    click.echo(out)
