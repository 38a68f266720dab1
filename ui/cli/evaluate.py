"""`diabolo evaluate RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.train import Run

__all__ = ["command"]


@click.command(short_help="Measure a run on the test split.")
@click.argument("run_folder", metavar="RUN")
@options.dataset
@options.data_dir
@click.option(
    "--network", metavar="FILE.py[:CLASS]", help="The file of the run's network, if it is not a built-in one."
)
@click.option(
    "--importance-samples",
    type=click.IntRange(1, 100_000),
    metavar="K",
    help="Also bound log p(x) with K importance samples per image, for a vae; more samples give a tighter "
    "bound and take longer.",
)
@click.option(
    "--images", type=click.IntRange(1), help="Compute the bound on this many test images. [default: all]"
)
@click.option(
    "--beside",
    metavar="RUN",
    multiple=True,
    help="Also show the figures of this run, side by side, and plot how active the units of both are in "
    "RUN/plots; may be repeated.",
)
@options.as_json
def command(
    run_folder: str,
    dataset: str | None,
    data_dir: str | None,
    network: str | None,
    importance_samples: int | None,
    images: int | None,
    beside: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure the best weights of RUN on the test split, print a table and write RUN/metrics.json.

    \b
    diabolo evaluate runs/vae --importance-samples 100
    diabolo evaluate runs/sparse --beside runs/plain
    """
    import json
    from contextlib import suppress

    from diabolo.runtime.bundle.quality import quality_line
    from diabolo.train import Run
    from diabolo.train.errors import RunError
    from diabolo.train.evaluation.doctor import diagnose, evidence_of, in_short
    from diabolo.train.evaluation.iwae_bound import iwae_bound
    from diabolo.train.evaluation.measure import measure
    from diabolo.ui.cli._shared.figures import show, show_side_by_side
    from diabolo.ui.cli._shared.progress import Bar

    run = Run.open(run_folder)
    others = {str(path): _figures(path) for path in beside}
    variant, model = run.load(network)
    with Bar() as bar:
        data = run.data(dataset=dataset, data_dir=data_dir, progress=bar.loading, note=bar.note)
        figures = measure(variant, model, data, run.config.seed)
        if importance_samples:
            figures |= iwae_bound(
                variant, model, data.test, importance_samples, images=images, progress=bar.loading
            )
    run.write_json("metrics.json", figures)
    told = [quality_line(figures)]
    with suppress(RunError):  # the history is damaged; `diabolo doctor` says so
        told += in_short(diagnose(evidence_of(run)), run_folder)
    for text in filter(None, told):
        bar.note(text)
    if others:
        _draw_activity(run, figures, others)
    if as_json:
        click.echo(json.dumps(figures | {"beside": others} if others else figures))
    elif others:
        show_side_by_side({run_folder: figures} | others)
    else:
        show(figures)


def _figures(path: str) -> dict[str, Any]:
    """The figures of another run."""
    from diabolo.runtime.listing import quoted
    from diabolo.train import Run
    from diabolo.train.errors import RunError

    figures = Run.open(path).metrics()
    if not figures:
        raise RunError(f"{path} has no figures yet. Measure it first: diabolo evaluate {quoted(path)}")
    return figures


def _draw_activity(run: Run, figures: dict[str, Any], others: dict[str, dict[str, Any]]) -> None:
    from diabolo.train.evaluation import plots

    measured = {str(run.path): figures} | others
    by_run = {name: of["activity_by_unit"] for name, of in measured.items() if "activity_by_unit" in of}
    if len(by_run) > 1:
        plots.save(run, {"activity_beside": plots.activity(by_run)})
