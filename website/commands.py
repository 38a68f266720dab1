"""The reference of the commands, from the commands themselves."""

from __future__ import annotations

import inspect
import re

import click

__all__ = ["pages"]

_INDEX = """# Commands

`diabolo COMMAND --help` prints the same as these pages.

{table}

```{{toctree}}
:hidden:

{names}
```
"""


def pages() -> dict[str, str]:
    """The Markdown of each page, by the page's name."""
    from diabolo.ui.cli import main

    top = click.Context(main, info_name="diabolo")
    made, rows = {}, ["| command | what it does |", "|---|---|"]
    names = main.list_commands(top)
    for name in names:
        command = main.get_command(top, name)
        if command is None:
            raise LookupError(name)
        made[f"commands/{name}"] = _page(command, click.Context(command, info_name=name, parent=top))
        rows.append(f"| [`diabolo {name}`]({name}.md) | {_plain(command.get_short_help_str(200))} |")
    made["commands/index"] = _INDEX.format(table="\n".join(rows), names="\n".join(names))
    return made


def _page(command: click.Command, context: click.Context) -> str:
    head = f"# diabolo {context.info_name}\n\n{_usage(command, context)}\n\n{_help(command)}"
    if not isinstance(command, click.Group):
        return f"{head}\n\n## Options\n\n{_options(command, context)}\n"
    inner = [
        (name, found, click.Context(found, info_name=name, parent=context))
        for name in command.list_commands(context)
        if (found := command.get_command(context, name))
    ]
    records = [_records(found, below) for _, found, below in inner]
    shared = [one for one in records[0] if all(one in others for others in records[1:])]
    own_options = _options(command, context)
    parts = [head, f"## Options\n\n{own_options}"] if own_options else [head]
    for (name, found, below), own in zip(inner, records, strict=True):
        rest = _definitions([one for one in own if one not in shared])
        parts.append(
            f"## diabolo {context.info_name} {name}\n\n{_usage(found, below)}\n\n{_help(found)}\n\n{rest}"
        )
    if shared:
        parts.append(f"## Options of all of them\n\n{_definitions(shared)}")
    return "\n\n".join(parts) + "\n"


def _usage(command: click.Command, context: click.Context) -> str:
    return f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```"


def _help(command: click.Command) -> str:
    """The help text: click keeps the lines of a paragraph that begins with a backspace, as of code."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(command.help or "").replace("\b\n", "\b"))
    return "\n\n".join(
        f"```text\n{one[1:].strip(chr(10))}\n```" if one.startswith("\b") else _plain(one)
        for one in paragraphs
    )


def _records(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """The names of each option, and its help; arguments have no help of their own and are left out."""
    params = (param for param in command.get_params(context) if param.name != "help")
    return [record for param in params if (record := param.get_help_record(context)) and record[1]]


def _options(command: click.Command, context: click.Context) -> str:
    return _definitions(_records(command, context))


def _definitions(records: list[tuple[str, str]]) -> str:
    return "\n\n".join(f"`{names}`\n: {_plain(text)}" for names, text in records)


def _plain(text: str) -> str:
    """Text without meaning for Markdown; names of options stay code."""
    escaped = re.sub(r"([\\`*_\[\]<>#|$])", r"\\\1", " ".join(text.split()))
    return re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r"`\1`", escaped)
