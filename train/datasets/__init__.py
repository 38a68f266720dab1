"""Datasets, one file each; `load` finds one by its name or takes a folder of images."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from diabolo.runtime import _discovery
from diabolo.runtime.errors import PluginError, UnknownNameError
from diabolo.runtime.listing import quoted, trouble
from diabolo.train.datasets._base import (
    DATA_DIR_HELP,
    DatasetBase,
    ImageData,
    LoadRequest,
    Progress,
    Split,
    data_roots,
)
from diabolo.train.datasets._cropping.crops import Crops
from diabolo.train.datasets._cropping.pictures import Pictures
from diabolo.train.datasets._decoding.decode import EXTENSIONS
from diabolo.train.datasets._decoding.memory import free as free_memory
from diabolo.train.datasets._decoding.resize_options import RESIZE, Fitting
from diabolo.train.datasets._resize import fit_splits
from diabolo.train.datasets._rows import Images, Rows, rows_of, spread
from diabolo.train.datasets._scan import Listing, scan
from diabolo.train.errors import DataError

__all__ = [
    "DATA_DIR_HELP",
    "EXTENSIONS",
    "RESIZE",
    "Crops",
    "DatasetBase",
    "Fitting",
    "ImageData",
    "Images",
    "Listing",
    "LoadRequest",
    "Pictures",
    "Progress",
    "Rows",
    "Split",
    "data_roots",
    "find",
    "fit_splits",
    "free_memory",
    "load",
    "names",
    "rows_of",
    "scan",
    "spread",
]

_FOLDER = "folder"  # the dataset for everything that is not a dataset's name
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_OR = "Or give a folder of images: ./photos."


def names() -> list[str]:
    """The datasets by name: the files here, and other packages' entry points `diabolo.train.datasets`."""
    return _discovery.names(__name__)


def find(name: str) -> DatasetBase:
    """The dataset called `name`.

    Raises:
        UnknownNameError: there is none of that name.
        PluginError: it is another package's and cannot be loaded, or does not keep the contract.
    """
    module = _discovery.find(__name__, name, "dataset", _OR)
    kind = getattr(module, "Dataset", None)
    if kind is None:
        raise _unusable(name, module, "it has no class Dataset")
    try:
        dataset = kind()
    except Exception as error:
        raise _unusable(name, module, f"{type(error).__name__}: {error}") from error
    if not isinstance(dataset, DatasetBase):
        raise _unusable(name, module, "its Dataset does not derive from diabolo.train.datasets.DatasetBase")
    return dataset


def _unusable(name: str, module: ModuleType, reason: str) -> PluginError:
    return PluginError(
        f"the dataset {name!r} in the module {module.__name__!r} cannot be used: {reason}. "
        "Update the package that brings it, or remove it."
    )


def load(name: str, request: LoadRequest) -> ImageData:
    """Load a dataset by its name, or the folder of images at the path `name`.

    A name wins over a folder of the same name; `./mnist` means the folder.

    Raises:
        UnknownNameError: `name` is neither a dataset nor a folder, or one of the classes is not there.
        DataError: the set cannot be had or read, or `name` is the path of something else.
    """
    data = _load(name, request)
    return data if request.classes is None else data.only(request.classes)


def _load(name: str, request: LoadRequest) -> ImageData:
    named = [n for n in names() if n != _FOLDER]
    if request.noisy is not None and request.fitting.crop is None:
        raise DataError("noisy copies of pictures are read only with --crop. Add --crop 64.")
    if name in named:
        dataset = find(name)
        if request.fitting.crop and not dataset.takes_crop:
            raise DataError(
                f"--crop is for pictures of different sizes, and dataset {name!r} has images of one size. "
                "Leave --crop out."
            )
        return dataset.load(request)
    if os.path.isdir(name):  # noqa: PTH112 - Path.is_dir() raises where access is denied
        return find(_FOLDER).load(replace(request, folder=Path(name)))
    if os.path.lexists(name):
        if way := _unpacking(name):
            raise DataError(f"{name!r} is an archive. Unpack it, then give the folder: {way}.")
        what = trouble(name) or "it is a file"
        raise DataError(f"{name!r} is not a folder of images: {what}. Give the folder that contains them.")
    ends = (*_ARCHIVES, *(f".{end}" for end in EXTENSIONS))
    if {"/", "\\", os.sep} & set(name) or name.lower().endswith(ends):
        raise DataError(f"no folder at {name!r}. Give the path of a folder of images, or a dataset's name.")
    raise UnknownNameError("dataset", name, named, _OR)


def _unpacking(name: str) -> str:
    """How to unpack an archive next to it, and which option names the result; '' for other files."""
    if trouble(name):
        return ""
    stem = next((name[: -len(end)] for end in _ARCHIVES if name.lower().endswith(end)), "")
    if not stem:
        return ""
    tool = "zipfile" if name.lower().endswith(".zip") else "tarfile"
    folder = quoted(stem)
    return f"python -m {tool} -e {quoted(name)} {folder}, then --dataset {folder}"
