"""Is the explorer live? A real Chromium drags in the app, and each promise is set beside its goal.

    python -m benchmarks.ui [--dense BUNDLE] [--conv BUNDLE] [--moves 600] [--seconds 10] [--chromium PATH]

pixels: from a pointer's move, as the page hears of it, to the decoded pixels on the canvas; where the browser
decodes and where the server does, on the same machine. Moves that come while a picture is decoded get the
next one, and the wait counts. The time since the mouse itself moved stands beside: it has the browser's own
wait for the next frame in it.
frames: of a map of 10,000 points while the pointer is dragged over it and the browser decodes.

Without bundles: `mnist-vae-2d`, and a convolutional autoencoder of 64 dimensions after one epoch of glyphs,
which takes a minute. `npm ci` in ui/explorer/web first. Each bundle is served by a `diabolo ui` of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks._shared.explorer import ARGUMENTS, BADGES, drag, explorer, served
from benchmarks._shared.runs import diabolo, train
from benchmarks._shared.tables import heading, row, short
from diabolo.runtime import Autoencoder
from diabolo.runtime.bundle import manifest

HERE, THERE, FRAMES = 16.0, 33.0, 60.0  # the goals: milliseconds at p95, frames a second
POINTS = 10_000


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui")
    parser.add_argument("--dense", metavar="BUNDLE", default="mnist-vae-2d", help="of two dimensions")
    parser.add_argument("--conv", metavar="BUNDLE", help="of 64 dimensions")
    parser.add_argument("--moves", type=int, default=600, help="of the pointer, for each decoder and path")
    parser.add_argument("--seconds", type=float, default=10, help="of dragging while frames are counted")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args(words)
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory(prefix="diabolo-ui-") as name, sync_playwright() as playwright:
        scratch = Path(name)
        conv = given.conv or made(scratch)
        crowd = crowded(given.dense, scratch / "crowd")
        browser = playwright.chromium.launch(executable_path=given.chromium, args=ARGUMENTS)
        cores, load = os.cpu_count(), os.getloadavg()[0]
        print(f"{processor()}, {cores} cores, load {load:.1f}; Chromium {browser.version}")
        heading(
            "Milliseconds from a pointer's move to pixels on the canvas:",
            ("decoder", "path", "moves", "p50", "p95", "goal", "since the mouse moved: p50", "p95"),
        )
        for title, bundle in ((label(given.dense), given.dense), (label(conv), conv)):
            with served(bundle) as address:
                for path, goal in (("browser", HERE), ("server", THERE)):
                    latency(explorer(browser, address, path), title, path, given.moves, goal)
        heading(
            f"Frames a second while the pointer is dragged over a map of {POINTS:,} points:",
            (
                "path",
                "frames a second",
                "goal",
                "95 % of frames within",
                "longest",
                "moves a second",
                "pictures",
            ),
        )
        with served(crowd) as address:
            for path in BADGES:
                frames(explorer(browser, address, path), path, given.seconds)
        browser.close()


def latency(page: Any, title: str, path: str, moves: int, goal: float) -> None:
    drag(page, moves=min(50, moves))  # what is compiled at first use
    page.evaluate("() => Object.assign(seen, { heard: [], moved: [] })")
    drag(page, moves=moves)
    seen = page.evaluate("seen")
    heard, moved = (np.percentile(seen[what], (50, 95)) for what in ("heard", "moved"))
    cells = f"{heard[0]:.1f}", f"{heard[1]:.1f}{short(heard[1], goal)}", f"< {goal:.0f}"
    row(title, path, str(len(seen["heard"])), *cells, *(f"{value:.1f}" for value in moved))
    page.close()


def frames(page: Any, path: str, seconds: float) -> None:
    drag(page, moves=50)
    page.evaluate("() => Object.assign(seen, { frames: [], heard: [], paints: 0 })")
    drag(page, seconds=seconds)
    seen = page.evaluate("seen")
    times = np.diff(seen["frames"])
    rate, each = 1000 / times.mean(), 1000 / times.sum()
    missed = " (not reached)" if rate < FRAMES - 0.5 else ""  # the screen's clock is not exactly 60
    slow, longest = np.percentile(times, 95), times.max()
    cells = f"{FRAMES:.0f}", f"{slow:.1f} ms", f"{longest:.1f} ms"
    row(
        path,
        f"{rate:.1f}{missed}",
        *cells,
        f"{len(seen['heard']) * each:.0f}",
        f"{seen['paints'] * each:.0f}",
    )
    page.close()


def made(scratch: Path) -> Path:
    words = ("conv", "--dataset", "glyphs", "--latent-dim", "64", "--epochs", "1")
    diabolo("export", str(train(scratch / "run", *words)), "-o", str(scratch / "conv-64"))
    return scratch / "conv-64"


def label(bundle: str | Path) -> str:
    m = Autoencoder.load(bundle, device="cpu").manifest
    return f"{math.prod(m.latent_shape)}-D {m.network}, {m.name}"


def crowded(source: str, folder: Path) -> Path:
    """The bundle with 10,000 codes: its own, again and again, each a little beside."""
    model = Autoencoder.load(source, device="cpu")
    shutil.copytree(model.bundle.path, folder)
    arrays: dict[str, Any] = dict(model.bundle.arrays("codes") or {})
    rows = np.arange(POINTS) % len(arrays["codes"])
    codes = arrays["codes"][rows]
    noise = np.random.default_rng(0).normal(0, 0.1, codes.shape) * model.manifest.latent_std
    arrays |= {"codes": (codes + noise).astype(np.float32)}
    if "labels" in arrays:
        arrays["labels"] = arrays["labels"][rows]
    np.savez(folder / "codes.npz", **arrays)
    raw = (folder / "codes.npz").read_bytes()
    document = json.loads((folder / "model.json").read_text("utf-8"))
    document["files"]["codes.npz"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


def processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return "unknown processor"


if __name__ == "__main__":
    main()
