"""The class and the split of every image of a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._splits import File

__all__ = ["indices", "labels_of"]

_TEST = 2**32 // 6  # an image whose 32 random bits are below this is in the test split


def labels_of(files: Sequence[File]) -> tuple[tuple[str, ...], NDArray[np.int64], list[str]]:
    """The classes, each file's label, and notes; no classes if a file is not in a sub-folder."""
    classes = tuple(sorted({f.label for f in files if f.label is not None}))
    flat = sum(f.label is None for f in files)
    if flat:
        notes = [f"{flat} images are not in a sub-folder, so no image has a label"] if classes else []
        return (), np.zeros(0, np.int64), notes
    place = {label: index for index, label in enumerate(classes)}
    return classes, np.array([place[f.label] for f in files if f.label is not None], np.int64), []


def indices(
    files: Sequence[File], seed: int, least: int = 1
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The indices of the training, validation and test images, each in the order of the files.

    Args:
        files: of the images.
        seed: by which the test split is drawn, if no file is in one.
        least: of the images that remain for training, if the test split is drawn.
    """
    held = np.array([file.split == "validation" for file in files])
    tests = np.array([file.split == "test" for file in files])
    if not tests.any() and (rest := np.flatnonzero(~held)).size:
        bits = np.array([_random_bits(files[index].name, seed) for index in rest.tolist()])
        tests[rest] = _drawn(bits, least)
    return np.flatnonzero(~held & ~tests), np.flatnonzero(held), np.flatnonzero(tests)


def _drawn(bits: NDArray[np.int64], least: int) -> NDArray[np.bool_]:
    """Which images with these random bits are for testing."""
    tests: NDArray[np.bool_] = bits < _TEST
    if not tests.any():  # in a small folder, all may be in the same split
        tests[bits.argmin()] = True
    if len(tests) - tests.sum() < least:
        tests[np.argsort(bits)[-least:]] = False
    return tests


def _random_bits(name: str, seed: int) -> int:
    """32 random bits that depend only on the name and the seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}/".encode() + os.fsencode(name)).digest()[:4])
