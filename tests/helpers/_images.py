"""Made-up images, files and folders of them, and what every loaded set keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.image.noise import NoiseSpec
from diabolo.runtime.image.photo import Photo
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


class TiledModel:
    """Applies a function of float values to each tile, as an `Autoencoder` of any size its graphs."""

    def __init__(
        self,
        channels: int = 3,
        change: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda x: x,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        any_size = SimpleNamespace(multiple=8, receptive_radius=16, latent_stride=4)
        self.manifest = SimpleNamespace(
            image_shape=(channels, 64, 64),
            value_range=value_range,
            any_size=any_size,
            noise=("gaussian", 0.0, 0.2),
            noise_spec=NoiseSpec.parse("gaussian:0-0.2"),
            metrics={},
        )
        self.device = "the test's own"
        self.change = change
        self.seen: list[tuple[int, ...]] = []

    def reconstruct_tiles(
        self, image: NDArray[Any], *, tile: int | None = None
    ) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        assert image.shape[0] == self.manifest.image_shape[0]
        self.seen.append(image.shape)
        side = tile or 256
        top_value = np.iinfo(image.dtype).max
        for top in range(0, image.shape[1], side):
            for left in range(0, image.shape[2], side):
                piece = image[:, top : top + side, left : left + side]
                yield top, left, self.change(piece.astype(np.float32) / np.float32(top_value))


def photo(
    height: int, width: int, channels: int = 3, *, bits: int = 8, alpha: bool = False, **more: Any
) -> Photo:
    """Random pixels; some of them are fully transparent if there is an alpha channel."""
    rng = np.random.default_rng(height * width)
    kind = {8: np.uint8, 16: np.uint16}[bits]
    top = np.iinfo(kind).max
    pixels = rng.integers(0, top + 1, (height, width, channels)).astype(kind)
    opacity = rng.choice([0, top // 3, top], (height, width)).astype(kind) if alpha else None
    return Photo(pixels=pixels, alpha=opacity, **more)
