"""Options that the commands on files share, so that they agree in name and meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder

__all__ = [
    *("INVERT", "as_json", "device", "images", "invert", "load", "method", "overwrite", "seed", "threads"),
]

INVERT = ("never", "always", "auto")
_Command = TypeVar("_Command", bound=Callable[..., Any])

device = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1, or another provider of the installed onnxruntime, such as coreml.",
)
threads = click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="CPU threads for one call; one is fastest for small models.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
overwrite = click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
seed = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed, the same pictures."
)
invert = click.option(
    "--invert",
    type=click.Choice(INVERT),
    default="never",
    show_default=True,
    help="Swap dark and bright: always, or auto: where the border says that the model learned the other way.",
)
images = click.argument("images", nargs=-1, required=True, metavar="IMAGE|FOLDER...")


def method(command: _Command) -> _Command:
    """`--method`, with what each is."""
    from diabolo.runtime.interpolation import METHODS

    return click.option(
        "--method",
        default="linear",
        show_default=True,
        metavar="|".join(METHODS),
        help="; ".join(f"{name}: {what}" for name, what in METHODS.items()) + ".",
    )(command)


def load(bundle: str, device: str, threads: int) -> Autoencoder:
    """The model; where it runs, and why, is said on stderr."""
    import logging

    from diabolo.runtime import Autoencoder

    logging.getLogger("diabolo").setLevel(logging.ERROR)  # the line below says the same
    model = Autoencoder.load(bundle, device=device, threads=threads)
    click.echo(f"runs on {model.device}", err=True)
    return model
