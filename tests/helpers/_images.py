"""Made-up images, files and folders of them, and what every loaded set keeps to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diabolo.train.datasets import ImageData, LoadRequest, Split, load


def sample(mode: str, width: int, height: int, seed: int = 0) -> Image.Image:
    """Random pixels in a mode of Pillow's."""
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (height, width)).astype(np.uint16))
    if mode == "F":
        return Image.fromarray(rng.random((height, width), np.float32))
    rgba = Image.fromarray(rng.integers(0, 256, (height, width, 4)).astype(np.uint8))
    return rgba.convert("RGB").convert(mode) if mode == "CMYK" else rgba.convert(mode)


def save(folder: Path, count: int, mode: str = "RGB", size: tuple[int, int] = (8, 8), start: int = 0) -> Path:
    """`count` random images of `size`, (height, width), called 000.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + count):
        sample(mode, size[1], size[0], seed=i).save(folder / f"{i:03}.png")
    return folder


def labels_of(split: Split) -> np.ndarray:
    assert split.labels is not None
    return split.labels


def check(data: ImageData) -> None:
    """What holds for every set."""
    assert data.image_shape[0] in (1, 3)
    for split in (data.train, data.test):
        assert split.images.shape[1:] == data.image_shape
        assert split.images.dtype == np.uint8
        taken = split.images[np.arange(min(5, len(split)))]
        assert taken.flags.writeable
        assert taken.flags.c_contiguous
        if data.classes:
            assert labels_of(split).dtype == np.int64
            assert set(labels_of(split)) <= set(range(len(data.classes)))
        else:
            assert split.labels is None


def load_folder(path: Path, **options: Any) -> ImageData:
    data = load(str(path), LoadRequest(**options))
    check(data)
    return data


def pixels(data: ImageData) -> bytes:
    """All bytes of both splits."""
    return data.train.images[:].tobytes() + data.test.images[:].tobytes()


def everything(data: ImageData) -> np.ndarray:
    """The images of both splits."""
    return np.concatenate([data.train.images[:], data.test.images[:]])
