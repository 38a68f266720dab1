"""Some of the pictures that a training would learn from, before it begins."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image.convert import open_image, to_pil
from diabolo.runtime.image.mosaic import enlargement, png, tiled
from diabolo.train import datasets
from diabolo.train.errors import DataError
from diabolo.ui.parts.data_url import data_url
from diabolo.ui.training.pictures import check_folder

__all__ = ["of_dataset", "of_folder"]

_COLUMNS, _SHOWN = 8, 24
_SIDE = 96  # pixels of a photograph in the mosaic
_WIDE = 768  # pixels of the mosaic, which the page scales to its width
_TRIES = 3  # times as many files are tried, where some cannot be read

_lock = threading.Lock()
_seen: dict[str, dict[str, Any]] = {}


def of_dataset(name: str) -> dict[str, Any]:
    """Some training images of a dataset that is on this machine; it is read once, which may take seconds.

    Returns:
        'picture', a data URL; 'count', of the training images; 'size', such as '28 x 28', or '';
        and 'classes', their names.

    Raises:
        DataError: it cannot be read.
    """
    with _lock:
        if name not in _seen:
            data = datasets.load(name, datasets.LoadRequest())
            chosen = datasets.spread(len(data.train), _SHOWN)
            images = data.train.images[chosen].astype(np.float32) / np.float32(255)
            size = " x ".join(map(str, images.shape[2:]))
            _seen[name] = _told(to_pil(images), len(data.train), size, data.classes)
        return _seen[name]


def of_folder(written: str) -> dict[str, Any]:
    """Some pictures of a folder, the middle of each; 'count' is of all its pictures. See `of_dataset`.

    Raises:
        DataError: there is no such folder, or it has no pictures.
    """
    root = Path(check_folder(written))
    files = datasets.scan(root).files
    indices = datasets.spread(len(files), _TRIES * _SHOWN) if files else np.arange(0)
    found: dict[int, Image.Image] = {}
    for index in np.concatenate([indices[first::_TRIES] for first in range(_TRIES)]):  # evenly, so far
        with suppress(ImageError):  # the training names it
            picture = open_image(str(root / files[index].name)).convert("RGB")
            found[index] = ImageOps.fit(picture, (_SIDE, _SIDE))
        if len(found) == _SHOWN:
            break
    if not found:
        raise DataError(f"no pictures in {str(root)!r}. Give a folder that holds some.")
    some = [found[index] for index in sorted(found)]
    classes = sorted({file.label for file in files if file.label})
    return _told(some, len(files), "", tuple(classes))


def _told(pictures: list[Image.Image], count: int, size: str, classes: tuple[str, ...]) -> dict[str, Any]:
    columns = min(_COLUMNS, len(pictures))
    width = max(picture.width for picture in pictures) * columns
    mosaic = tiled(pictures, columns, enlargement((width, 1), _WIDE), 1)
    return {
        "picture": data_url(png(mosaic)),
        "count": count,
        "size": size,
        "classes": list(classes),
    }
