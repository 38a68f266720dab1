"""The contract of a dataset file: a module with one final class called `Dataset`.

The file's name is the dataset's name. Images are stored as uint8, channels first, so that making a batch for
a network takes one indexing and one cast.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.image.placement import Drawing
from diabolo.runtime.listing import is_folder
from diabolo.train.datasets._decoding.resize_options import Fitting
from diabolo.train.datasets._rows import Images, Rows, rows_of
from diabolo.train.errors import DataError

__all__ = [
    "DATA_DIR_HELP",
    "DatasetBase",
    "ImageData",
    "Images",
    "LoadRequest",
    "Progress",
    "Rows",
    "Split",
    "cache_dir",
    "data_roots",
]

DATA_DIR_HELP = "Folder that already contains datasets; it is read in place and never written to."
"""The help of `--data-dir`, of every command that has it."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(what, done, total)`; a total of 0 means that it is not known."""


def cache_dir() -> Path:
    """The folder for downloads and decoded images: `DIABOLO_CACHE`, or `diabolo` in the user's cache folder.

    It need not exist yet.

    Raises:
        DataError: the user has no home folder, as in a container with an arbitrary user id.
    """
    if own := os.environ.get("DIABOLO_CACHE"):
        return Path(own)
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # neither HOME nor an entry in the list of users
        raise DataError(
            "this user has no home folder in which downloads and decoded images could be kept. "
            "Name a folder for them in DIABOLO_CACHE."
        ) from None
    return Path(base) / "diabolo"


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """What to load, and where to look for it.

    Attributes:
        folder: the folder of images, for the dataset `folder`.
        noisy: a folder with a noisy copy of each image, of the same name; only with `fitting.crop`.
        data_dir: a folder that is searched before the cache; it is read in place and never written to.
        seed: determines the split of a dataset that has none.
        classes: load only images of these classes; None: all images.
        fitting: how images are resized and converted.
        progress: called while the dataset is fetched or decoded.
    """

    folder: Path | None = None
    noisy: Path | None = None
    data_dir: Path | None = None
    seed: int = 0
    classes: tuple[str, ...] | None = None
    fitting: Fitting = field(default_factory=Fitting)
    progress: Progress = field(default=_silent, repr=False)


def data_roots(request: LoadRequest) -> list[Path]:
    """The folders to search: `request.data_dir`, or else `DIABOLO_DATA` if it is set, then the cache.

    Raises:
        DataError: the data folder does not exist, or there is neither one nor a cache.
    """
    named, source = request.data_dir, "--data-dir"
    if named is None and (variable := os.environ.get("DIABOLO_DATA")):
        named, source = Path(variable), "DIABOLO_DATA"
    if named is None:
        return [cache_dir() / "datasets"]
    if not is_folder(named):
        raise DataError(
            f"no data folder at {str(named)!r}. Give one that exists with {source}, or leave it out."
        )
    try:
        return [named, cache_dir() / "datasets"]
    except DataError:  # no home folder, which a set that is there already does not need
        return [named]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Images with their labels.

    Attributes:
        images: uint8 `(n, channels, height, width)`, 0 to 255: an array, `Rows` of one that may be mapped
            from a file, or `Crops` of pictures. Indexing any of them with a slice or an array of indices
            gives an array.
        labels: int64 `(n,)`, indices into the dataset's classes; None when there are no classes.
    """

    images: Images
    labels: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                f"images must be uint8 (n, c, h, w), got {self.images.dtype} {self.images.shape}"
            )
        if self.labels is not None and len(self.labels) != len(self.images):
            raise ValueError(f"{len(self.images)} images but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """A loaded dataset.

    Attributes:
        name: as given on the command line: 'mnist', or the folder's name.
        train: the training split.
        test: the test split, with images of the same shape.
        validation: images to choose the best weights by, if the data set has a split for that; if None, some
            training images are held out.
        classes: their names, in the order of the labels; empty if there are none.
        licence: one line; empty for the user's own images.
        notes: messages for the user, such as the size that was chosen, or images that were ignored.
        published: the number of images of the whole set, if what was read may be only a part of it.
        skipped: files that could not be read: name and reason.
        provenance: JSON values that identify what was read.
        value_range: the grey values of images of more than 8 bits that became 0 and 255; None for 0 and
            65535, or 0.0 and 1.0 for floats.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...] = ()
    licence: str = ""
    notes: tuple[str, ...] = ()
    published: int | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    value_range: tuple[float, float] | None = None
    validation: Split | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(channels, height, width)` in pixels."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    def only(self, chosen: Sequence[str]) -> ImageData:
        """Only the images of these classes, in both splits; nothing is copied.

        Raises:
            UnknownNameError: there is no class of such a name.
            DataError: the images have no classes, or one of the splits would be empty.
        """
        for name in chosen:
            if not self.classes:
                raise DataError(f"dataset {self.name!r} has no classes to choose from. Leave --classes out.")
            if name not in self.classes:
                raise UnknownNameError("class", name, self.classes)
        kept = [index for index, name in enumerate(self.classes) if name in chosen]
        return replace(
            self,
            train=_chosen(self.train, kept),
            test=_chosen(self.test, kept),
            validation=self.validation and _some_chosen(self.validation, kept),
            classes=tuple(self.classes[index] for index in kept),
            published=None,
        )

    def __post_init__(self) -> None:
        # names of folders may be invalid Unicode, and these are written to text files
        object.__setattr__(self, "name", _text(self.name))
        object.__setattr__(self, "classes", tuple(map(_text, self.classes)))
        if not len(self.train) or not len(self.test):
            raise DataError(
                f"dataset {self.name!r} has {len(self.train)} training and {len(self.test)} test images; "
                "both need at least one. Add images."
            )
        shapes = {split.images.shape[1:] for split in (self.train, self.test, self.validation) if split}
        if len(shapes) > 1:
            raise ValueError("the images of the splits differ in shape")


def _chosen(split: Split, kept: list[int]) -> Split:
    """The rows whose labels are in `kept`; each label becomes its index there."""
    if split.labels is None:
        raise ValueError("a split without labels")
    index = np.flatnonzero(np.isin(split.labels, kept))
    return Split(images=rows_of(split.images, index), labels=np.searchsorted(kept, split.labels[index]))


def _some_chosen(split: Split, kept: list[int]) -> Split | None:
    """As `_chosen`; None if nothing is left."""
    return _chosen(split, kept) or None


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


class DatasetBase(ABC):
    """The base of the class `Dataset` of every dataset file. These are final: none subclasses another.

    Attributes:
        title: as people write it: 'MNIST'.
        summary: one line for `--help` and listings.
        image_shape: `(channels, height, width)` in pixels; None: it varies.
        count: the number of images: '60,000 + 10,000' for train and test.
        classes: their names, in the order of the labels.
        download: bytes that are fetched over the network.
        licence: one line.
        home: the address of the set's home page.
        takes_folder: True only for the dataset `folder`.
        takes_crop: whether its images may keep their own size (`Fitting.crop`).
        drawing: how the objects in the images were scaled and placed, at `image_shape`.
        made: how, if the images are generated rather than read: 'drawn on the spot'.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    image_shape: ClassVar[tuple[int, int, int] | None] = None
    count: ClassVar[str] = ""
    classes: ClassVar[tuple[str, ...]] = ()
    download: ClassVar[int] = 0
    licence: ClassVar[str] = ""
    home: ClassVar[str] = ""
    takes_folder: ClassVar[bool] = False
    takes_crop: ClassVar[bool] = False
    drawing: ClassVar[Drawing | None] = None
    made: ClassVar[str] = ""

    @abstractmethod
    def locate(self, request: LoadRequest) -> Path | None:
        """Where the dataset is, without reading its images; None if it must be fetched.

        Raises:
            DataError: only a part of it is there.
        """

    @abstractmethod
    def load(self, request: LoadRequest) -> ImageData:
        """Read the dataset: in place from `request.data_dir`, else from the cache, else from its home page.

        Raises:
            DataError: it cannot be fetched or read; the message says what to do next.
        """
