"""Seconds and memory for a picture of 512 x 512 pixels on one thread.

    python -m benchmarks.photos.speed BUNDLE ... [--side 512]

prints a row for each bundle of any size: the median of seven runs in processor time, and the peak of the
memory above that of the loaded model. Each is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

from benchmarks._shared import tables
from benchmarks.photos.__main__ import forget_peak, resident
from diabolo.runtime import Autoencoder

RUNS = 7


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos.speed")
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE")
    parser.add_argument("--side", type=int, default=512, help="of the picture, in pixels")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.child:
        print(json.dumps(measure(given.bundles[0], given.side)))
        return
    tables.heading(f"{given.side} x {given.side}, one thread", ("bundle", "weights", "seconds", "MB"))
    for bundle in given.bundles:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.photos.speed", bundle, "--child"]
        one = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [*command, "--side", str(given.side)], stdout=subprocess.PIPE, text=True, check=True, env=one
        )
        found = json.loads(done.stdout.splitlines()[-1])
        tables.row(bundle, found["dtype"], f"{found['seconds']:.2f}", f"{found['megabytes']:.0f}")


def measure(bundle: str, side: int) -> dict[str, object]:
    model = Autoencoder.load(bundle, device="cpu", threads=1)
    picture = np.random.default_rng(0).random((1, model.manifest.image_shape[0], side, side), np.float32)
    before, seconds = forget_peak(), []
    for _ in range(RUNS):
        began = time.process_time()
        model.reconstruct(picture)
        seconds.append(time.process_time() - began)
    return {
        "dtype": model.manifest.document["graphs"]["dtype"],
        "seconds": float(np.median(seconds)),
        "megabytes": (resident("VmHWM") - before) / 1e6,
    }


if __name__ == "__main__":
    main()
