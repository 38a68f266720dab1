"""`diabolo datasets`: what there is to train on; `diabolo datasets get NAME` fetches one ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from diabolo.ui.cli._shared.settings import options
from diabolo.ui.cli._shared.table import image_size, wrapped

__all__ = ["command"]

_data_dir = click.option(
    "--data-dir",
    envvar="DIABOLO_DATA",
    metavar="DIR",
    help="Where datasets lie already; read in place, never written to. [or: DIABOLO_DATA]",
)


@click.group(invoke_without_command=True, short_help="What there is to train on; fetch a dataset ahead.")
@_data_dir
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List the datasets: how many images, what they weigh, whether they are here already.

    \b
    diabolo datasets                       the list
    diabolo datasets get cifar10           fetch one now, train without a network later
    diabolo datasets get ./photos          decode a folder of images ahead

    A dataset that is not here is fetched the first time it is trained on, into the folder that DIABOLO_CACHE
    names, or ~/.cache/diabolo.
    """
    if ctx.invoked_subcommand is not None:
        return
    import json

    from diabolo.train.datasets import data_roots

    request = _request(data_dir)
    data_roots(request)  # a data folder that is not there is one message, not one for each dataset
    rows = _rows(request)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(_LINE.format("name", "images", "classes", "download", "here"))
    for row in rows:
        click.echo("\n".join(_lines(row)))
    click.echo("A folder of images is a dataset too: diabolo train vae --dataset ./photos", err=True)


class _Get(click.Command):
    """Its options on images are looked up when they are asked for: listing the datasets needs none."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from diabolo.train.datasets import Fitting

        *own, last = super().get_params(ctx)
        return [*own, *options(Fitting), last]


@command.command(cls=_Get, short_help="Fetch a dataset now, or decode a folder of images.")
@click.argument("name", metavar="NAME|FOLDER")
@_data_dir
@click.pass_context
def get(ctx: click.Context, /, name: str, **given: Any) -> None:
    """Fetch the dataset NAME unless it is here, and read it once as proof.

    Given a FOLDER of images, decode them ahead; give the options on images that the training will have.
    """
    from diabolo.train import datasets
    from diabolo.ui.cli._shared.progress import Bar

    where = _where(ctx)
    del given["data_dir"]
    with Bar() as bar:
        request = _request(where, fitting=datasets.Fitting(**given), progress=bar.loading)
        data = datasets.load(name, request)
    for note in data.notes:
        bar.note(note)
    found = datasets.find(name) if name in datasets.names() else None
    named = found if found and not found.takes_folder else None  # a folder may be called 'folder'
    here = f"read from {named.locate(request) if named else Path(name)}"
    counts = f"{len(data.train):,} training and {len(data.test):,} test images"
    pixels = image_size(data.image_shape)
    click.echo(f"{data.name}: {counts}, {pixels}, {named.made if named and named.made else here}")


def _where(ctx: click.Context) -> str | None:
    """The data folder: as written after `get`, or before it, or else the environment's."""
    from click.core import ParameterSource

    contexts = [context for context in (ctx, ctx.parent) if context]
    written = (c for c in contexts if c.get_parameter_source("data_dir") is ParameterSource.COMMANDLINE)
    where: str | None = next(written, ctx).params["data_dir"]
    return where


def _request(data_dir: str | None, **more: Any) -> Any:
    from diabolo.train.datasets import LoadRequest

    return LoadRequest(data_dir=Path(data_dir) if data_dir else None, **more)


def _rows(request: Any) -> list[dict[str, Any]]:
    """One for each dataset with a name of its own, as plain JSON values."""
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
            json.dumps(_lines(row) and row)  # what cannot be shown is found out here
        except PluginError as error:
            row = {"name": name, "problem": str(error)}
        except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
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
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
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
    """A row of the table, and below it what would not fit beside it at any width."""
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
    """How many images of what size, and the size alone."""
    if not row["image_shape"]:
        return str(row["count"]), ""
    pixels = image_size(row["image_shape"])
    return f"{row['count']}, {pixels}", pixels
