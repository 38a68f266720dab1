"""A run: the folder of one training. Files are written to a temporary name and renamed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from diabolo.train.config import Config
from diabolo.train.errors import RunError
from diabolo.train.model import Model
from diabolo.train.variants import VariantBase

__all__ = ["Run"]


class Run:
    """A run folder.

    Attributes:
        path: the folder.
        config: what was trained.
        document: the whole of config.json, with the image shape, classes and versions.
    """

    def __init__(self, path: Path, config: Config, document: dict[str, Any]) -> None:
        self.path = path
        self.config = config
        self.document = document

    @classmethod
    def create(cls, path: Path, config: Config, facts: dict[str, Any]) -> Run:
        """Start a run in a new folder.

        Raises:
            RunError: the folder exists and is not empty, or cannot be made.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(
                f"{path} exists already and is kept as it is. "
                "Continue it with --resume, or name another folder with -o."
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path} cannot be made: {error.strerror}. Name another folder with -o.") from None
        document = config.to_json() | facts
        run = cls(path, config, document)
        run.write_json("config.json", document)
        return run

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Open a run folder.

        Raises:
            RunError: it is not one.
        """
        path = Path(path)
        try:
            document = json.loads((path / "config.json").read_text("utf-8"))
        except OSError:
            raise RunError(f"{path} is not a run: it has no config.json. Train one: diabolo train.") from None
        except ValueError as error:
            raise RunError(f"config.json in {path} is not valid JSON: {error}. Train again.") from None
        if not isinstance(document, dict):
            raise RunError(f"config.json in {path} does not hold a run's settings. Train again.")
        shape = document.get("image_shape")
        if not (isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and n > 0 for n in shape)):
            raise RunError(f"config.json in {path} has no usable image_shape. Train again.")
        return cls(path, Config.from_json(document), document)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(channels, height, width)` of the images it was trained on."""
        channels, height, width = self.document["image_shape"]
        return channels, height, width

    def load(self) -> tuple[VariantBase, Model]:
        """The variant and the model with the best weights, on the CPU, in eval mode.

        Raises:
            RunError: there are no weights, or they do not fit.
        """
        variant, model = self.config.build(self.image_shape)
        self.fill(model, self.read_tensors("model.safetensors"))
        return variant, model.eval()

    def fill(self, model: Model, tensors: Mapping[str, Tensor]) -> None:
        """Put weights into the model.

        Raises:
            RunError: they do not fit.
        """
        try:
            model.load_state_dict(tensors)
        except RuntimeError:
            raise RunError(
                f"the weights in {self.path} do not fit its config.json: one was changed. Train again."
            ) from None

    def read_progress(self) -> tuple[int, float]:
        """Whole epochs in the saved state, and the best validation loss so far.

        Raises:
            RunError: the state is missing or damaged.
        """
        path = self.path / "last" / "state.safetensors"
        try:
            with safe_open(path, "pt") as file:
                about = file.metadata() or {}
            return int(about["epoch"]), float(about["best"])
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise RunError(f"{path} cannot be read: {error}. Train anew.") from None

    def read_tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of a safetensors file of the run.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            return load_file(self.path / name)
        except FileNotFoundError:
            raise RunError(
                f"{self.path} has no {name}: its training did not get so far. Continue it with --resume."
            ) from None
        except (SafetensorError, OSError) as error:
            raise RunError(f"{self.path / name} cannot be read: {error}. Train again.") from None

    def write_tensors(
        self, name: str, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None
    ) -> None:
        """Write a safetensors file, whole or not at all."""
        plain = {key: value.detach().to("cpu", copy=True).contiguous() for key, value in tensors.items()}
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        temporary = target.with_name(target.name + ".part")
        save_file(plain, temporary, about)
        temporary.replace(target)

    def write_json(self, name: str, document: Any) -> None:
        """Write a JSON file, whole or not at all."""
        self.write_text(name, json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        target = self.path / name
        temporary = target.with_name(target.name + ".part")
        temporary.write_text(text, "utf-8")
        temporary.replace(target)

    def write_table(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a CSV file, whole or not at all; what is no text is escaped."""
        target = self.path / name
        temporary = target.with_name(target.name + ".part")
        with temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)
        temporary.replace(target)

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write history.csv, a row an epoch."""
        head = list(rows[0])
        self.write_table("history.csv", head, [[row[name] for name in head] for row in rows])

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv, empty before the first epoch."""
        path = self.path / "history.csv"
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]

    def save_state(self, state: Mapping[str, Tensor], epoch: int, best: float) -> None:
        """Keep what continues the training after `epoch` epochs; one file, so that it is whole or absent."""
        about = {"epoch": str(epoch), "best": repr(best), "torch": torch.__version__}
        self.write_tensors("last/state.safetensors", state, about)
