"""How fast images are read, decoded and fed, beside torchvision and Pillow, all in one run.

    DIABOLO_DATA=folder python -m benchmarks.data

reads the real MNIST and CIFAR-10, makes folders of pictures from them and a set of 2 GB, and prints the
tables of docs/benchmarks.md. Takes some minutes and 5 GB of disk.
"""

from __future__ import annotations

import gc
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from PIL import Image, ImageOps

from diabolo.train.batches.feed import feed
from diabolo.train.datasets import Fitting, LoadRequest, Rows, load

T = TypeVar("T")

BATCH = 256
ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="diabolo-benchmark-") as name:
        scratch = Path(name)
        os.environ["DIABOLO_CACHE"] = str(scratch / "cache")
        mnist, cifar = (load(name, LoadRequest()).train for name in ("mnist", "cifar10"))
        mnist_images, cifar_images = mnist.images[:], cifar.images[:]
        cifar_root = os.environ["DIABOLO_DATA"]
        write_idx(scratch / "torchvision", mnist_images)
        show(
            f"Images a second from the training set, shuffled, as float32 batches of {BATCH}",
            (
                "",
                "in memory",
                "mapped",
                "torchvision, 0 workers",
                "2 workers",
                "in memory / best",
                "mapped / best",
            ),
            [
                feeding("MNIST", mnist_images, torchvision.datasets.MNIST, scratch / "torchvision", scratch),
                feeding("CIFAR-10", cifar_images, torchvision.datasets.CIFAR10, Path(cifar_root), scratch),
            ],
        )
        write_photos(scratch / "photos", cifar_images, 2_000)
        write_letters(scratch / "letters", mnist_images, 60_000)
        show(
            "Seconds to decode a folder",
            ("", "first time", "again", "a Pillow loop", "loop / first time"),
            [
                decoding("2,000 JPEG of 500 x 375 and 400 x 600 to 64 x 64", scratch / "photos", (64, 64)),
                decoding("60,000 PNG of 28 x 28", scratch / "letters", (28, 28)),
            ],
        )
        small, large = (memory(scratch, count, 256) for count in (300, 11_000))
        show(
            "MB at the peak of one epoch, autoencoder on dense, 256 x 256 colour, mapped",
            ("set", "peak"),
            [
                (f"{300 * 3 * 256**2 / 1e6:,.0f} MB", f"{small / 1e6:,.0f}"),
                (f"{11_000 * 3 * 256**2 / 1e6:,.0f} MB", f"{large / 1e6:,.0f}"),
                ("difference", f"{(large - small) / 1e6:,.0f}"),
            ],
        )


def feeding(name: str, images: NDArray[np.uint8], theirs: type, root: Path, scratch: Path) -> tuple[str, ...]:
    """One row: ours in memory and mapped, torchvision's data set through a DataLoader."""
    path = scratch / f"{name}.u8"
    images.tofile(path)
    mapped = Rows(np.asarray(np.memmap(path, np.uint8, "r", shape=images.shape)))
    assert mapped.mapped
    dataset = theirs(str(root), train=True, transform=torchvision.transforms.ToTensor())
    assert len(dataset) == len(images)

    def ours(rows: Rows) -> Iterable[torch.Tensor]:
        order = np.random.default_rng(0).permutation(len(rows))
        return feed(rows, np.array_split(order, -(-len(order) // BATCH)))

    def loader(workers: int) -> Iterable[torch.Tensor]:
        batches = torch.utils.data.DataLoader(dataset, BATCH, shuffle=True, num_workers=workers)
        return (image for image, _ in batches)

    ways: list[Callable[[], Iterable[torch.Tensor]]] = [
        lambda: ours(Rows(images)),
        lambda: ours(mapped),
        lambda: loader(0),
        lambda: loader(2),
    ]
    speeds = rates(ways, len(images))
    best = max(speeds[2:])
    ratios = tuple(f"{speed / best:.1f} x" for speed in speeds[:2])
    return (name, *(f"{speed:,.0f}" for speed in speeds), *ratios)


def rates(ways: list[Callable[[], Iterable[torch.Tensor]]], count: int) -> list[float]:
    """Images a second of each way: the median over rounds that take turns, after one that is not counted."""
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS + 1):
        for way, times in zip(ways, seconds, strict=True):
            gc.collect()
            start = time.perf_counter()
            seen = sum(len(batch) for batch in way())
            times.append(time.perf_counter() - start)
            assert seen == count
    return [count / median(times[1:]) for times in seconds]


def decoding(name: str, folder: Path, size: tuple[int, int]) -> tuple[str, ...]:
    """One row: our store, built and opened again, and one process that opens file after file with Pillow."""
    request = LoadRequest(fitting=Fitting(image_size=size))
    (data, first), (_, again) = (timed(lambda: load(str(folder), request)) for _ in range(2))
    mode = "L" if data.image_shape[0] == 1 else "RGB"

    def loop() -> int:
        images = []
        for path in sorted(folder.iterdir()):
            with Image.open(path) as image:
                fitted = ImageOps.fit(image.convert(mode), size[::-1], Image.Resampling.LANCZOS)
                images.append(np.asarray(fitted))
        return len(np.stack(images))

    count, theirs = timed(loop)
    assert count == len(data.train) + len(data.test)
    return (name, f"{first:.2f}", f"{again:.2f}", f"{theirs:.2f}", f"{theirs / first:.1f} x")


def memory(scratch: Path, count: int, side: int) -> int:
    """Bytes at the peak of a process that trains for one epoch on `count` mapped images of `side` squared."""
    folder, run = scratch / f"large-{count}", scratch / f"run-{count}"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        square = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(square).resize((side, side), Image.Resampling.NEAREST).save(
            folder / f"{index:05}.bmp"
        )
    load(str(folder), LoadRequest(fitting=Fitting(image_size=(side, side))))  # decoded by this process
    code = (
        "import json, resource, sys\n"
        "from diabolo.train import Config, fit\n"
        "folder, run, side = json.loads(sys.argv[1])\n"
        "fit(Config.make('autoencoder', folder, epochs=1, image_size=(side, side)), run)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    arguments = json.dumps([str(folder), str(run), side])
    environment = os.environ | {"DIABOLO_MEMORY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, arguments], env=environment, check=True, capture_output=True, text=True
    )
    return int(done.stdout.split()[-1])


def write_idx(root: Path, images: NDArray[np.uint8]) -> None:
    """MNIST's files, unpacked as torchvision wants them."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    labels = np.zeros(len(images), np.uint8)
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", images[:, 0]), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())


def write_photos(folder: Path, images: NDArray[np.uint8], count: int) -> None:
    """JPEGs of two sizes, enlarged from `images`."""
    folder.mkdir()
    for index in range(count):
        picture = Image.fromarray(images[index].transpose(1, 2, 0))
        size = (500, 375) if index % 3 else (400, 600)
        picture.resize(size, Image.Resampling.BICUBIC).save(folder / f"{index:06}.jpg", quality=90)


def write_letters(folder: Path, images: NDArray[np.uint8], count: int) -> None:
    """Small grey PNGs."""
    folder.mkdir()
    for index in range(count):
        Image.fromarray(images[index, 0]).save(folder / f"{index:06}.png")


def timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    value = call()
    return value, time.perf_counter() - start


def show(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
