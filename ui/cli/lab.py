"""`diabolo lab` lists the labs of the course; `diabolo lab 3 -o FOLDER` puts one there."""

from __future__ import annotations

import os
from typing import Any

import click

from diabolo.course.catalogue import LANGUAGES
from diabolo.ui.cli._shared.options import as_json as json_option

__all__ = ["command"]


def _own_language() -> str:
    """The language of the terminal."""
    told = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh-TW" if next(filter(None, told), "").startswith("zh") else "en"


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


_language = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=_own_language,
    show_default="the terminal's",
    help="Of the text: English or Traditional Chinese.",
)


@click.group(cls=_Labs, invoke_without_command=True, short_help="Labs on autoencoders, as notebooks.")
@_language
@json_option
@click.pass_context
def command(ctx: click.Context, language: str, as_json: bool) -> None:
    """List the labs of the course, or put one of them into a folder.

    \b
    diabolo lab                            the list
    diabolo lab 1 -o lab1                  the notebook of lab 1, and its files, in the new folder lab1
    diabolo lab 1 -o lab1 --language zh-TW

    Open a notebook with Jupyter (pip install notebook; jupyter notebook lab1), or in an editor for
    notebooks. Training needs torch: pip install "diabolo[cpu,train]".
    """
    if ctx.invoked_subcommand is not None:
        return
    import json

    from diabolo.course.catalogue import labs

    rows: list[dict[str, Any]] = [
        {"number": lab.number, "title": lab.title(language), "minutes": lab.minutes, "name": lab.name}
        for lab in labs()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['title']}  ({row['minutes']} min)")
    click.echo(f"Put one into a folder: diabolo lab {rows[0]['number']} -o lab{rows[0]['number']}", err=True)


@command.command("get", short_help="Put a lab's notebook and files into a folder: diabolo lab 3 -o FOLDER.")
@click.argument("number", type=click.IntRange(1))
@click.option("-o", "--out", metavar="FOLDER", help="A new folder. [default: labN]")
@_language
def get(number: int, out: str | None, language: str) -> None:
    """Put the notebook of lab NUMBER, and the files that belong to it, into a new folder.

    \b
    diabolo lab 3                          into lab3
    diabolo lab 3 -o here --language zh-TW
    """
    from diabolo.course.catalogue import find
    from diabolo.course.take import take
    from diabolo.runtime.listing import quoted

    lab = find(number)
    paths = take(lab, out or f"lab{number}", language)
    for path in paths:
        click.echo(str(path))
    click.echo(f"Open it: jupyter notebook {quoted(str(paths[0]))}", err=True)
