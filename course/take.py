"""Put a lab's notebook and files into a folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from diabolo.course.catalogue import LANGUAGES, Lab
from diabolo.course.errors import LabError
from diabolo.course.notebook import notebook
from diabolo.runtime.errors import UnknownNameError

__all__ = ["take", "take_solution"]

_NOT_TAKEN = shutil.ignore_patterns("node_modules", "__pycache__")


def take(lab: Lab, folder: str | Path, language: str = "en") -> list[Path]:
    """Write the notebook and the files of a lab into a new folder, or into an empty one.

    Args:
        lab: the lab.
        folder: where to; it is made.
        language: 'en' or 'zh-TW'.

    Returns:
        The files, the notebook first.

    Raises:
        LabError: the folder holds something, or cannot be written.
        UnknownNameError: there is no such language.
    """
    if language not in LANGUAGES:
        raise UnknownNameError("language", language, LANGUAGES)
    folder = Path(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise LabError(
                f"{folder} exists already, and may hold your work. "
                f"Give another folder: diabolo lab {lab.number} -o {folder}-2"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".lab-") as scratch:
            made = Path(scratch, "lab")
            made.mkdir()
            names = [f"lab{lab.number}-{lab.name}.ipynb", *lab.files]
            (made / names[0]).write_text(notebook(lab, language), "utf-8")
            for name in lab.files:
                source = _in_language(lab.folder / name, language)
                if source.is_dir():
                    shutil.copytree(source, made / name, ignore=_NOT_TAKEN)
                else:
                    shutil.copy(source, made / name)
            if folder.exists():
                folder.rmdir()  # it is empty
            made.replace(folder)
    except OSError as error:
        raise LabError(
            f"{folder} cannot be written: {error.strerror}. Give another folder with -o."
        ) from None
    return [folder / name for name in names]


def take_solution(lab: Lab, path: str | Path, language: str = "en") -> Path:
    """Write the solution of an exercise into a new file.

    Args:
        lab: an exercise.
        path: where to.
        language: of its comments, 'en' or 'zh-TW'.

    Raises:
        LabError: the file exists, or cannot be written.
    """
    path = Path(path)
    text = _in_language(lab.folder / "solution.py", language).read_text("utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LabError(f"{path} exists already. Give another name with -o.") from None
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}. Give another name with -o.") from None
    return path


def _in_language(path: Path, language: str) -> Path:
    """`my_network.zh-TW.py` for `my_network.py`, where there is one."""
    own = path.with_name(f"{path.stem}.{language}{path.suffix}")
    return own if own.exists() else path
