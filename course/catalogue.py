"""The labs: the folders in `labs/`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from diabolo.course.errors import LabError
from diabolo.course.exercise import Exercise
from diabolo.course.text import Cell, cells
from diabolo.runtime.errors import UnknownNameError

__all__ = ["LANGUAGES", "Lab", "find", "labs"]

LANGUAGES = ("en", "zh-TW")
_FOLDER = Path(__file__).with_name("labs")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab of the course.

    Attributes:
        number: from 1.
        name: of its folder, without the number: 'autoencoder'.
        folder: holds a text for each language, its pictures, and the files that a student gets.
        minutes: that it takes on two cores, waiting included.
        files: names of the files and folders that a student gets besides the notebook.
        exercise: what the student completes, if it is an exercise.
    """

    number: int
    name: str
    folder: Path
    minutes: int
    files: tuple[str, ...] = ()
    exercise: Exercise | None = None

    def text(self, language: str) -> str:
        """The text as Markdown, in 'en' or 'zh-TW'."""
        return (self.folder / f"{language}.md").read_text("utf-8")

    def title(self, language: str) -> str:
        """The first heading of the text."""
        found = _TITLE.search(self.text(language))
        return found[1].strip() if found else self.name

    def cells(self, language: str) -> list[Cell]:
        """The cells of the notebook.

        Raises:
            LabError: the text has a mistake; a test looks for these.
        """
        try:
            return cells(self.text(language))
        except LabError as error:
            raise LabError(f"{self.folder.name}/{language}.md: {error}") from None


def labs() -> list[Lab]:
    """All labs, in order."""
    found = [_read(path) for path in _FOLDER.iterdir() if (path / "lab.toml").is_file()]
    return sorted(found, key=lambda lab: lab.number)


def find(number: int) -> Lab:
    """The lab of this number.

    Raises:
        UnknownNameError: there is none.
    """
    known = {lab.number: lab for lab in labs()}
    if number not in known:
        names = [str(one) for one in known]
        raise UnknownNameError("lab", str(number), names, "List them: diabolo lab")
    return known[number]


def _read(folder: Path) -> Lab:
    number, name = folder.name.split("-", 1)
    about = tomllib.loads((folder / "lab.toml").read_text("utf-8"))
    return Lab(
        number=int(number),
        name=name,
        folder=folder,
        minutes=about["minutes"],
        files=tuple(about.get("files", ())),
        exercise=Exercise.read(about["exercise"]) if "exercise" in about else None,
    )
