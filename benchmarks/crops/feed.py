"""How fast crops of photographs are fed, beside torchvision's RandomCrop, and what they take of memory.

    DIABOLO_DATA=folder python -m benchmarks.crops.feed

reads the real BSDS500, writes 40 made-up JPEGs of 12 megapixels, and prints the tables of docs/benchmarks.md.
Takes some minutes and 2 GB of disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

from benchmarks.data import BATCH, rates, show, timed
from diabolo.train.batches.feed import feed
from diabolo.train.datasets import Crops, Fitting, LoadRequest, load

SIZE = 64  # pixels
PHOTOS = 40
SIDES = 4000, 3000  # pixels: 12 megapixels


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="diabolo-benchmark-") as name:
        scratch = Path(name)
        os.environ["DIABOLO_CACHE"] = str(scratch / "cache")
        show(
            f"Crops of {SIZE} x {SIZE} a second, mirrored and turned, as float32 batches of {BATCH}",
            ("", "in memory", "mapped", "torchvision, 0 workers", "2 workers", "in memory / best"),
            [feeding(scratch)],
        )
        show(
            f"Gathering alone, batches of {BATCH} as uint8",
            ("", "crops in a second of one core"),
            [("drawn from BSDS500", f"{gathering():,.0f}")],
        )
        write_photos(scratch / "photos")
        show(
            f"{PHOTOS} JPEGs of 12 megapixels, {PHOTOS * 3 * SIDES[0] * SIDES[1] / 1e6:,.0f} MB decoded",
            ("", "seconds", "MB at the peak", "MB of the largest decoder"),
            [memory(scratch / "photos", what) for what in ("decoding", "feeding 65,000 crops")],
        )


def of_bsds500() -> Crops:
    """The crops of the 400 training pictures."""
    crops = load("bsds500", LoadRequest(fitting=Fitting(crop=SIZE))).train.images
    assert isinstance(crops, Crops)
    return crops


def feeding(scratch: Path) -> tuple[str, ...]:
    """One row: ours in memory and mapped, and torchvision's loader of the same files."""
    crops, first = timed(of_bsds500)
    os.environ["DIABOLO_MEMORY"] = "0"
    mapped = of_bsds500()
    del os.environ["DIABOLO_MEMORY"]
    print(f"decoded in {first:.1f} s, {len(crops):,} crops of {crops.count} pictures in an epoch")
    folder = scratch / "folder"
    for part in ("train", "test"):
        (folder / part).parent.mkdir(exist_ok=True)
        found = next(Path(os.environ["DIABOLO_DATA"]).rglob(f"images/{part}"))
        (folder / part).symlink_to(found.resolve(), target_is_directory=True)
    transform = v2.Compose(
        [
            v2.RandomCrop(SIZE),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    dataset = torchvision.datasets.ImageFolder(str(folder), transform)
    assert len(dataset) == crops.count

    def ours(source: Crops) -> Iterable[torch.Tensor]:
        order = np.random.default_rng(0).permutation(len(source))
        return feed(source.drawn(0, 0), np.array_split(order, -(-len(order) // BATCH)))

    def loader(workers: int) -> Iterable[torch.Tensor]:
        batches = torch.utils.data.DataLoader(dataset, BATCH, shuffle=True, num_workers=workers)
        return (image for image, _ in batches)

    one: list[Callable[[], Iterable[torch.Tensor]]] = [lambda: ours(crops), lambda: ours(mapped)]
    two: list[Callable[[], Iterable[torch.Tensor]]] = [lambda: loader(0), lambda: loader(2)]
    speeds = [*rates(one, len(crops)), *rates(two, len(dataset))]
    shown = (f"{speed:,.0f}" for speed in speeds)
    return ("BSDS500", *shown, f"{speeds[0] / max(speeds[2:]):.0f} x")


def gathering() -> float:
    """Crops in a second of processor time, in memory, without threads: the best of five epochs."""
    crops = of_bsds500()
    order = np.random.default_rng(0).permutation(len(crops))

    def epoch(number: int) -> float:
        drawn, start = crops.drawn(0, number), time.process_time()
        assert sum(len(drawn[piece]) for piece in np.array_split(order, -(-len(order) // BATCH))) == len(
            order
        )
        return time.process_time() - start

    return len(crops) / min(map(epoch, range(5)))


def write_photos(folder: Path) -> None:
    """JPEGs of 12 megapixels, smooth with some noise, as large files as a camera's."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        coarse = Image.fromarray(rng.integers(0, 256, (30, 40, 3)).astype(np.uint8))
        picture = np.asarray(coarse.resize(SIDES, Image.Resampling.BICUBIC)).astype(np.int16)
        noisy = picture + rng.integers(-8, 9, picture.shape, np.int16)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.jpg", quality=92)


CODE = """
import json, resource, sys, time
import numpy as np
from diabolo.train.datasets import Fitting, LoadRequest, load
folder, what = json.loads(sys.argv[1])
start = time.perf_counter()
crops = load(folder, LoadRequest(fitting=Fitting(crop=64))).train.images
if what != "decoding":
    from diabolo.train.batches.feed import feed
    order = np.random.default_rng(0).permutation(65_000) % len(crops)
    assert sum(len(batch) for batch in feed(crops.drawn(0, 0), np.array_split(order, 254))) == 65_000
with open("/proc/self/status") as file:  # a process started from a large one inherits its ru_maxrss
    own = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps([time.perf_counter() - start, own, children]))
"""


def memory(folder: Path, what: str) -> tuple[str, ...]:
    """One row: the seconds and the peaks of a process that loads the photos, and then does `what`."""
    arguments = json.dumps([str(folder), what])
    environment = os.environ | {"DIABOLO_MEMORY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE, arguments], env=environment, check=True, capture_output=True, text=True
    )
    seconds, own, children = json.loads(done.stdout.splitlines()[-1])
    decoder = f"{children / 1e6:,.0f}" if what == "decoding" else ""
    return (what, f"{seconds:.0f}", f"{own / 1e6:,.0f}", decoder)


if __name__ == "__main__":
    main()
