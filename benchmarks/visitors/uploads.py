"""A class whose pupils all upload bundles at the same time: how long it takes, and how much memory it needs.

    python -m benchmarks.visitors.uploads [BUNDLE ...] [--pupils 6]

Each pupil has a session of their own and uploads all bundles one after the other; all pupils begin at once.
Without bundles, `mnist-conv` and `mnist-vae-2d`, each as a .zip. The app is a `diabolo ui` in a process of
its own; memory is that of the app, and with the processes that it runs for visitors' models.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import make_archive
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks._shared.tables import heading, row
from benchmarks._shared.visitors import Server, Visitor, serving
from benchmarks.ui import processor
from diabolo.runtime.bundle import zoo

_MOST = 600.0  # seconds, after which the run is given up
_BUNDLES = ("mnist-conv", "mnist-vae-2d")


class Upload(NamedTuple):
    seconds: float
    refused: str  # the reason, or '' if it was taken


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors.uploads")
    parser.add_argument("bundles", nargs="*", metavar="BUNDLE", help="a folder or a ready-made model")
    parser.add_argument("--pupils", type=int, default=6)
    given = parser.parse_args(words)
    with TemporaryDirectory(prefix="diabolo-uploads-") as scratch:
        files = [zipped(name, Path(scratch)) for name in given.bundles or _BUNDLES]
        sizes = ", ".join(f"{file.name} {file.stat().st_size / 1e6:.1f} MB" for file in files)
        print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {sizes}")
        heading(
            f"{given.pupils} pupils, {len(files)} uploads each:",
            ("uploads", "taken", "p50", "slowest", "MB before", "after", "with processes", "after they left"),
        )
        command = [sys.executable, "-m", "diabolo.ui.cli", "ui", "mnist-conv"]
        with serving([*command, "--no-browser", "--device", "cpu", "--port"]) as server:
            reasons = measured(server, files, given.pupils)
    for reason in sorted(set(reasons)):
        print(f"\nrefused, {reasons.count(reason)}: {reason}")


def zipped(name: str, folder: Path) -> Path:
    """The .zip of a bundle."""
    place = zoo.locate(name)
    return Path(make_archive(str(folder / place.name), "zip", place.parent, place.name))


def measured(server: Server, files: list[Path], pupils: int) -> list[str]:
    """Print the row; returns the reasons of uploads that were refused."""
    before, all_here, all_done = (
        server.memory,
        threading.Barrier(pupils, timeout=_MOST),
        threading.Barrier(pupils + 1, timeout=_MOST),
    )

    def pupil(_number: int) -> list[Upload]:
        visitor = Visitor(server.port)
        visitor.arrive()
        all_here.wait()
        try:
            return [upload(visitor, file) for file in files]
        finally:
            all_done.wait()  # all stay until memory was looked at
            all_done.wait()
            visitor.close()

    with ThreadPoolExecutor(pupils) as pool:
        results = [pool.submit(pupil, number) for number in range(pupils)]
        all_done.wait()
        after, in_all = server.memory, server.memory_in_all
        all_done.wait()
        uploads = [one for result in results for one in result.result()]
    time.sleep(30)  # a page that only lost its connection may come back
    seconds, reasons = [one.seconds for one in uploads], [one.refused for one in uploads if one.refused]
    taken = len(uploads) - len(reasons)
    figures = f"{np.median(seconds):.1f} s", f"{max(seconds):.1f} s", *map("{:.0f}".format, (before, after))
    row(str(len(uploads)), str(taken), *figures, f"{in_all:.0f}", f"{server.memory_in_all:.0f}")
    return reasons


def upload(visitor: Visitor, file: Path) -> Upload:
    began = time.perf_counter()
    answer = visitor.bring(file.read_bytes(), file.name)
    return Upload(time.perf_counter() - began, str(answer.get("error") or ""))


if __name__ == "__main__":
    main()
