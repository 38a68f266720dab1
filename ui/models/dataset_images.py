"""Test images of a model's own data set, where that lies on this machine already; nothing is fetched.

The data sets are the training's; the app does without them where that part of the package is missing.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import DiaboloError, MissingPackageError, UsageError
from diabolo.ui.models.shuffle import cycle_shuffled

if TYPE_CHECKING:
    from diabolo.train.datasets import DatasetBase

__all__ = ["DatasetImage", "DatasetImages"]

_KEPT = 1000  # images of a data set, in memory


@dataclass(frozen=True, kw_only=True, eq=False)
class DatasetImage:
    """One image of a data set.

    Attributes:
        picture: in the size and colours of the data set, which need not be the model's.
        label: the name of its class, or ''.
    """

    picture: Image.Image
    label: str


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kept:
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    order: Iterator[int]  # in which they are shown


class DatasetImages:
    """Test images by data set. A set is read when one of its images is first asked for; some are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._lock = threading.Lock()

    def here(self, m: Manifest) -> bool:
        """Whether the data set that the model learned lies on this machine; its images are not read."""
        return _located(m) is not None

    def draw(self, m: Manifest) -> DatasetImage:
        """Any of the kept test images.

        Raises:
            UsageError: the data set is not here.
            DataError: it cannot be read.
            MissingPackageError: reading it takes a package that is not installed.
        """
        with self._lock:
            seed = _seed(m)
            key = (m.dataset, m.classes, seed)
            if key not in self._kept:
                self._kept[key] = _read(m, seed)
            kept = self._kept[key]
        index = next(kept.order)
        pixels = kept.images[index].transpose(1, 2, 0)
        label = "" if kept.labels is None or not kept.classes else kept.classes[kept.labels[index]]
        return DatasetImage(
            picture=Image.fromarray(pixels.squeeze(-1) if pixels.shape[2] == 1 else pixels), label=label
        )


def _located(m: Manifest) -> DatasetBase | None:
    """The data set called what model.json says, if it lies here and has the model's classes."""
    if m.image_shape[0] not in (1, 3) or importlib.util.find_spec("diabolo.train") is None:
        return None
    from diabolo.train import datasets

    try:
        if m.dataset not in datasets.names():
            return None
        dataset = datasets.find(m.dataset)
        # a folder of images may be called as a data set is
        if dataset.takes_folder or not set(m.classes) <= set(dataset.classes):
            return None
        return dataset if dataset.locate(datasets.LoadRequest()) is not None else None
    except DiaboloError:  # a part of the set, or a package that does not work: no fault of the app
        return None


def _seed(m: Manifest) -> int:
    """The training's, by which some sets are split; 0 where model.json does not tell."""
    return max(0, int(m.document.get("training", {}).get("seed", 0)))


def _read(m: Manifest, seed: int) -> _Kept:
    if _located(m) is None:
        raise UsageError(
            f"the data set {m.dataset!r} is not on this machine. Fetch it: diabolo datasets get {m.dataset}, "
            "or say where it lies: DIABOLO_DATA=folder."
        )
    from diabolo.train import datasets

    try:
        data = datasets.load(m.dataset, datasets.LoadRequest(classes=m.classes or None, seed=seed))
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f'reading {m.dataset} takes {error.name}. Install it: pip install "diabolo[train]".'
        ) from None
    chosen = np.random.default_rng(0).permutation(len(data.test))[:_KEPT]
    labels = data.test.labels
    return _Kept(
        images=np.array(data.test.images[chosen]),  # a copy: the rest of the set can go
        labels=None if labels is None else labels[chosen],
        classes=data.classes,
        order=cycle_shuffled(len(chosen)),
    )
