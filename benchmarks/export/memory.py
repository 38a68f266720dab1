"""How much memory an export takes, with and without the bound on the images that are run at a time.

    python -m benchmarks.export.memory [--sides 256 512] [--channels 16] [--only bounded] [--limit 8]
    [--any-size]

prints a table. The model is an AutoencoderKL of diffusers with one block, so that every
layer has the image's full resolution, without attention, with random weights. Each export is a process of its
own, whose peak resident memory counts.

- bounded: as it is, with the batches that fit into 1 GiB;
- unbounded: compared with torch at batch 64 whatever the size, and 32 images encoded at a time. Smaller
  batches, which take less memory, are left out to save time.

A process that exceeds the limit is stopped. A latent of one size may have 500,000 values at most, which this
model exceeds at 512 pixels; with --any-size it is exported for images of any size, and the sides are of the
example only.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks._shared import tables

WAYS = "unbounded", "bounded"
LARGEST = 64  # of the batches at which graphs are compared with torch


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export.memory")
    parser.add_argument("--sides", nargs="+", type=int, default=[256, 512], help="of the images, in pixels")
    parser.add_argument("--channels", type=int, default=16, help="of every layer, a multiple of 4")
    parser.add_argument("--only", choices=WAYS, help="leave the other out")
    parser.add_argument("--limit", type=float, default=8, help="GiB at which a process is stopped")
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "WAY"), help=argparse.SUPPRESS)
    parser.add_argument("--any-size", action="store_true", help="export for images of any size")
    given = parser.parse_args(words)
    if given.child:
        export(int(given.child[0]), given.channels, given.child[1] == "bounded", given.any_size)
        return
    tables.heading("Peak memory of an export", ("side", "channels", "way", "GiB", "seconds"))
    for side in given.sides:
        for way in [given.only] if given.only else WAYS:
            began = time.perf_counter()
            peak = measured(side, way, given)
            tables.row(str(side), str(given.channels), way, peak, f"{time.perf_counter() - began:.0f}")


def measured(side: int, way: str, given: argparse.Namespace) -> str:
    """The peak of a process that exports, in GiB, or that it was stopped."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.export.memory"]
    command += ["--channels", str(given.channels), "--child", str(side), way]
    command += ["--any-size"] * given.any_size
    child = psutil.Popen(command, stdout=subprocess.PIPE, text=True)
    while child.poll() is None:
        try:
            if child.memory_info().rss > given.limit * 2**30:
                child.kill()
                child.wait()
                return f"stopped above {given.limit:g}"
        except psutil.NoSuchProcess:
            break
        time.sleep(0.1)
    out, _ = child.communicate()
    if child.returncode:
        raise SystemExit(f"the export of {side} pixels failed")
    return f"{float(out.split()[-1]):.2f}"


def export(side: int, channels: int, bounded: bool, any_size: bool) -> None:
    """Export the model, and print the peak of this process's resident memory in GiB."""
    import torch
    from diffusers import AutoencoderKL

    from diabolo.export import bundle, export_pair
    from diabolo.export.external import adapt

    torch.manual_seed(0)
    model = AutoencoderKL(
        block_out_channels=(channels,), norm_num_groups=4, sample_size=side, mid_block_add_attention=False
    ).eval()
    if not bounded:
        bundle.__dict__.update(most_images=lambda *_graphs: LARGEST, BATCH_SIZES=(LARGEST,))
        adapt.__dict__.update(images_at_once=lambda *_given: 32)
    with TemporaryDirectory(prefix="diabolo-memory-") as scratch:
        example = torch.rand(32, 3, side, side)
        out = Path(scratch) / "kl"
        export_pair(model.encode, model.decode, example, out, value_range=(-1, 1), any_size=any_size)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(kilobytes / 2**20 / (1024 if sys.platform == "darwin" else 1))


if __name__ == "__main__":
    main()
