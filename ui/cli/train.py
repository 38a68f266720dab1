"""`diabolo train VARIANT`: one sub-command for each variant, with the variant's own options."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from diabolo.runtime.errors import PluginError, UnknownNameError

__all__ = ["command"]


class _Variants(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        from diabolo.train import variants

        return variants.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from diabolo.train import variants

        return _variant_command(cmd_name, variants.find(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the variants; one of another package that cannot be loaded does not hide the others."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
                rows.append((name, command.get_short_help_str(80) if command else ""))
            except PluginError as error:
                rows.append((name, str(error)))
        with formatter.section("Variants"):
            formatter.write_dl(rows)


@click.command(cls=_Variants, short_help="Train a variant on a dataset or a folder of images.")
def command() -> None:
    """Train a VARIANT on a dataset or on a folder of images.

    \b
    diabolo train vae --dataset mnist -o runs/vae
    diabolo train conv --dataset ./photos --epochs 20
    diabolo train sparse --help        shows the variant's own options
    """


def _variant_command(name: str, module: Any) -> click.Command:
    kind = module.Variant(module.Options())
    own = [
        click.Option(
            [f"--{f.name.replace('_', '-')}"],
            type=type(f.default),
            default=f.default,
            show_default=True,
            help=f.metadata["help"],
        )
        for f in dataclasses.fields(module.Options)
    ]
    return click.Command(
        name,
        params=[*own, *_common(kind)],
        callback=lambda **given: _train(name, [f.name for f in dataclasses.fields(module.Options)], given),
        help=f"Train the variant '{name}': {kind.summary}.\n\nWrites a run folder: the best weights, "
        "the history, figures on the test split, and plots.",
        short_help=kind.summary,
    )


def _latent_dims(kind: Any) -> str:
    """The variant's default, and those of networks that have their own."""
    from diabolo.train import networks

    own = {name: networks.default_latent_dim(name) for name in networks.names()}
    return ", ".join([str(kind.default_latent_dim), *(f"{n} with {name}" for name, n in own.items() if n)])


def _common(kind: Any) -> list[click.Parameter]:
    from diabolo.train import networks
    from diabolo.train.config import RATES
    from diabolo.ui.cli._fitting import options

    option = click.Option
    return [
        option(["--dataset"], metavar="NAME|FOLDER", help="A dataset's name, or a folder of images."),
        option(
            ["--recipe"],
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=_recipe,
            help="A TOML file of options, such as epochs = 30; the command line wins over it.",
        ),
        option(
            ["--latent-dim"],
            type=int,
            help=f"Width of the code; of a grid, its channels. [default: {_latent_dims(kind)}]",
        ),
        option(
            ["--network"],
            metavar="NAME|FILE.py[:CLASS]",
            help=f"{' or '.join(networks.names())}, or two classes of your own in a Python file, which is "
            f"executed. [default: {kind.default_network}]",
        ),
        option(["--width"], type=int, help="Width of the network's layers. [default: the network's own]"),
        option(["--depth"], type=int, help="Its number of layers. [default: the network's own]"),
        option(["--blocks"], type=int, help="Its residual blocks. [default: the network's own]"),
        option(["--epochs"], type=int, help="Passes over the training images. [default: 10]"),
        option(["--batch-size"], type=int, default=128, show_default=True, help="Images a step."),
        option(
            ["--optimizer"],
            default="adam",
            show_default=True,
            help="adam; or muon, whose steps take longer and get further.",
        ),
        option(
            ["--lr"],
            type=float,
            help="The highest learning rate. [default: "
            + ", ".join(f"{rate:g} with {name}" for name, rate in RATES.items())
            + "]",
        ),
        option(
            ["--weight-decay"],
            type=float,
            default=0.0,
            show_default=True,
            help="The share of the weights that goes, by unit of learning rate.",
        ),
        option(
            ["--average"],
            type=float,
            default=0.0,
            show_default=True,
            help="Keep a running average of the weights; the share of it that a step keeps, such as 0.999.",
        ),
        option(
            ["--patience"],
            type=int,
            default=0,
            show_default=True,
            help="Stop after so many epochs without a better validation loss; 0: never.",
        ),
        option(
            ["--seed"],
            type=click.IntRange(0, 2**31 - 1),
            default=0,
            show_default=True,
            help="The same seed, the same run.",
        ),
        option(["--device"], default="auto", show_default=True, help="auto, cpu, cuda or mps."),
        option(["--precision"], default="auto", show_default=True, help="auto, fp32 or bf16."),
        option(
            ["--compile"],
            is_flag=True,
            help="torch.compile: pays in trainings of some minutes, and most on a GPU.",
        ),
        *options(),
        option(
            ["--classes"],
            metavar="A,B,...",
            callback=_classes,
            help="Learn, and be tested, on images of these classes only: --classes 5,6,7,8,9.",
        ),
        option(
            ["--augment"],
            metavar="HOW,...",
            default="",
            help="Change the images learned from a little at every step: shift:PIXELS, rotate:DEGREES, "
            "zoom:SHARE, shear:SHARE, flip. [default: as they are]",
        ),
        option(
            ["--data-dir"],
            envvar="DIABOLO_DATA",
            metavar="DIR",
            help="Where datasets lie already; read in place, never written to. [or: DIABOLO_DATA]",
        ),
        option(
            ["--tensorboard"],
            is_flag=True,
            help="Also write curves and pictures to RUN/tensorboard, for tensorboard --logdir.",
        ),
        option(["-o", "--out"], metavar="RUN", help="The run folder. [default: runs/VARIANT-DATASET]"),
        option(["--resume"], is_flag=True, help="Continue the run in its folder; its settings hold."),
    ]


def _classes(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """The names between the commas."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise click.UsageError(f"--classes {text!r} has an empty name. Write them as 5,6,7,8,9.")
    return names


def _recipe(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    """Make a recipe's values the defaults of the other options."""
    if path is None:
        return
    import tomllib

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a message for whatever goes wrong
            values = tomllib.load(file)
    except OSError as error:
        raise click.UsageError(f"the recipe {path!r} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"the recipe {path!r} is not TOML: {error}.") from None
    variant = values.pop("variant", ctx.info_name)
    if variant != ctx.info_name:
        raise click.UsageError(
            f"the recipe {path!r} is for {variant!r}, not {ctx.info_name!r}. Train it: "
            f"diabolo train {variant} --recipe {path}"
        )
    options = {p.name: p for p in ctx.command.params if isinstance(p, click.Option) and p.name}
    allowed = sorted(set(options) - {"resume", "out", "data_dir", "recipe", "help"})
    given = {key.replace("-", "_"): _one(value) for key, value in values.items()}
    if isinstance(given.get("grey"), bool):
        given["colour"] = not given.pop("grey")
    for key in given:
        if key not in allowed:
            raise UnknownNameError(f"option in the recipe {path!r}:", key.replace("_", "-"), _kebab(allowed))
    ctx.default_map = {**(ctx.default_map or {}), **given}


def _one(value: object) -> object:
    """A list as it stands on the command line."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _kebab(names: list[str]) -> list[str]:
    return [name.replace("_", "-") for name in names]


def _train(variant: str, own: list[str], given: dict[str, Any]) -> None:
    import json
    from pathlib import Path

    from diabolo.train import Config, fit, resume
    from diabolo.train.processes import join
    from diabolo.ui.cli._figures import show
    from diabolo.ui.cli._fitting import fitting
    from diabolo.ui.cli._progress import Bar

    dataset = given["dataset"]
    if not dataset and not (given["resume"] and given["out"]):
        raise click.UsageError("give --dataset NAME or --dataset FOLDER, for instance --dataset glyphs.")
    out = Path(given["out"] or f"runs/{variant}-{Path(dataset).resolve().name}")
    with Bar() as bar:
        if given["resume"]:
            run = resume(out, epochs=given["epochs"], network=given["network"], watcher=bar)
        else:
            config = Config.make(
                variant,
                dataset,
                **fitting(given),
                variant_options={name: given[name] for name in own},
                **{name: given[name] for name in _SETTINGS},
            )
            run = fit(config, out, watcher=bar)
    if not join(run.config.device).writes:
        return
    bar.note(f"run: {out}   next: diabolo export {out}")
    show(json.loads((run.path / "metrics.json").read_text("utf-8")))


_SETTINGS = (
    "latent_dim",
    "network",
    "width",
    "depth",
    "blocks",
    "optimizer",
    "epochs",
    "batch_size",
    "lr",
    "weight_decay",
    "average",
    "patience",
    "seed",
    "device",
    "precision",
    "compile",
    "classes",
    "augment",
    "tensorboard",
    "data_dir",
)
