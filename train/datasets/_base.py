"""The contract of a dataset file: a module with one final class called `Dataset`.

The file's name is the dataset's name. Images are held as uint8, channels first, so that a batch is
one indexing and one cast away from what a network takes.
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

DATA_DIR_HELP = "Where datasets lie already; read in place, never written to."
"""The help of `--data-dir`, of every command that has it."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(what, done, total)`; a total of 0 means it is not known."""


def cache_dir() -> Path:
    """Where downloads and decoded folders go: `DIABOLO_CACHE`, or `diabolo` in the user's cache folder.

    Not created here.
    """
    if own := os.environ.get("DIABOLO_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "diabolo"


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """What a caller wants loaded, and where to look for it."""

    folder: Path | None = None  # the folder of images, for the dataset `folder`
    data_dir: Path | None = None  # looked at before the cache, read in place, never written to
    seed: int = 0  # decides a split that the set does not bring itself
    classes: tuple[str, ...] | None = None  # only images of these; None: all images
    fitting: Fitting = field(default_factory=Fitting)  # the size and colours that images are brought to
    progress: Progress = field(default=_silent, repr=False)


def data_roots(request: LoadRequest) -> list[Path]:
    """The folders a set may lie in: `request.data_dir` or else `DIABOLO_DATA` if one is set, then the cache.

    Raises:
        DataError: a folder was named and is not there.
    """
    cache = cache_dir() / "datasets"
    named, source = request.data_dir, "--data-dir"
    if named is None and (variable := os.environ.get("DIABOLO_DATA")):
        named, source = Path(variable), "DIABOLO_DATA"
    if named is None:
        return [cache]
    if not is_folder(named):
        raise DataError(
            f"no data folder at {str(named)!r}. Give one that exists with {source}, or leave it out."
        )
    return [named, cache]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Images with their labels.

    Attributes:
        images: uint8 `(n, channels, height, width)`, 0 to 255: an array, or `Rows` of one that may be
            mapped from a file. Both take a slice or an array of indices and give an array.
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
    """A loaded dataset."""

    name: str  # as given on the command line: 'mnist', or the folder's name
    train: Split
    test: Split
    classes: tuple[str, ...] = ()
    licence: str = ""  # one line; empty for the user's own images
    notes: tuple[str, ...] = ()  # what the user should be told: a size chosen, images left aside
    published: int | None = None  # images of the whole set, where what was read may be a part of it
    skipped: tuple[tuple[str, str], ...] = ()  # files that could not be read: name, reason
    provenance: dict[str, Any] = field(default_factory=dict)  # JSON values that pin what was read

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(channels, height, width)` in pixels."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    def only(self, chosen: Sequence[str]) -> ImageData:
        """The images of these classes alone, in both splits; nothing is copied.

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
            classes=tuple(self.classes[index] for index in kept),
            published=None,
        )

    def __post_init__(self) -> None:
        # folders' names need not be text, and these go into files that are
        object.__setattr__(self, "name", _text(self.name))
        object.__setattr__(self, "classes", tuple(map(_text, self.classes)))
        if not len(self.train) or not len(self.test):
            raise DataError(
                f"dataset {self.name!r} has {len(self.train)} training and {len(self.test)} test images; "
                "both need at least one. Add images."
            )
        if self.train.images.shape[1:] != self.test.images.shape[1:]:
            raise ValueError("train and test images differ in shape")


def _chosen(split: Split, kept: list[int]) -> Split:
    """The rows whose labels are in `kept`; each label becomes its place in there."""
    if split.labels is None:
        raise ValueError("a split without labels")
    index = np.flatnonzero(np.isin(split.labels, kept))
    return Split(images=rows_of(split.images, index), labels=np.searchsorted(kept, split.labels[index]))


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


class DatasetBase(ABC):
    """What every dataset file's `Dataset` derives from. Classes are final: no dataset subclasses another."""

    title: ClassVar[str]  # as people write it: 'MNIST'
    summary: ClassVar[str]  # one line for `--help` and listings
    image_shape: ClassVar[tuple[int, int, int] | None] = None  # (channels, height, width); None: it varies
    count: ClassVar[str] = ""  # how many images: '60,000 + 10,000' for train and test
    classes: ClassVar[tuple[str, ...]] = ()
    download: ClassVar[int] = 0  # bytes that `fetch` brings over the network
    licence: ClassVar[str] = ""
    home: ClassVar[str] = ""  # the set's home page
    takes_folder: ClassVar[bool] = False  # True only where `--dataset` names a folder
    drawing: ClassVar[Drawing | None] = None  # how its things were scaled and placed, at `image_shape`
    made: ClassVar[str] = ""  # how, where the images are made rather than read: 'drawn on the spot'

    @abstractmethod
    def locate(self, request: LoadRequest) -> Path | None:
        """Where the set lies already, found without reading its images; None if it must be fetched.

        Raises:
            DataError: what lies there is only a part of it.
        """

    @abstractmethod
    def load(self, request: LoadRequest) -> ImageData:
        """Read the set, in place where it lies in `request.data_dir`, else from the cache or its home.

        Raises:
            DataError: it cannot be had or read; the message names what and the next step.
        """
