"""The floors of the house and their modules."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("runtime", "train", "export", "course", "ui")


def modules() -> dict[str, Path]:
    """The files of the package by the names they are imported by; students' files in labs have none."""
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    parts = {path: path.relative_to(ROOT).with_suffix("").parts for path in files}
    files = [path for path in files if all(part.isidentifier() for part in parts[path])]
    return {".".join(("diabolo", *parts[path])).removesuffix(".__init__"): path for path in files}
