"""A dataset in another size or colour than its own: converted once, kept in the cache, mapped if large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import LoadRequest, Split
from diabolo.train.datasets._decoding.decode import fit_images, fit_split
from diabolo.train.datasets._store import Facts, reserve, stored

__all__ = ["fit_splits"]

_CHUNK = 256  # images converted between two calls of the progress


def fit_splits(
    name: str, train: Split, test: Split, provenance: Any, request: LoadRequest
) -> tuple[Split, Split]:
    """Both splits in the size and colour of `request.fitting`; unchanged if it asks for neither.

    Colours are converted in memory. Resized images are kept in the cache.

    Args:
        name: of the dataset.
        train: the training split.
        test: the test split.
        provenance: JSON values that identify the images; others mean that they are resized again.
        request: has the size and colour.

    Raises:
        DataError: the cache cannot be written.
    """
    fitting = request.fitting
    if not fitting.image_size or fitting.image_size == train.images.shape[2:]:
        return fit_split(train, fitting), fit_split(test, fitting)

    def build(folder: Path) -> tuple[Facts, NDArray[np.int64]]:
        total, done = len(train) + len(test), 0
        shape = (total, *fit_images(train.images[:1], fitting).shape[1:])
        path = folder / "images.u8"
        reserve(path, int(np.prod(shape)))
        with path.open("r+b") as file:
            for chunk in _chunks(train, test):
                file.write(fit_images(chunk, fitting).tobytes())
                done += len(chunk)
                request.progress(f"fitting {name}", done, total)
        return Facts(shape=(shape[0], shape[1], shape[2], shape[3])), np.arange(total)

    sizes = [train.images.shape, test.images.shape]
    images = stored(name, "named", fitting.to_json(), [provenance, sizes], build).images
    first = replace(train, images=images.rows(slice(0, len(train))))
    return first, replace(test, images=images.rows(slice(len(train), None)))


def _chunks(*splits: Split) -> Iterator[NDArray[np.uint8]]:
    for split in splits:
        for start in range(0, len(split), _CHUNK):
            yield split.images[start : start + _CHUNK]
