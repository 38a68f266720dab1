"""`diabolo lab` lists the labs of the course, puts one into a folder, and checks exercises."""

from __future__ import annotations

import locale
import os
from typing import TYPE_CHECKING, Any

import click

from diabolo.course.catalogue import LANGUAGES
from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.course.exercise import Exercise, Finding, Report

__all__ = ["command"]

_SAID = {
    "en": {"minutes": "min", "take": "Put one into a folder: ", "open": "Open it: "},
    "zh-TW": {"minutes": "分鐘", "take": "放進一個資料夾：", "open": "打開筆記本："},
}


def _own_language() -> str:
    """The language of the terminal; on Windows, whose terminals have no such variables, of the system."""
    told = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    language = next(filter(None, told), "") or locale.setlocale(locale.LC_CTYPE)  # this only asks
    return "zh-TW" if language.startswith(("zh", "Chinese")) else "en"


class _Labs(click.Group):
    """`diabolo lab 3` is `diabolo lab get 3`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0].isdigit():
            args = ["get", *args]
        elif args[0] not in self.commands:
            raise click.UsageError(
                f"there is no lab {args[0]!r}; labs have numbers, which diabolo lab lists: "
                "diabolo lab 1 -o lab1"
            )
        return super().resolve_command(ctx, args)


def _chosen(ctx: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """The language that was asked for, here or before the name of the command."""
    before = ctx.parent.params.get("language") if ctx.parent and ctx.parent.command is command else None
    return given or before


_language = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    callback=_chosen,
    show_default="the terminal's",
    help="Of the text: English or Traditional Chinese.",
)


@click.group(cls=_Labs, invoke_without_command=True, short_help="Labs on autoencoders, as notebooks.")
@_language
@options.as_json
@click.pass_context
def command(ctx: click.Context, language: str | None, as_json: bool) -> None:
    """List the labs of the course, put one of them into a folder, or check an exercise.

    \b
    diabolo lab                            the list
    diabolo lab 1 -o lab1                  the notebook of lab 1, and its files, in the new folder lab1
    diabolo lab 1 -o lab1 --language zh-TW
    diabolo lab check 7 my_network.py      what is wrong with an exercise, and a hint
    diabolo lab solution 7                 one way to solve it

    Open a notebook with Jupyter (pip install notebook; jupyter notebook lab1), or in an editor for
    notebooks. Training needs torch: pip install "diabolo[cpu,train]".
    """
    if ctx.invoked_subcommand is not None:
        return
    import json

    from diabolo.course.catalogue import labs

    language = language or _own_language()
    rows: list[dict[str, Any]] = [
        {"number": lab.number, "title": lab.title(language), "minutes": lab.minutes, "name": lab.name}
        for lab in labs()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['title']}  ({row['minutes']} {_SAID[language]['minutes']})")
    number = rows[0]["number"]
    click.echo(f"{_SAID[language]['take']}diabolo lab {number} -o lab{number}", err=True)


@command.command("get", short_help="Put a lab's notebook and files into a folder: diabolo lab 3 -o FOLDER.")
@click.argument("number", type=click.IntRange(1))
@click.option("-o", "--out", metavar="FOLDER", help="A new folder. [default: labN]")
@_language
def get(number: int, out: str | None, language: str | None) -> None:
    """Put the notebook of lab NUMBER, and the files that belong to it, into a new folder.

    \b
    diabolo lab 3                          into lab3
    diabolo lab 3 -o here --language zh-TW
    """
    from diabolo.course.catalogue import find
    from diabolo.course.take import take
    from diabolo.runtime.listing import quoted

    lab, language = find(number), language or _own_language()
    paths = take(lab, out or f"lab{number}", language)
    for path in paths:
        click.echo(str(path))
    click.echo(f"{_SAID[language]['open']}jupyter notebook {quoted(str(paths[0]))}", err=True)


@command.command("check", short_help="Check an exercise: diabolo lab check 7 my_network.py.")
@click.argument("number", type=click.IntRange(1))
@click.argument("file", type=click.Path())
@click.option("--dataset", help="To train on, where the exercise trains. [default: the exercise's]")
@options.data_dir
@_language
@options.as_json
def check(
    number: int, file: str, dataset: str | None, data_dir: str | None, language: str | None, as_json: bool
) -> None:
    """Check FILE, your answer to the exercise of lab NUMBER: say what is wrong, and give a hint.

    \b
    diabolo lab check 7 my_network.py
    diabolo lab check 8 my_training.py --dataset glyphs      no download

    The file is executed, in a process of its own; a step that takes too long is stopped. The exit status is
    0 if everything holds, otherwise 1. Next to a lab's notebook, the language is that of the notebook.
    """
    import json

    from diabolo.course.exercise import check as run_check
    from diabolo.course.notebook import language_beside

    language = language or language_beside(file) or _own_language()
    exercise = _exercise(number)
    showing = _Steps(language, silent=as_json)
    report = run_check(exercise, file, dataset or "", data_dir, showing)
    if as_json:
        click.echo(json.dumps(_as_dict(report, language), indent=2, ensure_ascii=False))
    else:
        showing.end(report)
    if report.failed:
        raise SystemExit(1)


@command.command("solution", short_help="Write a solution of an exercise: diabolo lab solution 7.")
@click.argument("number", type=click.IntRange(1))
@click.option("-o", "--out", metavar="FILE", help="A new file. [default: NAME_solution.py]")
@_language
def solution(number: int, out: str | None, language: str | None) -> None:
    """Write one way to solve the exercise of lab NUMBER into a new file.

    \b
    diabolo lab solution 7                 into my_network_solution.py

    Next to a lab's notebook, the language is that of the notebook.
    """
    from diabolo.course.catalogue import find
    from diabolo.course.notebook import language_beside
    from diabolo.course.take import take_solution

    file = out or _exercise(number).file.replace(".py", "_solution.py")
    path = take_solution(find(number), file, language or language_beside(file) or _own_language())
    click.echo(str(path))


def _exercise(number: int) -> Exercise:
    from diabolo.course.catalogue import find, labs

    exercise = find(number).exercise
    if exercise is None:
        there = ", ".join(str(lab.number) for lab in labs() if lab.exercise)
        raise click.UsageError(f"lab {number} is not an exercise; these are: {there}.")
    return exercise


class _Steps:
    """Prints each step of a check as soon as it holds."""

    def __init__(self, language: str, silent: bool) -> None:
        self._language = language
        self._silent = silent
        self._step = ""
        self._tenth = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._silent:
            return
        if step != self._step:
            self._holds()
            self._step, self._tenth = step, 0
        elif total and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            click.echo(f"      {10 * self._tenth} %", err=True)

    def _holds(self) -> None:
        from diabolo.course.exercise import step_text

        if self._step:
            click.echo(f"{click.style('ok', fg='green')}    {step_text(self._step, self._language)}")

    def end(self, report: Report) -> None:
        """Print the errors, and what is wrong."""
        from diabolo.runtime.listing import printable

        if not report.failed:
            self._holds()
        for advice in report.advice:
            click.echo(f"note  {advice.what(self._language)}\n      {advice.hint(self._language)}")
        if figures := report.figures:
            names = {"yours": "MSE", "ours": "Diabolo", "pca": "PCA", "mean": "mean"}
            click.echo("      " + "   ".join(f"{text} {figures[name]:.4f}" for name, text in names.items()))
        if report.failed:
            what, hint = report.failed.what(self._language), report.failed.hint(self._language)
            click.echo(f"{click.style('no', fg='red')}    {printable(what)}\n      {printable(hint)}")


def _as_dict(report: Report, language: str) -> dict[str, Any]:
    def told(finding: Finding) -> dict[str, str]:
        return {"code": finding.code, "what": finding.what(language), "hint": finding.hint(language)}

    return {
        "passed": list(report.passed),
        "failed": told(report.failed) if report.failed else None,
        "advice": [told(each) for each in report.advice],
        "figures": dict(report.figures),
    }
