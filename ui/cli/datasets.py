"""`diabolo datasets` lists the datasets; `diabolo datasets get NAME` downloads one in advance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diabolo.ui.cli._shared.options import as_json as json_option
from diabolo.ui.cli._shared.options import data_dir as data_dir_option
from diabolo.ui.cli._shared.settings import options
from diabolo.ui.cli._shared.table import image_size, wrapped

__all__ = ["command"]


@click.group(
    invoke_without_command=True, short_help="List the datasets to train on; download one in advance."
)
@data_dir_option
@json_option
@click.pass_context
def command(ctx: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List the datasets: number of images, download size, and whether they are on this machine.

    \b
    diabolo datasets                       the list
    diabolo datasets get cifar10           download one now, train offline later
    diabolo datasets get ./photos          decode a folder of images in advance

    A dataset that is not on this machine is downloaded when it is first trained on, to the folder
    DIABOLO_CACHE, or ~/.cache/diabolo.
    """
    if ctx.invoked_subcommand is not None:
        return
    import json

    from diabolo.train.datasets import data_roots

    request = _request(data_dir)
    data_roots(request)  # a missing data folder gets one message, not one per dataset
    rows = _rows(request)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(_LINE.format("name", "images", "classes", "download", "here"))
    for row in rows:
        click.echo("\n".join(_lines(row)))
    click.echo("You can also train on a folder of images: diabolo train vae --dataset ./photos", err=True)


class _Get(click.Command):
    """Adds the options on images only when they are needed: listing the datasets does not need them."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from diabolo.train.datasets import Fitting

        *own, last = super().get_params(ctx)
        return [*own, *options(Fitting), last]


@command.command(cls=_Get, short_help="Download a dataset now, or decode a folder of images.")
@click.argument("name", metavar="NAME|FOLDER")
@data_dir_option
@click.pass_context
def get(ctx: click.Context, /, name: str, **given: Any) -> None:
    """Download the dataset NAME unless it is on this machine, and read it once to check it.

    For a FOLDER of images, decode them in advance; give the same options on images as for the training.
    """
    from diabolo.train import datasets
    from diabolo.train.batches.held_out import counted
    from diabolo.ui.cli._shared.progress import Bar

    where = _chosen_data_dir(ctx)
    del given["data_dir"]
    with Bar() as bar:
        request = _request(where, fitting=datasets.Fitting(**given), progress=bar.loading)
        data = datasets.load(name, request)
    for note in data.notes:
        bar.note(note)
    found = datasets.find(name) if name in datasets.names() else None
    named = (
        found if found and not found.takes_folder else None
    )  # 'folder' is a dataset's name, and may be a folder's
    here = f"read from {named.locate(request) if named else Path(name)}"
    train, test = (counted(split.images) for split in (data.train, data.test))
    counts = f"{train} training and {test} test images"
    if request.fitting.crop:
        counts = f"{train} to train on and {test} to test"
    pixels = image_size(data.image_shape)
    click.echo(f"{data.name}: {counts}, {pixels}, {named.made if named and named.made else here}")


def _chosen_data_dir(ctx: click.Context) -> str | None:
    """The data folder: --data-dir after `get`, or before it, or else the environment variable."""
    from click.core import ParameterSource

    contexts = [context for context in (ctx, ctx.parent) if context]
    written = (c for c in contexts if c.get_parameter_source("data_dir") is ParameterSource.COMMANDLINE)
    where: str | None = next(written, ctx).params["data_dir"]
    return where


def _request(data_dir: str | None, **more: Any) -> Any:
    from diabolo.train.datasets import LoadRequest

    return LoadRequest(data_dir=Path(data_dir) if data_dir else None, **more)


def _rows(request: Any) -> list[dict[str, Any]]:
    """One row per named dataset, as plain JSON values."""
    import json

    from diabolo.runtime.errors import PluginError
    from diabolo.train import datasets

    rows = []
    for name in datasets.names():
        try:
            dataset = datasets.find(name)
            if dataset.takes_folder:
                continue
            row = {"name": name, **_facts(dataset, request)}
            json.dumps(_lines(row) and row)  # find out here whether it can be shown
        except PluginError as error:
            row = {"name": name, "problem": str(error)}
        except Exception as error:  # noqa: BLE001 - another package's code may raise anything
            row = {"name": name, "problem": f"{type(error).__name__}: {error}"}
        rows.append(row)
    return rows


def _facts(dataset: Any, request: Any) -> dict[str, Any]:
    from diabolo.runtime.errors import DiaboloError, MissingPackageError

    here = problem = None
    state = "no"
    try:
        here = dataset.locate(request)
        state = "yes" if here or dataset.made else "no"
    except MissingPackageError as error:
        state, problem = "not installed", str(error)
    except DiaboloError as error:
        state, problem = "incomplete", str(error)
    except Exception as error:  # noqa: BLE001 - another package's code may raise anything
        state, problem = "problem", f"{type(error).__name__}: {error}"
    return {
        "title": dataset.title,
        "summary": dataset.summary,
        "count": dataset.count,
        "image_shape": dataset.image_shape,
        "classes": dataset.classes,
        "download": dataset.download,
        "state": state,
        "made": dataset.made,
        "here": str(here) if here and not dataset.made else None,
        "problem": problem,
        "licence": dataset.licence,
        "home": dataset.home,
    }


_WIDEST = 32  # characters for the images
_LINE = f"{{:<15}} {{:<{_WIDEST}}} {{:>7}}  {{:>8}}  {{}}"


def _lines(row: dict[str, Any]) -> list[str]:
    """The table row of a dataset, and the lines below it."""
    if "title" not in row:
        return [_LINE.format(row["name"], "cannot be loaded", "", "", "no"), *wrapped(row["problem"])]
    size = f"{max(1, round(row['download'] / 1e6))} MB" if row["download"] else "none"
    images, pixels = _images(row)
    fits = len(images) <= _WIDEST
    lines = [
        _LINE.format(row["name"], images if fits else pixels, len(row["classes"]) or "", size, row["state"])
    ]
    lines += wrapped(f"{row['title']}: {row['summary']}")
    lines += wrapped("" if fits else f"images: {images}")
    lines += wrapped(row["problem"] or "")
    for label, text in (("here", row["made"] or row["here"]), *((x, row[x]) for x in ("licence", "home"))):
        lines += wrapped(f"{label}: {text}" if text else "")
    return lines


def _images(row: dict[str, Any]) -> tuple[str, str]:
    """The number of images with their size, and the size alone."""
    if not row["image_shape"]:
        return str(row["count"]), ""
    pixels = image_size(row["image_shape"])
    return f"{row['count']}, {pixels}", pixels
