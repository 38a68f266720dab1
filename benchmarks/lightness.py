"""Is the runtime light? Three promises, each measured and set beside its goal.

    python -m benchmarks.lightness [BUNDLE] [--only import encode folder] [--files 200000]

import: what new processes need for the imports of `diabolo.runtime`, those included that it puts off until a
model is loaded, beside those of the three packages that it stands on.
encode: what `encode` adds to the `session.run` of the same session, for one image, on one thread.
folder: seconds and memory of `diabolo encode` over few and over many small PNG files, some of them broken.

Without a BUNDLE one is made: the dense autoencoder after one epoch of glyphs, which takes a minute. What is
compared takes turns, and each round another one begins.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import PIL

from benchmarks._shared.files import BROKEN, draw, encoded, fill
from benchmarks._shared.runs import diabolo, train
from benchmarks._shared.tables import heading, row, shares, short, spread
from diabolo.runtime import Autoencoder

IMPORT, ENCODE, FLAT = 1.3, 15.0, 1.2  # the goals: times the packages', microseconds, times the memory
FOLDER = 1000  # files in each, where there are several

PACKAGES = "import onnxruntime, numpy, PIL.Image"
OURS = "from diabolo.runtime import Autoencoder"
LATER = """
import sys
from diabolo.runtime import Autoencoder
before = set(sys.modules)
Autoencoder.load(sys.argv[1], device="cpu")
print(*sorted(set(sys.modules) - before), sep=", ")
"""
TIMED = "import time\nbegan = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lightness")
    parser.add_argument("bundle", nargs="?", metavar="BUNDLE")
    parts = ("import", "encode", "folder")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    parser.add_argument("--rounds", type=int, default=20, help="of new processes that import")
    parser.add_argument("--calls", type=int, default=5000, help="of encode, and of the session alone")
    parser.add_argument("--files", type=int, default=200_000, help="many; few are a hundredth of that")
    parser.add_argument("--repeats", type=int, default=3, help="of the command on each folder")
    given = parser.parse_args(words)
    with TemporaryDirectory(prefix="diabolo-lightness-") as name:
        scratch = Path(name)
        bundle = Path(given.bundle or made(scratch)).resolve()
        print(
            f"Python {platform.python_version()}, onnxruntime {onnxruntime.__version__}, "
            f"numpy {np.__version__}, Pillow {PIL.__version__}; medians (lowest to highest)"
        )
        if "import" in given.only:
            imports(bundle, given.rounds, scratch)
        if "encode" in given.only:
            encoding(bundle, given.calls)
        if "folder" in given.only:
            folders(bundle, given.files, given.repeats, scratch)


def made(scratch: Path) -> Path:
    run = train(scratch / "run", "autoencoder", "--dataset", "glyphs", "--epochs", "1")
    diabolo("export", str(run), "-o", str(scratch / "bundle"))
    return scratch / "bundle"


def imports(bundle: Path, rounds: int, scratch: Path) -> None:
    """Modules are compiled beforehand, as they are when a package is installed."""
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(scratch / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    later = python(env, LATER, str(bundle))
    codes = [TIMED.format(code) for code in (PACKAGES, f"{OURS}\nimport {later}")]
    for code in codes:
        python(env, code)
    inside: list[list[float]] = [[], []]

    def process(which: int) -> None:
        inside[which].append(float(python(env, codes[which])))

    whole = turns([lambda: process(0), lambda: process(1)], rounds)
    heading(
        f"Seconds of new processes, {rounds} of each:",
        ("imported", "seconds of the imports", "seconds of the process"),
    )
    titles = PACKAGES.removeprefix("import "), "diabolo.runtime"
    for title, *times in zip(titles, inside, whole, strict=True):
        row(title, *(spread(values, ".3f") for values in times))
    ratios = [[own / other for other, own in zip(*both, strict=True)] for both in (inside, whole)]
    row("ratio", *(f"{spread(r, '.2f')} x{short(median(r), IMPORT)}" for r in ratios))
    row("goal", *(f"<= {IMPORT} x" for _ in ratios))


def encoding(bundle: Path, calls: int) -> None:
    model = Autoencoder.load(bundle, device="cpu", threads=1)
    session = model._graphs.encoder
    image = np.random.default_rng(0).random((1, *model.manifest.image_shape), np.float32)
    ways = [lambda: session.run(["latent"], {"image": image})[0], lambda: model.encode(image)]
    np.testing.assert_array_equal(*(way() for way in ways))
    turns(ways, 20)  # the first calls pay for what is made once
    bare, ours = (1e6 * np.array(times) for times in turns(ways, calls))
    shape = " x ".join(str(side) for side in model.manifest.image_shape)
    heading(
        f"Microseconds to encode one image of {shape} on one thread, {calls:,} calls of each:",
        ("", "median", "5 % to 95 %", "lowest"),
    )
    for title, values in (("session.run", bare), ("encode", ours)):
        row(title, f"{np.median(values):.1f}", shares(values), f"{values.min():.1f}")
    more, least = ours - bare, ours.min() - bare.min()
    typical = float(np.median(more))
    row("difference", f"{typical:.1f}{short(typical, ENCODE)}", shares(more), f"{least:.1f}")
    row("goal", f"<= {ENCODE:.0f}", "", "")


def folders(bundle: Path, many: int, repeats: int, scratch: Path) -> None:
    few, pictures = max(20, many // 100), draw(bundle, scratch / "pictures")
    places = [
        (f"{few:,} in one folder", few, fill(scratch / "few", few, few, pictures)),
        (f"{many:,} in folders of {FOLDER:,}", many, fill(scratch / "spread", many, FOLDER, pictures)),
        (f"{many:,} in one folder", many, fill(scratch / "many", many, many, pictures)),
    ]
    measured: list[list[tuple[float, float]]] = [[] for _ in places]
    for _ in range(repeats):
        for (_, _, place), own in zip(places, measured, strict=True):
            own.append(encoded(bundle, *place))
    heading(
        f"`diabolo encode` over small PNG files, {repeats} new processes of each; "
        f"{len(BROKEN)} files of each folder are broken and named:",
        ("files", "seconds", "images a second", "MB at the peak", "peak / that of few"),
    )
    base = median(peak for _, peak in measured[0])
    for (title, files, _), own in zip(places, measured, strict=True):
        seconds, peaks = zip(*own, strict=True)
        times = median(peaks) / base
        figures = spread(seconds, ".1f"), f"{files / median(seconds):,.0f}", spread(peaks, ".1f")
        row(title, *figures, f"{times:.2f} x{short(times, FLAT)}")
    row("goal", "", "", "", f"<= {FLAT} x")


def turns(calls: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds of every call; another one begins each round."""
    times: list[list[float]] = [[] for _ in calls]
    both = list(zip(calls, times, strict=True))
    clock = time.perf_counter
    for _ in range(rounds):
        for call, own in both:
            began = clock()
            call()
            own.append(clock() - began)
        both.append(both.pop(0))
    return times


def python(env: dict[str, str], *code: str) -> str:
    command = [sys.executable, "-c", *code]
    return subprocess.run(command, check=True, env=env, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    main()
