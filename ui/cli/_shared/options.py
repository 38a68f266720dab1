"""Arguments and options that several commands share."""

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
        "data_dir",
        "dataset",
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
_BUNDLE = "BUNDLE is the name of a ready-made model (see diabolo models), a bundle folder, or its .zip."
_Command = TypeVar("_Command", bound=Callable[..., Any])


def note_shadowed_folder(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """Print a note if BUNDLE is the name of both a ready-made model, which is used, and a folder."""
    from pathlib import Path

    from diabolo.runtime.bundle import zoo
    from diabolo.runtime.listing import is_file

    for given in [value] if isinstance(value, str) else value:
        if is_file(Path(given, "model.json")) and given in zoo.names():
            click.echo(f"note: using the ready-made model {given}; for the folder, write ./{given}", err=True)
    return value


def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completions for BUNDLE: names of ready-made models, and files."""
    from diabolo.runtime.bundle import zoo

    fitting = [CompletionItem(name) for name in zoo.names() if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *fitting]


def bundle(command: _Command) -> _Command:
    """Add the argument BUNDLE, and a line to the command's help that explains it."""
    command.__doc__ = f"{command.__doc__}\n\n    {_BUNDLE}"
    return click.argument("bundle", shell_complete=complete, callback=note_shadowed_folder)(command)


device = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1, or another execution provider of onnxruntime, such as coreml.",
)
threads = click.option(
    "--threads",
    type=click.IntRange(1),
    show_default="1; all cores for a model of any size",
    help="CPU threads per call; 1 is fastest for small images.",
)


class _DataDir(click.Option):
    """`--data-dir`. Its help is read when it is shown: `diabolo --help` does not wait for the datasets."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from diabolo.train.datasets import DATA_DIR_HELP

        self.help = f"{DATA_DIR_HELP} [or: {self.envvar}]"
        return super().get_help_record(ctx)


data_dir = click.option("--data-dir", cls=_DataDir, envvar="DIABOLO_DATA", metavar="DIR")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
dataset = click.option(
    "--dataset", metavar="FOLDER", help="Where the run's images are now, if the folder was moved or renamed."
)
overwrite = click.option("--overwrite", is_flag=True, help="Replace existing files.")
seed = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of the random numbers; the same seed gives the same pictures.",
)
invert = click.option(
    "--invert",
    type=click.Choice(INVERT),
    default="auto",
    show_default=True,
    help="Swap dark and bright; auto: only if the border shows the opposite of the model's background.",
)
images = click.argument("images", nargs=-1, required=True, metavar="IMAGE|FOLDER...")


def method(command: _Command) -> _Command:
    """Add `--method`; its help explains each method."""
    from diabolo.runtime.latent.interpolation import METHODS

    return click.option(
        "--method",
        default="linear",
        show_default=True,
        metavar="|".join(METHODS),
        help="; ".join(f"{name}: {what}" for name, what in METHODS.items()) + ".",
    )(command)


def load(bundle: str, device: str, threads: int | None) -> Autoencoder:
    """Load the model, and print on stderr which device it runs on, and why."""
    import logging

    from diabolo.runtime import Autoencoder

    logging.getLogger("diabolo").setLevel(logging.ERROR)  # the message below says the same
    model = Autoencoder.load(bundle, device=device, threads=threads)
    click.echo(f"runs on {model.device}", err=True)
    return model
