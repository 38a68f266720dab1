"""`diabolo decode BUNDLE CODES -o DIR`."""

from __future__ import annotations

import click

from diabolo.ui.cli._shared import options

__all__ = ["command"]

_BATCH = 128  # codes decoded at a time


@click.command(short_help="Decode codes from a .npz, .npy, .csv or .bits file into pictures.")
@options.bundle
@click.argument("codes", metavar="CODES")
@click.option("-o", "--out", required=True, metavar="DIR", help="The folder for the pictures (PNG).")
@options.overwrite
@options.device
@options.threads
def command(bundle: str, codes: str, out: str, overwrite: bool, device: str, threads: int | None) -> None:
    """Decode codes, an array (n, *latent_shape), from a file of diabolo encode or any other program.

    \b
    diabolo encode bundles/digits ./scans -o codes.npz
    diabolo decode bundles/digits codes.npz -o ./back

    Pictures are named after the files that were encoded, or numbered if the file has no names.
    """
    import os
    from pathlib import Path

    from diabolo.runtime.errors import UsageError
    from diabolo.runtime.image.convert import to_pil
    from diabolo.runtime.listing import is_file
    from diabolo.ui.cli._files.codes_in import read
    from diabolo.ui.cli._files.counting import counting
    from diabolo.ui.cli._files.outputs import save_picture
    from diabolo.ui.cli._files.work import finish
    from diabolo.ui.errors import OutputError
    from diabolo.ui.files.unique_names import UniqueNames

    folder = Path(out)
    if folder.suffix.lower() == ".png":
        raise UsageError(f"--out {out} is one picture. Name a folder: decode writes one picture per code.")
    if is_file(folder):
        raise OutputError(f"--out {out} is a file. Name a folder: decode writes one picture per code.")
    model = options.load(bundle, device, threads)
    table = read(Path(codes), model.manifest.latent_shape, model.latent_space.codebook)
    names = UniqueNames()
    with counting("decoding") as counter:
        for start in range(0, len(table.codes), _BATCH):
            pictures = to_pil(model.decode(table.codes[start : start + _BATCH]))
            for number, picture in enumerate(pictures, start):
                name = table.names[number] if table.names else f"{number:06}"
                path = folder / names.take(name)
                if os.path.lexists(path) and not overwrite:
                    counter.fail(str(path), f"{path} already exists. Add --overwrite to replace it.")
                    continue
                save_picture(picture, path)
                counter.add(1)
    finish(counter, "decoded")
    click.echo(out)
