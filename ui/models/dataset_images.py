"""Test images from the dataset of a model, if it is on this machine; nothing is downloaded.

The datasets belong to `diabolo.train`; without that part of the package, the app offers no test images.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import DiaboloError, MissingPackageError, UsageError
from diabolo.ui.models.shuffle import cycle_shuffled

if TYPE_CHECKING:
    from diabolo.train.datasets import DatasetBase, ImageData

__all__ = ["DatasetImage", "DatasetImages"]

_LIMIT = 1000  # images of a dataset that are kept in memory
_LIMIT_OWN_SIZE = 100  # photographs
_SMALLEST_CROP = 16  # pixels: smaller pictures are not among those that are read at their own size


@dataclass(frozen=True, kw_only=True, eq=False)
class DatasetImage:
    """One image of a dataset.

    Attributes:
        picture: in the size and colours of the dataset, which may differ from the model's; for a model of any
            size, at the picture's own size if the dataset has photographs.
        label: the name of its class, or ''.
    """

    picture: Image.Image
    label: str


@dataclass(frozen=True, kw_only=True, eq=False)
class _Loaded:
    images: NDArray[np.uint8] | list[NDArray[np.uint8]]  # each (channels, height, width)
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    order: Iterator[int]  # indices, in the order in which the images are shown


class DatasetImages:
    """Test images by dataset. A dataset is read when its first image is requested; some images are kept."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[Any, ...], _Loaded] = {}
        self._lock = threading.Lock()

    def available(self, m: Manifest) -> bool:
        """Whether the dataset of the model is on this machine; this does not read its images."""
        return _located(m) is not None

    def draw(self, m: Manifest) -> DatasetImage:
        """Pick a test image at random.

        Raises:
            UsageError: the dataset is not on this machine.
            DataError: the dataset cannot be read.
            MissingPackageError: reading it needs a package that is not installed.
        """
        with self._lock:
            seed = _seed(m)
            key = (m.dataset, m.classes, seed, m.any_size is not None, m.image_shape[0])
            if key not in self._loaded:
                self._loaded[key] = _read(m, seed)
            data = self._loaded[key]
        index = next(data.order)
        pixels = np.ascontiguousarray(data.images[index].transpose(1, 2, 0))
        label = "" if data.labels is None or not data.classes else data.classes[data.labels[index]]
        return DatasetImage(
            picture=Image.fromarray(pixels.squeeze(-1) if pixels.shape[2] == 1 else pixels), label=label
        )


def _located(m: Manifest) -> DatasetBase | None:
    """The dataset that model.json names, if it is on this machine and has the model's classes."""
    if m.image_shape[0] not in (1, 3) or importlib.util.find_spec("diabolo.train") is None:
        return None
    from diabolo.train import datasets

    try:
        if m.dataset not in datasets.names():
            return None
        dataset = datasets.find(m.dataset)
        # the model may have been trained on a folder of images with the name of a dataset
        if dataset.takes_folder or not set(m.classes) <= set(dataset.classes):
            return None
        return dataset if dataset.locate(datasets.LoadRequest()) is not None else None
    except DiaboloError:  # it is incomplete, or its package fails; the app works without it
        return None


def _seed(m: Manifest) -> int:
    """The seed of the training, by which some datasets are split; 0 if model.json does not have it."""
    return max(0, int(m.document.get("training", {}).get("seed", 0)))


def _read(m: Manifest, seed: int) -> _Loaded:
    dataset = _located(m)
    if dataset is None:
        raise UsageError(
            f"the dataset {m.dataset!r} is not on this machine. Download it with: diabolo datasets get "
            f"{m.dataset}, or set DIABOLO_DATA to its folder."
        )
    from diabolo.train import datasets

    request = datasets.LoadRequest(classes=m.classes or None, seed=seed)
    own_size = m.any_size is not None and dataset.takes_crop
    if own_size:
        colour = False if m.image_shape[0] == 1 else None
        fitting = datasets.Fitting(crop=_SMALLEST_CROP, colour=colour)
        request = replace(request, fitting=fitting)
    try:
        data = datasets.load(m.dataset, request)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f'reading {m.dataset} needs {error.name}. Install it with: pip install "diabolo[train]"'
        ) from None
    return _own_size(data) if own_size else _one_size(data)


def _one_size(data: ImageData) -> _Loaded:
    chosen = np.random.default_rng(0).permutation(len(data.test))[:_LIMIT]
    labels = data.test.labels
    return _Loaded(
        images=np.array(data.test.images[chosen]),  # a copy, so that the rest of the dataset can be freed
        labels=None if labels is None else labels[chosen],
        classes=data.classes,
        order=cycle_shuffled(len(chosen)),
    )


def _own_size(data: ImageData) -> _Loaded:
    """The test pictures themselves, of which the crops are."""
    whole: Any = data.test.images
    images = [picture for _, picture in whole.whole(_LIMIT_OWN_SIZE)]
    return _Loaded(images=images, labels=None, classes=(), order=cycle_shuffled(len(images)))
