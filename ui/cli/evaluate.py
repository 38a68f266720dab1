"""`diabolo evaluate RUN`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="Figures of a run on the test split.")
@click.argument("run_folder", metavar="RUN")
@click.option("--data-dir", envvar="DIABOLO_DATA", metavar="DIR", help="Where datasets lie already.")
@click.option("--network", metavar="FILE.py[:CLASS]", help="The network, if it is one of your own.")
@click.option(
    "--importance-samples",
    type=click.IntRange(1, 100_000),
    metavar="K",
    help="Also bound log p(x) by K samples an image: the more, the tighter, the longer. For a vae.",
)
@click.option("--images", type=click.IntRange(1), help="Bound so many test images. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    run_folder: str,
    data_dir: str | None,
    network: str | None,
    importance_samples: int | None,
    images: int | None,
    as_json: bool,
) -> None:
    """Measure RUN's best weights on the test split; prints a table and writes RUN/metrics.json."""
    import json

    from diabolo.train import Run
    from diabolo.train.bound import bound
    from diabolo.train.evaluate import evaluate
    from diabolo.ui.cli._figures import show
    from diabolo.ui.cli._progress import Bar

    run = Run.open(run_folder)
    variant, model = run.load(network)
    with Bar() as bar:
        data = run.data(data_dir=data_dir, progress=bar.loading, note=bar.note)
        figures = evaluate(variant, model, data.test)
        if importance_samples:
            figures |= bound(
                variant, model, data.test, importance_samples, images=images, progress=bar.loading
            )
    for warning in variant.warnings(figures):
        bar.note(warning)
    run.write_json("metrics.json", figures)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        show(figures)
