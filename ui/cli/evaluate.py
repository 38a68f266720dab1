"""`diabolo evaluate RUN`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="Figures of a run on the test split.")
@click.argument("run_folder", metavar="RUN")
@click.option("--data-dir", envvar="DIABOLO_DATA", metavar="DIR", help="Where datasets lie already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run_folder: str, data_dir: str | None, as_json: bool) -> None:
    """Measure RUN's best weights on the test split; prints a table and writes RUN/metrics.json."""
    import json

    from diabolo.train import Run
    from diabolo.train.datasets import load
    from diabolo.train.evaluate import evaluate
    from diabolo.ui.cli._progress import Bar

    run = Run.open(run_folder)
    variant, model = run.load()
    with Bar() as bar:
        data = load(run.config.dataset, run.config.request(data_dir=data_dir, progress=bar.loading))
    figures = evaluate(variant, model, data.test)
    run.write_json("metrics.json", figures)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:16} {value:.6g}")
