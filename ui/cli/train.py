"""`diabolo train VARIANT`: one sub-command for each variant, with the variant's own options."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

__all__ = ["command"]


class _Variants(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        from diabolo.train import variants

        return variants.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from diabolo.train import variants

        module = variants.find(cmd_name)
        return _variant_command(cmd_name, module)


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


def _common(kind: Any) -> list[click.Parameter]:
    from diabolo.train import networks
    from diabolo.ui.cli._fitting import options

    option = click.Option
    return [
        option(
            ["--dataset"],
            required=False,
            metavar="NAME|FOLDER",
            help="A dataset's name, or a folder of images.",
        ),
        option(["--latent-dim"], type=int, help=f"Width of the code. [default: {kind.default_latent_dim}]"),
        option(["--network"], help=f"{' or '.join(networks.names())}. [default: {kind.default_network}]"),
        option(["--epochs"], type=int, help="Passes over the training images. [default: 10]"),
        option(["--batch-size"], type=int, default=128, show_default=True, help="Images a step."),
        option(
            ["--lr"], type=float, default=2e-3, show_default=True, help="The highest learning rate (Adam)."
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
        *options(),
        option(
            ["--data-dir"],
            envvar="DIABOLO_DATA",
            metavar="DIR",
            help="Where datasets lie already; read in place, never written to. [or: DIABOLO_DATA]",
        ),
        option(["-o", "--out"], metavar="RUN", help="The run folder. [default: runs/VARIANT-DATASET]"),
        option(["--resume"], is_flag=True, help="Continue the run in its folder; its settings hold."),
    ]


def _train(variant: str, own: list[str], given: dict[str, Any]) -> None:
    import json
    from pathlib import Path

    from diabolo.train import Config, fit, resume
    from diabolo.ui.cli._fitting import fitting
    from diabolo.ui.cli._progress import Bar

    dataset = given["dataset"]
    if not dataset and not (given["resume"] and given["out"]):
        raise click.UsageError("give --dataset NAME or --dataset FOLDER, for instance --dataset glyphs.")
    out = Path(given["out"] or f"runs/{variant}-{Path(dataset).resolve().name}")
    with Bar() as bar:
        if given["resume"]:
            run = resume(out, epochs=given["epochs"], watcher=bar)
        else:
            names = (
                "latent_dim",
                "network",
                "epochs",
                "batch_size",
                "lr",
                "seed",
                "device",
                "precision",
                "data_dir",
            )
            config = Config.make(
                variant,
                dataset,
                **fitting(given),
                variant_options={name: given[name] for name in own},
                **{name: given[name] for name in names},
            )
            run = fit(config, out, watcher=bar)
    bar.note(f"run: {out}   next: diabolo export {out}")
    for name, value in json.loads((run.path / "metrics.json").read_text("utf-8")).items():
        click.echo(f"{name:16} {value:.6g}")
