"""`diabolo doctor RUN [IMAGE|FOLDER...]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.train import Run
    from diabolo.train.evaluation.doctor import Evidence, Finding
    from diabolo.ui.cli._shared.progress import Bar

__all__ = ["command"]


@click.command(short_help="Say what is wrong with a training, how one sees it, and what to try.")
@click.argument("run_folder", metavar="RUN")
@click.argument("images", nargs=-1, metavar="[IMAGE|FOLDER...]")
@options.dataset
@options.data_dir
@options.as_json
def command(
    run_folder: str, images: tuple[str, ...], dataset: str | None, data_dir: str | None, as_json: bool
) -> None:
    """Say what is wrong with the training of RUN: posterior collapse, dead units, overfitting, and others.

    \b
    diabolo doctor runs/vae
    diabolo doctor runs/vae ./scans        are these images like those of the training?

    Each finding has a name, a sentence with the figure that tells, where one sees it, and what to try. It is
    an error (the model is of no use), a warning (it could be better, or its figures mislead) or a note. The
    run's history and figures are judged as they are in its folder, which is not changed; `diabolo evaluate
    RUN` takes the figures again. The images of its dataset are compared with each other, if they are found.
    """
    from diabolo.runtime.listing import printable
    from diabolo.train import Run
    from diabolo.train.evaluation.doctor import checked, diagnose, evidence_of, left_out
    from diabolo.ui.cli._shared.progress import Bar

    run = Run.open(run_folder)
    evidence = evidence_of(run)
    notes = left_out(run, evidence)
    with Bar() as bar:
        evidence, more = _with_images(run, evidence, images, bar, dataset, data_dir)
    findings, what = diagnose(evidence), [check.what for check in checked(evidence)]
    notes += more
    if as_json:
        _show_json(run_folder, findings, what, notes)
        return
    _show(run_folder, findings, what)
    for note in notes:
        click.echo(printable(f"note: {note}"), err=True)


def _with_images(
    run: Run, evidence: Evidence, images: tuple[str, ...], bar: Bar, dataset: str | None, data_dir: str | None
) -> tuple[Evidence, list[str]]:
    """The evidence with what was found in images, and why some of it could not be."""
    from diabolo.runtime.errors import ImageError
    from diabolo.train.errors import DataError, RunError
    from diabolo.train.evaluation.doctor import with_data, with_pictures
    from diabolo.ui.cli._files.sources import expand, sources

    notes: list[str] = []
    paths = [source.path for source in sources(expand(images), lambda _, sentence: notes.append(sentence))]
    try:
        data = run.data(progress=bar.loading, dataset=dataset, data_dir=data_dir)
    except (DataError, RunError) as error:
        if images or dataset or data_dir:  # they were asked for
            raise
        return evidence, [f"the images of the training are not checked: {error}"]
    evidence = with_data(evidence, data, bar.loading)
    if images:
        evidence = with_pictures(
            evidence, run, paths, lambda path, reason: notes.append(f"{path} cannot be read: {reason}.")
        )
        if evidence.pictures is None:
            told = " ".join(notes[:3])
            raise ImageError(f"no image can be read. {told} Give image files, or folders of them.")
    return evidence, notes


def _show(run: str, findings: list[Finding], what: list[str]) -> None:
    from diabolo.runtime.listing import printable
    from diabolo.ui.cli._shared.table import wrapped

    count = f"{len(findings)} finding{'s' * (len(findings) != 1)}" if findings else "nothing found"
    click.echo(printable(f"{run}: {count}"))
    for finding in findings:
        click.echo(f"\n{finding.severity}: {finding.name}")
        for label, text in (
            ("what", finding.problem),
            ("see", finding.see),
            ("try", finding.advice),
        ):
            for line in wrapped(f"{label}: {text}"):
                click.echo(printable(line))
    click.echo(f"\nchecked for: {'; '.join(what)}")


def _show_json(run: str, findings: list[Finding], what: list[str], notes: list[str]) -> None:
    import json

    found: dict[str, Any] = {"run": run, "findings": [finding.to_json() for finding in findings]}
    click.echo(json.dumps(found | {"checked": what, "notes": notes}))
