"""The files of a run's folder: each is written whole or not at all, and survives a power failure."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from torch import Tensor

from diabolo.runtime._durable import PART, flush, replacing
from diabolo.runtime.listing import quoted
from diabolo.train.errors import RunError
from diabolo.train.run import tensors as safetensors
from diabolo.train.run.lock import Lock
from diabolo.train.run.tensors import ChecksumError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BEST", "FAILED", "STATE", "Files", "as_path"]

STATE = "last/state.safetensors"  # the checkpoint
BEST = "model.safetensors"  # the best weights
FAILED = "failed.json"  # where the loss stopped being a number, until the training goes on
_LONGEST = 4096  # bytes of a path, as in Linux
_FOLDERS = ("last", "plots", "preview", "tensorboard")  # folders that a training writes to


def as_path(given: str | os.PathLike[str]) -> Path:
    """The path of a run's folder.

    Raises:
        RunError: it is not a path, or no file system could have it.
    """
    if not isinstance(given, str | os.PathLike) or "\0" in (text := str(given)):
        raise RunError(f"a run's folder is named by a str or a Path, not by {given!r}.")
    if len(os.fsencode(text)) > _LONGEST or max(map(len, text.split("/"))) > 255:
        raise RunError(f"the name of a run's folder is too long: {text[:80]} … Name another folder.")
    return Path(given)


class Files:
    """Reads and writes the files of a run's folder.

    Attributes:
        path: the folder.
        lock: on the folder, while a training runs in this process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock: Lock | None = None

    def read_about(self, name: str) -> dict[str, str]:
        """The metadata of a safetensors file of the run.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            return safetensors.about(self.path / name)
        except (SafetensorError, OSError) as error:
            raise RunError(self._damaged(name, error)) from None

    def read_tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of a safetensors file of the run, verified by its checksum.

        Raises:
            RunError: it is missing or damaged.
        """
        return self.read_both(name)[0]

    def read_both(self, name: str) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors and the metadata of a safetensors file of the run, verified by its checksum.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            return safetensors.read(self.path / name)
        except FileNotFoundError:
            self.check_there()
            raise RunError(
                f"{self.path} has no {name}: its training did not get so far. Continue it with --resume."
            ) from None
        except (SafetensorError, ChecksumError, OSError) as error:
            raise RunError(self._damaged(name, error)) from None

    def is_whole(self, name: str) -> bool:
        """Whether a safetensors file of the run is there and undamaged."""
        try:
            safetensors.read(self.path / name)
        except (SafetensorError, ChecksumError, OSError):
            return False
        return True

    def _damaged(self, name: str, error: Exception) -> str:
        """A message that says what is wrong with a file of weights, and what can still be done."""
        begin = f"{self.path / name} cannot be read: {error}."
        if name == BEST:
            if not (self.path / STATE).is_file():
                return f"{begin} Train again."
            return f"{begin} Continue with --resume: the weights of the last checkpoint then take its place."
        return f"{begin} {self.without_state()}"

    def without_state(self) -> str:
        """A message that says what can be done with a run whose checkpoint cannot be used."""
        again = f"Remove {self.path / STATE}, and --resume begins again at the first epoch, as it was begun."
        if not self.is_whole(BEST):
            return f"There are no whole weights in {BEST} either. {again}"
        return (
            f"The training cannot go on from there, but the best weights until then are whole, in {BEST}: "
            f"take their figures with diabolo evaluate {quoted(self.path)}, and they can be exported. {again}"
        )

    def write_tensors(
        self, name: str, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None
    ) -> None:
        """Write a safetensors file with a checksum, whole or not at all."""
        with self._whole(name) as temporary:
            safetensors.write(temporary, tensors, about)

    @contextmanager
    def _whole(self, name: str) -> Iterator[Path]:
        """A temporary path to write to; it replaces the file `name` if the block succeeds."""
        target = self.path / name
        self.check_there()
        self.check_folders()
        try:
            if not target.parent.is_dir():
                target.parent.mkdir()  # without parents: the run's folder may have been removed
                flush(self.path)
            with replacing(target) as temporary:
                yield temporary
        except (OSError, SafetensorError) as error:  # safetensors reports a full disk as its own
            self.check_there()
            reason = getattr(error, "strerror", None) or error
            raise RunError(
                f"{target} cannot be written: {reason}. What was there is as it was. Make room or mend that, "
                f"then continue with --resume -o {self.path}."
            ) from None

    def check_there(self) -> None:
        """Check that the folder is still the one that this training began in.

        Raises:
            RunError: it was removed, renamed or replaced.
        """
        if lost := self.lock and self.lock.lost():
            raise RunError(
                f"the folder {self.path} {lost} during training, so the training has stopped. "
                "If it was only renamed, it holds the last checkpoint: continue with --resume -o NEW-NAME."
            )

    def check_folders(self) -> None:
        """Check that no folder within the run is a link, through which files elsewhere would be replaced.

        The run's folder itself may be a link, since the user has named it.

        Raises:
            RunError: one is a link.
        """
        for folder in (self.path / name for name in _FOLDERS):
            if folder.is_symlink():
                raise RunError(
                    f"{folder} is a link, and nothing is written through it. Put the folder itself in its "
                    "place, or remove the link, then try again."
                )

    def write_json(self, name: str, document: Any) -> None:
        """Write a JSON file, whole or not at all."""
        # plain ASCII: names of files and classes may contain invalid Unicode
        self.write_text(name, json.dumps(document, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        with self._whole(name) as temporary:
            temporary.write_text(text, "utf-8")

    def write_table(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a CSV file, whole or not at all; invalid Unicode is escaped."""
        with (
            self._whole(name) as temporary,
            temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)

    def write_picture(self, name: str, figure: Figure) -> None:
        """Write a figure as a PNG file, whole or not at all."""
        with self._whole(name) as temporary:
            figure.savefig(temporary, format="png", dpi=110, bbox_inches="tight")

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write history.csv, one row per epoch, with the columns of the first; missing values are NaN."""
        head = list(rows[0])
        self.write_table("history.csv", head, [[row.get(name, math.nan) for name in head] for row in rows])

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv, empty before the first epoch.

        Raises:
            RunError: it is damaged.
        """
        path = self.path / "history.csv"
        if not path.is_file():
            return []
        try:
            with path.open(newline="", encoding="utf-8") as file:
                table = csv.DictReader(file, strict=True)
                rows = [{key: float(value) for key, value in row.items()} for row in table]
            epochs = [row["epoch"] for row in rows]
        except (OSError, ValueError, TypeError, KeyError, csv.Error):
            epochs = [0.0, 0.0]
        if epochs != sorted(set(epochs)):
            raise RunError(
                f"{path} is damaged. Continue the run with --resume: its checkpoint has the history."
            )
        return rows

    def remove(self, name: str) -> None:
        """Remove a file of the run that is no longer valid.

        Raises:
            RunError: it cannot be removed.
        """
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(
                f"{self.path / name} cannot be removed: {error.strerror}. Allow it, then go on with --resume."
            ) from None

    def sweep(self) -> None:
        """Remove the temporary files of a training that was killed.

        Raises:
            RunError: one of the run's folders is a link.
        """
        self.check_folders()
        for folder in (self.path, *(self.path / name for name in ("last", "plots", "preview"))):
            for path in folder.glob(f"*{PART}"):
                with suppress(OSError):
                    path.unlink()
