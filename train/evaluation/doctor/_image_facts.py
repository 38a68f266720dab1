"""What is counted in the images of a dataset, and measured of pictures that the user gives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.image.background import are_inverted, border_brightness
from diabolo.train.datasets import Crops, Fitting, ImageData, Images, Progress, Split, rows_of, spread
from diabolo.train.datasets._decoding.decode import decode
from diabolo.train.errors import DataError

__all__ = ["DataFacts", "PictureFacts", "data_facts", "missing_classes", "picture_facts"]

_MOST_BYTES = 2**31  # of images that are compared; of a larger set evenly spread ones
_BATCH = 1024  # images that are read at a time
_MOST_PICTURES = 500  # of those given, spread evenly


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What was counted in a dataset's images.

    Attributes:
        looked_at: images that were compared, of both splits; 0 for crops, which may overlap.
        tested: test images among them.
        test: test images in all.
        constant: images of one colour.
        duplicates: images equal to an earlier one of the same split.
        leaked: test images equal to a training image.
        constant_at, duplicate_at, leaked_at: where the first of each is, in words.
        classes: the number of classes.
        missing: the classes without an image, by split.
        border: the mean brightness of the training images' border, in [0, 1].
        values: the medians of the images' smallest and largest value, in [0, 1].
    """

    looked_at: int
    tested: int
    test: int
    constant: int = 0
    duplicates: int = 0
    leaked: int = 0
    constant_at: str = ""
    duplicate_at: str = ""
    leaked_at: str = ""
    classes: int = 0
    missing: dict[str, list[str]] = field(default_factory=dict)
    border: float = 0.5
    values: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """What was measured of the pictures that the user gave.

    Attributes:
        count: pictures that were read.
        inverted: the share of them that look inverted next to the training images.
        border: the median brightness of their borders, in [0, 1].
        values: the medians of their smallest and largest values, in [0, 1].
    """

    count: int
    inverted: float
    border: float
    values: tuple[float, float]


def data_facts(data: ImageData, progress: Progress) -> DataFacts:
    """Compare all images of the training and test split, byte by byte.

    Args:
        data: the dataset; the images of crops are not compared, since crops of one picture overlap.
        progress: called as images are read.
    """
    train, test = _compared(data.train.images), _compared(data.test.images)
    looked_at = len(train) + len(test)
    seen: dict[str, dict[bytes, int]] = {"training": {}, "test": {}}
    constant, duplicate, leaked = _Count(), _Count(), _Count()
    done = 0
    for split, images in (("training", train), ("test", test)):
        for row, image in _each(images):
            where = f"image {row} of the {split} split"
            key = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
            if image.min() == image.max():
                constant.add(where)
            if key in seen[split]:
                duplicate.add(f"{where} is image {seen[split][key]}")
            else:
                seen[split][key] = row
            if split == "test" and key in seen["training"]:
                leaked.add(f"{where} is image {seen['training'][key]} of the training split")
            done += 1
            if done % _BATCH == 0 or done == looked_at:
                progress("comparing images", done, looked_at)
    border, values = _look(data.train.images)
    return DataFacts(
        looked_at=looked_at,
        tested=len(test),
        test=len(data.test),
        constant=constant.count,
        duplicates=duplicate.count,
        leaked=leaked.count,
        constant_at=constant.first,
        duplicate_at=duplicate.first,
        leaked_at=leaked.first,
        classes=len(data.classes),
        missing=missing_classes(data),
        border=border,
        values=values,
    )


def missing_classes(data: ImageData) -> dict[str, list[str]]:
    """The classes without an image, by split: 'training' and 'test'; only splits that lack one."""
    found = {}
    for split, part in (("training", data.train), ("test", data.test)):
        if missing := _missing(part, data.classes):
            found[split] = missing
    return found


def _missing(split: Split, classes: Sequence[str]) -> list[str]:
    if split.labels is None:
        return []
    counts = np.bincount(split.labels, minlength=len(classes))
    return [name for name, count in zip(classes, counts, strict=True) if not count]


def picture_facts(
    paths: Sequence[str],
    fitting: Fitting,
    size: tuple[int, int] | None,
    border: float,
    fail: Callable[[str, str], None],
) -> PictureFacts | None:
    """Measure pictures as the training would have read them; None if none can be read.

    Args:
        paths: of the files; of more than 500, evenly spread ones are read.
        fitting: how the training resized and converted images.
        size: `(height, width)` of the training images; None: the pictures keep their own.
        border: the mean brightness of the training images' border, in [0, 1].
        fail: called with the path and the reason for each that cannot be read.
    """
    borders, values = [], []
    for index in spread(len(paths), _MOST_PICTURES) if paths else []:
        try:
            pixels = decode(paths[index], size, fitting).pixels
        except DataError as error:
            fail(paths[index], str(error))
            continue
        borders.append(float(border_brightness(pixels[None])[0]) / 255)
        values.append((pixels.min() / 255, pixels.max() / 255))
    if not borders:
        return None
    low, high = np.median(np.array(values), axis=0)
    return PictureFacts(
        count=len(borders),
        inverted=float(are_inverted(np.array(borders), border).mean()),
        border=float(np.median(borders)),
        values=(float(low), float(high)),
    )


class _Count:
    """How many there are, and where the first one is."""

    def __init__(self) -> None:
        self.count, self.first = 0, ""

    def add(self, where: str) -> None:
        self.count += 1
        self.first = self.first or where


def _compared(images: Images) -> Images:
    """The images that are compared: none of crops, of a very large set evenly spread ones."""
    most = 0 if isinstance(images, Crops) else max(1, _MOST_BYTES // prod(images.shape[1:]))
    return rows_of(images, spread(len(images), most) if most else slice(0))


def _each(images: Images) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for start in range(0, len(images), _BATCH):
        yield from enumerate(images[start : start + _BATCH], start)


def _look(images: Images) -> tuple[float, tuple[float, float]]:
    """The mean brightness of the border, and the medians of smallest and largest values, all in [0, 1]."""
    some = images[spread(len(images), _BATCH)].astype(np.float32) / 255
    flat = some.reshape(len(some), -1)
    low, high = float(np.median(flat.min(1))), float(np.median(flat.max(1)))
    return float(border_brightness(some).mean()), (low, high)
