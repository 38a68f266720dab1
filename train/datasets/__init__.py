"""Datasets, one file each; `load` finds one by its name or takes a folder of images."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

from diabolo.runtime import _discovery
from diabolo.runtime.errors import UnknownNameError
from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Progress, Split
from diabolo.train.datasets._fitting import RESIZE, Fitting
from diabolo.train.datasets._rows import Images, Rows, rows_of

__all__ = [
    "RESIZE",
    "DatasetBase",
    "Fitting",
    "ImageData",
    "Images",
    "LoadRequest",
    "Progress",
    "Rows",
    "Split",
    "find",
    "load",
    "names",
    "rows_of",
]

_FOLDER = "folder"  # the dataset that takes what is no name


def names() -> list[str]:
    """The datasets by name: the files here, and other packages' entry points `diabolo.train.datasets`."""
    return _discovery.names(__name__)


def find(name: str) -> DatasetBase:
    """The dataset called `name`.

    Raises:
        UnknownNameError: there is none of that name.
        PluginError: it is another package's and cannot be loaded.
    """
    module = _discovery.find(__name__, name, "dataset", "Or give a folder of images: ./photos.")
    return cast(DatasetBase, module.Dataset())


def load(name: str, request: LoadRequest) -> ImageData:
    """Load a dataset by its name, or the folder of images at the path `name`.

    A name wins over a folder of the same name; `./mnist` means the folder.

    Raises:
        UnknownNameError: `name` is neither a dataset nor a folder.
        DataError: the set cannot be had or read.
    """
    named = [n for n in names() if n != _FOLDER]
    if name in named:
        return find(name).load(request)
    if os.path.isdir(name):  # noqa: PTH112 - Path.is_dir() raises where access is denied
        return find(_FOLDER).load(replace(request, folder=Path(name)))
    raise UnknownNameError("dataset", name, named, "Or give a folder of images: ./photos.")
