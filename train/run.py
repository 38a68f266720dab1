"""A run: the folder of one training. Files are written to a temporary name and renamed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from diabolo.train import networks, notebook
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, Progress, load
from diabolo.train.errors import RunError
from diabolo.train.model import Model
from diabolo.train.networks import Network
from diabolo.train.variants import VariantBase

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STATE", "Run"]

STATE = "last/state.safetensors"  # the checkpoint, in the run's folder


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

    def network(self, named: str | None = None) -> Network:
        """The network the run was trained on; one of the user's own must be named again.

        Raises:
            RunError: it is not named, or another one is.
        """
        own = networks.is_own(self.config.network)
        if own and named is None:
            raise RunError(
                f"{self.path} was trained on a network of your own, {self.config.network}. Name it again: "
                f"--network {self.config.network}. The copy in the run is for the record and not executed."
            )
        if named is not None and not own and named != self.config.network:
            raise RunError(
                f"{self.path} was trained on the network {self.config.network!r}, not {named!r}. "
                "Leave --network out."
            )
        return networks.find(named or self.config.network)

    def data(
        self,
        *,
        data_dir: str | None = None,
        progress: Progress | None = None,
        note: Callable[[str], None] | None = None,
    ) -> ImageData:
        """The dataset as the training saw it; `note` is told if its images are others now.

        Raises:
            RunError: its images have another shape now.
            DataError: it cannot be read.
        """
        data = load(self.config.dataset, self.config.request(data_dir=data_dir, progress=progress))
        if data.image_shape != self.image_shape:
            raise RunError(
                f"the dataset's images are {data.image_shape} now, the run {self.path} was trained on "
                f"{self.image_shape}. Put the old images back, or train anew."
            )
        if note and self.document.get("provenance", data.provenance) != data.provenance:
            note("the dataset's images are not the same as when the run was trained")
        return data

    def load(self, network: Network | str | None = None) -> tuple[VariantBase, Model]:
        """The variant and the model with the best weights, on the CPU, in eval mode.

        Raises:
            RunError: there are no weights, or they do not fit; or a network of the user's own is not named.
        """
        made = network if isinstance(network, Network) else self.network(network)
        variant, model = self.config.build(self.image_shape, made)
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
        """Whole epochs in the checkpoint, and the best validation loss so far.

        Raises:
            RunError: it is missing or damaged.
        """
        about = self.read_about(STATE)
        try:
            return int(about["epoch"]), float(about["best"])
        except (KeyError, ValueError) as error:
            raise RunError(f"{self.path / STATE} cannot be read: {error!r}. Train anew.") from None

    def read_about(self, name: str) -> dict[str, str]:
        """What was written beside the tensors of a safetensors file of the run.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            with safe_open(self.path / name, "pt") as file:
                return file.metadata() or {}
        except (SafetensorError, OSError) as error:
            raise RunError(f"{self.path / name} cannot be read: {error}. Train anew.") from None

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
        (self.path / name).parent.mkdir(exist_ok=True)
        with self._whole(name) as temporary:
            save_file(plain, temporary, about)

    @contextmanager
    def _whole(self, name: str) -> Iterator[Path]:
        """A path to write to; what was written takes the place of `name` only if all of it was."""
        target = self.path / name
        temporary = target.with_name(target.name + ".part")
        try:
            yield temporary
            temporary.replace(target)
        except (OSError, SafetensorError) as error:  # safetensors reports a full disk as its own
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            reason = getattr(error, "strerror", None) or error
            raise RunError(
                f"{target} cannot be written: {reason}. What was there is as it was. Make room or mend that, "
                f"then continue with --resume -o {self.path}."
            ) from None

    def write_json(self, name: str, document: Any) -> None:
        """Write a JSON file, whole or not at all."""
        # plain ASCII: names of files and classes may hold what is no text
        self.write_text(name, json.dumps(document, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        with self._whole(name) as temporary:
            temporary.write_text(text, "utf-8")

    def write_table(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a CSV file, whole or not at all; what is no text is escaped."""
        with (
            self._whole(name) as temporary,
            temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)

    def write_picture(self, name: str, figure: Figure) -> None:
        """Write a figure as a PNG file, whole or not at all."""
        (self.path / name).parent.mkdir(exist_ok=True)
        with self._whole(name) as temporary:
            figure.savefig(temporary, format="png", dpi=110, bbox_inches="tight")

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write history.csv, a row an epoch."""
        head = list(rows[0])
        self.write_table("history.csv", head, [[row[name] for name in head] for row in rows])

    def metrics(self) -> dict[str, Any]:
        """The figures on the test split, as `diabolo evaluate` prints them; empty before they are taken.

        Raises:
            RunError: metrics.json is damaged.
        """
        path = self.path / "metrics.json"
        if not path.is_file():
            return {}
        try:
            figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise RunError(
                f"{path} is not valid JSON: {error}. Take the figures again: diabolo evaluate."
            ) from None
        return figures

    def figures(self) -> dict[str, Image.Image]:
        """The pictures of RUN/plots by name: 'losses', 'reconstructions', 'latent_map', 'samples' ..."""
        pictures = {}
        for path in sorted((self.path / "plots").glob("*.png")):
            with Image.open(path) as picture:
                pictures[path.stem] = picture.copy()
        return pictures

    def _repr_html_(self) -> str:
        """What a notebook shows of a run: its figures, and its pictures."""
        return notebook.page(self)

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv, empty before the first epoch."""
        path = self.path / "history.csv"
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
