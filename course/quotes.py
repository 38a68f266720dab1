"""Source code of ours in the labs' texts: `python -m diabolo.course.quotes` brings it up to date."""

from __future__ import annotations

import importlib
import inspect
import textwrap

from diabolo.course.catalogue import LANGUAGES, labs

__all__ = ["main", "source", "with_quotes"]


def source(quoted: str) -> str:
    """The source of 'MODULE:NAME' or 'MODULE:CLASS.METHOD'."""
    module, _, path = quoted.partition(":")
    found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return textwrap.dedent(inspect.getsource(found)).rstrip("\n")


def with_quotes(text: str) -> str:
    """A lab's text whose quotes are as the source is now."""
    lines = text.splitlines()
    out, begun = [], False
    for line in lines:
        if line.startswith("```python quote="):
            begun = True
            out += [line, *source(line.removeprefix("```python quote=").strip()).splitlines()]
        elif not begun:
            out.append(line)
        elif line.rstrip() == "```":
            begun = False
            out.append(line)
    return "\n".join(out) + "\n"


def main() -> None:
    """Write the quotes into all texts."""
    for lab in labs():
        for language in LANGUAGES:
            path = lab.folder / f"{language}.md"
            if path.is_file():
                path.write_text(with_quotes(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
