"""`diabolo encode BUNDLE IMAGE... -o FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from pathlib import Path

    from diabolo.runtime import Autoencoder
    from diabolo.ui.cli._files.counting import Counter
    from diabolo.ui.cli._files.unlike import Unlike

__all__ = ["command"]


@click.command(short_help="Encode images, or folders of any size, into a .npz, .npy, .csv or .bits file.")
@options.bundle
@options.images
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="FILE",
    help="The output file; its ending, .npz, .npy, .csv or .bits, sets the format.",
)
@options.invert
@options.overwrite
@options.device
@options.threads
@options.as_json
def command(
    bundle: str,
    images: tuple[str, ...],
    out: str,
    invert: str,
    overwrite: bool,
    device: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Encode images with the model in BUNDLE and write their codes to a file; for a vae, the means.

    \b
    diabolo encode bundles/digits ./scans -o codes.npz
    diabolo encode bundles/digits a.png b.png -o codes.csv

    \b
    .npz   arrays: codes, float32 (n, *latent_shape), and files, the names of the images
    .npy   the codes only
    .csv   a header file,latent_0,latent_1,... and one line per image
    .bits  of a model with a codebook: the number of the vector at each position, in as few bits as it takes

    Folders are read recursively, sorted by name, a few hundred images at a time, so they may be larger than
    memory. Files that cannot be read are listed and skipped. Those that look unlike the training images are
    encoded and reported (see diabolo reconstruct); --json lists all of them.
    """
    import json
    from pathlib import Path

    from diabolo.ui.cli._files.codes_out import check_ending
    from diabolo.ui.cli._files.outputs import check_free
    from diabolo.ui.cli._files.sources import expand
    from diabolo.ui.cli._files.unlike import Unlike
    from diabolo.ui.cli._files.work import finish, note_inverted

    path = Path(out)
    check_ending(path)
    check_free(path, overwrite)
    items = expand(images)
    model = options.load(bundle, device, threads)
    unlike = Unlike(model)
    counter, opposite = _encode(model, items, path, invert, unlike)
    note_inverted(opposite, counter.done, model.manifest, invert)
    unlike.note(counter.done)
    packed = _packed(path, model)
    if packed and counter.done:
        size, bits = packed
        click.echo(f"{size} bytes per image: {bits:.4g} bits per pixel", err=True)
    finish(counter, "encoded")
    if as_json:
        failed = [{"file": file, "reason": reason} for file, reason in counter.failed]
        inverted = {"auto": opposite, "always": counter.done}.get(invert, 0)
        shape = model.manifest.latent_shape
        about = {"out": out, "count": counter.done, "inverted": inverted, "latent_shape": shape}
        if packed:
            about |= {"bytes_per_image": packed[0], "bits_per_pixel": packed[1]}
        click.echo(json.dumps(about | {"unlike": unlike.listed(), "failed": failed}))
    else:
        click.echo(out)


def _packed(path: Path, model: Autoencoder) -> tuple[int, float] | None:
    """The bytes of a packed code, and its bits per pixel; None if the file's codes are not packed."""
    from diabolo.runtime.latent.packing import size_of
    from diabolo.ui.cli._files.packed import ENDING

    codebook = model.latent_space.codebook
    if codebook is None or path.suffix.lower() != ENDING:
        return None
    _, height, width = model.manifest.image_shape
    size = size_of(codebook.shape[1:], len(codebook.vectors))
    return size, 8 * size / (height * width)


def _encode(
    model: Autoencoder, items: list[str], path: Path, invert: str, unlike: Unlike
) -> tuple[Counter, int]:
    """Write the codes of all images to `path`; also returns how many had the opposite background."""
    from diabolo.ui.cli._files.codes_out import writing
    from diabolo.ui.cli._files.counting import counting
    from diabolo.ui.cli._files.reading import batches, count_opposite
    from diabolo.ui.cli._files.sources import sources

    m, opposite = model.manifest, 0
    with counting("encoding") as counter:
        work = batches(sources(items, counter.fail, other=counter.other), m, invert, counter)
        batch = next(work, None)
        if batch:  # no file is written if there are no codes
            with writing(path, m.latent_shape, model.latent_space.codebook) as add:
                while batch:
                    opposite += count_opposite(batch, m, invert)
                    latents = model.encode(batch.images)
                    unlike.judge_latents(batch, latents)
                    add([source.path for source in batch.sources], latents)
                    counter.add(len(batch.images))
                    batch = next(work, None)
    return counter, opposite
