"""The reference of the Python API, from the docstrings.

A module has a page if it is one of the five packages, or if a text or an example of the repository imports
from it.
"""

from __future__ import annotations

import ast
import importlib
import re

from website.messages import FLOORS
from website.tree import ROOT, Tree

__all__ = ["modules", "pages"]

_IMPORT = re.compile(r"^\s*from (diabolo(?:\.[a-z]\w*)+) import", re.MULTILINE)
_FOREIGN = (
    "object, BaseException, tuple, dict, Module, Component"  # what classes inherit from these is left out
)
_INDEX = """# Python

The public names of each module, from their docstrings. A module is listed if it is one of the five packages,
or if a page of this site or an example imports from it.

{table}

```{{toctree}}
:hidden:

{names}
```
"""
_MODULE = """{name}
{line}

.. automodule:: {name}
   :members:
   :inherited-members: {foreign}
"""


def modules(tree: Tree) -> list[str]:
    """The modules that have a page, by the floor of the house."""
    texts = [file.read_text("utf-8") for _, file in tree]
    texts += [file.read_text("utf-8") for file in sorted((ROOT / "examples").glob("*/*.py"))]
    named = {name for text in texts for name in _IMPORT.findall(text)}
    named |= {f"diabolo.{floor}" for floor in FLOORS} | {"diabolo.runtime.errors"}
    return sorted(named, key=lambda name: (FLOORS.index(name.split(".")[1]), name))


def pages(tree: Tree) -> dict[str, str]:
    """The text of each page, by its name with its suffix."""
    names = modules(tree)
    for name in names:
        _load_all(name)
    rows = ["| module | what it is |", "|---|---|"]
    rows += [f"| [`{name}`]({name}.rst) | {_summary(name)} |" for name in names]
    made = {
        f"python/{name}.rst": _MODULE.format(name=name, line="=" * len(name), foreign=_FOREIGN)
        for name in names
    }
    made["python/index.md"] = _INDEX.format(table="\n".join(rows), names="\n".join(names))
    return made


def _load_all(name: str) -> None:
    """Load what a module loads when it is first used: Sphinx documents only what is there."""
    module = importlib.import_module(name)
    for public in module.__all__:
        vars(module).setdefault(public, getattr(module, public))


def _summary(name: str) -> str:
    """The first sentence of a module's docstring."""
    path = ROOT.joinpath(*name.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")
