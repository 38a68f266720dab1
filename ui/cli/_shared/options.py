"""Options that the commands on files share, so that they agree in name and meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder

__all__ = [
    *(
        "INVERT",
        "as_json",
        "bundle",
        "complete",
        "device",
        "images",
        "invert",
        "load",
        "method",
        "note_shadowed_folder",
    ),
    *("overwrite", "seed", "threads"),
]

INVERT = ("never", "always", "auto")
_BUNDLE = "BUNDLE is a ready-made model's name (see diabolo models), a bundle's folder, or a .zip of one."
_Command = TypeVar("_Command", bound=Callable[..., Any])


def note_shadowed_folder(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """BUNDLE as it was given; where a folder has a ready-made model's name, say which of the two is meant."""
    from pathlib import Path

    from diabolo.runtime.bundle import zoo
    from diabolo.runtime.listing import is_file

    for given in [value] if isinstance(value, str) else value:
        if is_file(Path(given, "model.json")) and given in zoo.names():
            click.echo(f"note: {given} is the ready-made model; the folder is ./{given}", err=True)
    return value


def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ready-made names, and the shell's own files."""
    from diabolo.runtime.bundle import zoo

    fitting = [CompletionItem(name) for name in zoo.names() if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *fitting]


def bundle(command: _Command) -> _Command:
    """The argument BUNDLE, and a line in the command's help on what that may be."""
    command.__doc__ = f"{command.__doc__}\n\n    {_BUNDLE}"
    return click.argument("bundle", shell_complete=complete, callback=note_shadowed_folder)(command)


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
    from diabolo.runtime.latent.interpolation import METHODS

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
