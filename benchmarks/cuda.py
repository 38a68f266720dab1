"""What onnxruntime's options for CUDA give and cost: how near the answers are to the CPU's, and how soon.

    python -m benchmarks.cuda [NAME ...]

prints a table of docs/benchmarks.md for the ready-made models named: milliseconds to reconstruct 1 and 256
images of noise, and 100 and 101 by turns, since cuDNN plans anew at every batch size that is not the last
one; and the largest difference from the CPU's reconstructions of 64. The row of what the runtime asks for is
marked. Needs a GPU; under a minute.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import product
from statistics import median

import numpy as np

from benchmarks._shared import tables
from diabolo.runtime import Autoencoder
from diabolo.runtime.errors import DeviceError
from diabolo.runtime.session import _session

MODELS = ("mnist-autoencoder", "mnist-conv", "cifar10-conv")
SEARCHES = ("EXHAUSTIVE", "HEURISTIC", "DEFAULT")
COLUMNS = ("model", "search", "tf32", "1", "256", "100, 101", "off the CPU's")


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda")
    parser.add_argument("names", nargs="*", metavar="NAME", default=MODELS)
    given = parser.parse_args(words)
    asked = _session._OPTIONS[_session.CUDA]
    try:
        device = Autoencoder.load(given.names[0], device="cuda").device
    except DeviceError as error:
        sys.exit(str(error))
    tables.heading(f"onnxruntime {device.onnxruntime}, {device.name}; milliseconds, medians", COLUMNS)
    for name in given.names:
        here = Autoencoder.load(name, device="cpu", threads=8)
        images = np.random.default_rng(0).random((256, *here.manifest.image_shape), np.float32)
        right = here.reconstruct(images[:64])
        for search, tf32 in product(SEARCHES, "10"):
            options = {"cudnn_conv_algo_search": search, "use_tf32": tf32}
            _session._OPTIONS[_session.CUDA] = options
            there = Autoencoder.load(name, device="cuda")
            times = [milliseconds(there, images, *way) for way in (([1], 200), ([256], 50), ([100, 101], 5))]
            off = np.abs(there.reconstruct(images[:64]) - right).max()
            shown = [f"{value:.2f}" for value in times]
            mark = " (the runtime's)" if options == asked else ""
            tables.row(name, search + mark, "on" if tf32 == "1" else "off", *shown, f"{off:.1e}")
        _session._OPTIONS[_session.CUDA] = asked


def milliseconds(model: Autoencoder, images: np.ndarray, counts: Sequence[int], rounds: int) -> float:
    """The median of `rounds`, each of one batch of every count, after one round more."""
    found = []
    for count in [*counts] * (rounds + 1):
        begun = time.perf_counter()
        model.reconstruct(images[:count])
        found.append(1e3 * (time.perf_counter() - begun))
    return median(found[len(counts) :])


if __name__ == "__main__":
    main()
