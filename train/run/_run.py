"""A run: the folder of one training."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from diabolo.runtime._durable import PART, make_folder
from diabolo.runtime.listing import check_file, is_folder, quoted
from diabolo.train import networks
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, Progress, load, names
from diabolo.train.errors import RunError
from diabolo.train.model import Model
from diabolo.train.networks import Network
from diabolo.train.run import notebook
from diabolo.train.run.files import BEST, STATE, Files, as_path
from diabolo.train.run.lock import LOCK, Lock, refuse_running
from diabolo.train.variants import VariantBase, find

__all__ = ["BEST", "STATE", "Run", "absolute"]


class Run(Files):
    """A run's folder.

    Attributes:
        path: the folder.
        config: the settings of the training.
        document: all of config.json: the settings, the image shape, classes and versions.
    """

    def __init__(self, path: Path, config: Config, document: dict[str, Any]) -> None:
        super().__init__(path)
        self.config = config
        self.document = document

    @classmethod
    def check_free(cls, path: Path) -> None:
        """Check that a run may begin in this folder: it does not exist, is empty, or no run has begun in it.

        Raises:
            RunError: it has other content.
        """
        if path.is_dir() and _unbegun(path):
            return
        if os.path.lexists(path):
            refuse_running(path)
            raise RunError(
                f"{path} exists already and is kept as it is. "
                "Continue it with --resume, or name another folder with -o."
            )

    @classmethod
    def create(cls, path: Path, config: Config, facts: dict[str, Any], lock: Lock | None = None) -> Run:
        """Start a run in a new folder.

        Args:
            path: the folder.
            config: the settings of the training.
            facts: what config.json says besides; see `diabolo.train.run.record`.
            lock: on the folder, if it is locked.

        Raises:
            RunError: the folder exists and is not empty, or cannot be made.
        """
        cls.check_free(path)
        cls.make(path)
        document = config.to_json() | facts
        run = cls(path, config, document)
        run.write_json("config.json", document)
        run.lock = lock  # it recognises the folder by its config.json, so that is written first
        return run

    @staticmethod
    def make(path: Path) -> None:
        """Make a run's folder.

        Raises:
            RunError: it cannot be made.
        """
        try:
            make_folder(path)
        except OSError as error:
            raise RunError(f"{path} cannot be made: {error.strerror}. Name another folder with -o.") from None

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Open a run folder.

        Raises:
            RunError: it is not one.
        """
        path = as_path(path)
        try:
            check_file(path / "config.json")
            document = json.loads((path / "config.json").read_text("utf-8"))
        except OSError:
            if path.is_dir() and _unbegun(path) and any(path.iterdir()):
                raise RunError(
                    f"{path} has no config.json: its training was stopped before it began. "
                    "Begin it again: the same command without --resume."
                ) from None
            raise RunError(f"{path} is not a run: it has no config.json. Train one: diabolo train.") from None
        except ValueError as error:
            raise RunError(f"config.json in {path} is not valid JSON: {error}. Train again.") from None
        if not isinstance(document, dict):
            raise RunError(f"config.json in {path} does not hold a run's settings. Train again.")
        shape = document.get("image_shape")
        if not (isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and n > 0 for n in shape)):
            raise RunError(f"config.json in {path} has no usable image_shape. Train again.")
        config = Config.from_json(document)
        options = find(config.variant).Variant.completed(config.variant_options)
        return cls(path, replace(config, variant_options=options), document)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(channels, height, width)` of the images it was trained on."""
        channels, height, width = self.document["image_shape"]
        return channels, height, width

    def network(self, named: str | None = None) -> Network:
        """The network that the run was trained on.

        Args:
            named: the Python file of a user's own network, which is executed; such a run needs it.

        Raises:
            RunError: it is needed and not given, or another network is given.
        """
        own = networks.is_own(self.config.network)
        if own and named is None:
            raise RunError(
                f"{self.path} was trained on your own network {self.config.network}. Name it again: "
                f"--network {self.config.network}. The copy in the run is for the record and not executed."
            )
        if named is not None and not own and str(named) != self.config.network:
            raise RunError(
                f"{self.path} was trained on the network {self.config.network!r}, not {named!r}. "
                "Leave --network out."
            )
        return networks.find(named or self.config.network)

    def data(
        self,
        *,
        dataset: str | None = None,
        data_dir: str | None = None,
        progress: Progress | None = None,
        note: Callable[[str], None] | None = None,
    ) -> ImageData:
        """The dataset as the training saw it.

        Args:
            dataset: where its folder is now, if it was moved or renamed; `config` and `document` are then
                changed, but not config.json. The images must be the same.
            data_dir: where to look for it, instead of the run's own `data_dir`.
            progress: called while it is loaded.
            note: called with a message if its images have changed since the training.

        Raises:
            RunError: its folder is not there, its images have another shape now, or those of `dataset` are
                others.
            DataError: it cannot be read.
        """
        where = absolute(dataset or self.config.dataset)
        data_dir = data_dir and str(Path(data_dir).resolve())
        if dataset is None and where not in names() and not is_folder(where):
            raise RunError(
                f"the images that {self.path} was trained on are no longer at {where!r}. "
                "If the folder was moved or renamed, say where it is now: --dataset FOLDER."
            )
        request = self.config.request(data_dir=data_dir, progress=progress)
        if span := self.document.get("value_range"):  # what --range auto found for the training
            request = replace(request, fitting=replace(request.fitting, range=f"{span[0]!r}:{span[1]!r}"))
        data = load(where, request)
        if data.image_shape != self.image_shape:
            raise RunError(
                f"the dataset's images are {data.image_shape} now, the run {self.path} was trained on "
                f"{self.image_shape}. Put the old images back, or train again."
            )
        changed = self.document.get("provenance", data.provenance) != data.provenance
        if changed and dataset is not None and where != self.config.dataset:
            raise RunError(
                f"the images in {where!r} are not those that {self.path} was trained on, or have other "
                "names. Give the folder with the same images, or train again."
            )
        self.config = replace(self.config, dataset=where, data_dir=data_dir or self.config.data_dir)
        self.document |= {"dataset": where, "data_dir": self.config.data_dir}
        if note and changed:
            note("the dataset's images are not the same as when the run was trained")
        return data

    def load(self, network: Network | str | None = None) -> tuple[VariantBase, Model]:
        """The variant and the model with the best weights, on the CPU, in eval mode.

        Args:
            network: the network, or the Python file of a user's own, which is executed.

        Raises:
            RunError: there are no weights, they do not fit, or a network of the user's own is not given.
        """
        made = network if isinstance(network, Network) else self.network(network)
        variant, model = self.config.build(self.image_shape, made)
        self.fill(model, self.read_tensors(BEST))
        return variant, model.eval()

    def fill(self, model: Model, tensors: Mapping[str, Tensor]) -> None:
        """Load weights into the model.

        Args:
            model: made with the run's config.
            tensors: the weights by name.

        Raises:
            RunError: they do not fit the model.
        """
        try:
            model.load_state_dict(tensors)
        except RuntimeError:
            raise RunError(
                f"the weights in {self.path} do not fit its config.json: one was changed. Train again."
            ) from None

    def epochs_done(self) -> int:
        """The number of whole epochs in the checkpoint.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            return int(self.read_about(STATE)["epoch"])
        except (KeyError, ValueError) as error:
            raise RunError(f"{self.path / STATE} cannot be read: {error!r}. {self.without_state()}") from None

    def metrics(self) -> dict[str, Any]:
        """The metrics on the test split, as `diabolo evaluate` prints them; empty before the evaluation.

        Raises:
            RunError: metrics.json is damaged.
        """
        path = self.path / "metrics.json"
        if not path.is_file():
            return {}
        try:
            figures = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                f"{path} is not valid JSON: {error}. Take the figures again: {self._measure()}."
            ) from None
        if not isinstance(figures, dict):
            raise RunError(f"{path} does not hold figures. Take them again: {self._measure()}.")
        return figures

    def _measure(self) -> str:
        return f"diabolo evaluate {quoted(self.path)}"

    def figures(self) -> dict[str, Image.Image]:
        """The plots of the run by name: 'losses', 'reconstructions', 'latent_map', 'samples' ..."""
        pictures = {}
        for path in self._plots():
            with Image.open(path) as picture:
                pictures[path.stem] = picture.copy()
        return pictures

    def _repr_html_(self) -> str:
        """HTML for a notebook: the metrics and the plots."""
        dataset = self.document.get("dataset_name", self.config.dataset)
        title = f"{self.config.variant} on {dataset}: {self.path}"
        return notebook.page(title, self.metrics(), self._plots())

    def _plots(self) -> list[Path]:
        return sorted((self.path / "plots").glob("*.png"))


def absolute(dataset: str) -> str:
    """A folder's absolute path, so that the run can be used from any working directory; a name as it is."""
    return dataset if dataset in names() or not is_folder(dataset) else os.path.realpath(dataset)


def _unbegun(folder: Path) -> bool:
    """Whether the folder holds only what a training writes before config.json."""
    try:
        return all(each.name in (LOCK, f"config.json{PART}") for each in folder.iterdir())
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {error.strerror}. Allow reading it.") from None
