"""`diabolo ui BUNDLE...`."""

from __future__ import annotations

from collections.abc import Iterable

import click

__all__ = ["command"]


@click.command(short_help="Open the app with one or more bundles.")
@click.argument("bundles", nargs=-1, metavar="BUNDLE...")
@click.option("--port", type=int, help="Where to listen. [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def command(bundles: tuple[str, ...], port: int | None, no_browser: bool, device: str) -> None:
    """Open the app with the models in BUNDLE..., folders or .zip files. Only this machine can reach it."""
    if not bundles:
        raise click.UsageError(
            "give at least one BUNDLE. Make one with: diabolo demo, or diabolo export RUN after a training."
        )
    from diabolo.runtime import Autoencoder
    from diabolo.ui.app import launch

    models: dict[str, Autoencoder] = {}
    for source in bundles:
        model = Autoencoder.load(source, device=device)
        models[_new_name(model.manifest.name, models)] = model
    launch(models, port=port, open_browser=not no_browser)


def _new_name(name: str, taken: Iterable[str]) -> str:
    """`name`, or 'name (2)' when another bundle has it already."""
    names, number, new = set(taken), 1, name
    while new in names:
        number += 1
        new = f"{name} ({number})"
    return new
