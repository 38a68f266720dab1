"""How fast, how soon and how large: the exported pair beside the torch model that it came from.

    python -m benchmarks.runtime RUN|NAME [...] [--batches 1 32 256] [--rounds 200]
    python -m benchmarks.runtime --ready

NAME is a ready-made model's: its network is made anew with the weights that a training begins with, since
torch's own are not in the package and times do not depend on them; --ready takes all of them. The data set
must be there: DIABOLO_DATA=folder.

Each run is exported twice, in fp32 and in int8. For every batch size the same images are reconstructed by
torch, by torch.compile, by onnxruntime's sessions alone, and by diabolo's runtime on both bundles: they take
turns, each on one thread, and the median and the 95th percentile of their times are printed. Then, for the
first run, how long a new process takes to its first reconstruction and how much memory it has at its peak,
with torch and with the runtime.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors.torch import save_file

from diabolo.export import ExportError, export_run
from diabolo.runtime import Autoencoder, Bundle
from diabolo.runtime.bundle import zoo
from diabolo.runtime.session.device import create_session
from diabolo.train import Config, Run

SECONDS = 3.0  # for one batch size, at most
PROCESSES = 5  # of each kind, whose medians are printed

TORCH = """
import torch
torch.set_num_threads(1)
from diabolo.train import Run
_, model = Run.open({run!r}).load()
with torch.inference_mode():
    model(torch.zeros(1, *model.image_shape))
"""
RUNTIME = """
import numpy as np
from diabolo.runtime import Autoencoder
model = Autoencoder.load({bundle!r}, device="cpu")
model.reconstruct(np.zeros((1, *model.manifest.image_shape), np.float32))
"""
# not ru_maxrss, which a process inherits from the one that started it
PEAK = """
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024)
"""


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runtime")
    parser.add_argument("runs", nargs="*", metavar="RUN|NAME")
    parser.add_argument("--ready", action="store_true", help="all ready-made models")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32, 256])
    parser.add_argument("--rounds", type=int, default=200, help="at most, for each batch size")
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    with TemporaryDirectory(prefix="diabolo-runtime-") as scratch:
        names = given.runs + (zoo.names() if given.ready else [])
        if not names:
            parser.error("give at least one RUN or NAME, or --ready")
        runs = [untrained(name, Path(scratch)) if name in zoo.names() else name for name in names]
        for number, run in enumerate(runs):
            bundles = exported(run, Path(scratch) / str(number), force=run not in names)
            print(f"\n{names[number]}: microseconds for a batch, median (95th percentile)\n")
            table(run, bundles, given.batches, given.rounds)
        processes(runs[0], Path(scratch) / "0" / "fp32")


def untrained(name: str, folder: Path) -> str:
    """A run with the network of a ready-made model, and the weights that its training began with."""
    m = Bundle.open(name).manifest
    settings = m.document["training"]["settings"]
    kept = {"variant": m.variant, "dataset": m.dataset, "network": m.network}
    run = Run.create(
        folder / name, Config.from_json(settings | kept), {"image_shape": m.image_shape, "class_names": []}
    )
    torch.manual_seed(0)
    _, model = run.config.build(run.image_shape, run.network())
    save_file(model.state_dict(), run.path / "model.safetensors")
    run.write_json("metrics.json", {})
    return str(run.path)


def exported(run: str, folder: Path, force: bool) -> dict[str, Path]:
    """The bundles of a run by dtype; `force` where 8 bits may cost what they like."""
    made = {"fp32": export_run(run, folder / "fp32").path}
    try:
        made["int8"] = export_run(run, folder / "int8", dtype="int8", force=force).path
    except ExportError as error:
        print(f"{run}: {error}", file=sys.stderr)
    return made


def table(run: str, bundles: dict[str, Path], batches: list[int], rounds: int) -> None:
    names = ["torch", "torch.compile", "onnxruntime", *(f"diabolo {dtype}" for dtype in bundles)]
    print(f"| batch | {' | '.join(names)} | torch / diabolo |\n{'|---' * (len(names) + 2)}|")
    for size in batches:
        image = np.random.default_rng(0).random((size, *Run.open(run).image_shape), np.float32)
        times = race(contestants(run, bundles, image), rounds)
        cells = [f"{np.median(t):,.0f} ({np.percentile(t, 95):,.0f})" for t in times]
        print(
            f"| {size} | {' | '.join(cells)} | {np.median(times[0]) / np.median(times[3]):.1f} x |",
            flush=True,
        )


def contestants(run: str, bundles: dict[str, Path], image: np.ndarray) -> list[Callable[[], object]]:
    """Ways to reconstruct the same images, in the table's order."""
    _, model = Run.open(run).load()
    compiled = torch.compile(model)
    tensor = torch.from_numpy(image)

    def by(module: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        def call() -> object:
            with torch.inference_mode():
                return module(tensor)

        return call

    encode, decode = (
        create_session((bundles["fp32"] / f"{name}.onnx").read_bytes(), "cpu", 1)[0]
        for name in ("encoder", "decoder")
    )
    pairs = [Autoencoder.load(path, device="cpu") for path in bundles.values()]
    return [
        by(model),
        by(compiled),
        lambda: decode.run(["image"], {"latent": encode.run(["latent"], {"image": image})[0]}),
        *((lambda pair=pair: pair.reconstruct(image)) for pair in pairs),
    ]


def race(calls: list[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Microseconds of every call; they take turns, so that what disturbs one disturbs all."""
    for call in calls:  # the first of each pays for what is made once
        for _ in range(3):
            call()
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + SECONDS * len(calls)
    for _ in range(rounds):
        for call, own in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            own.append((time.perf_counter() - began) * 1e6)
        if time.perf_counter() > end:
            break
    return times


def processes(run: str, bundle: Path) -> None:
    """Seconds and megabytes of new processes up to their first reconstruction."""
    print("\n| a new process, to its first reconstruction | seconds | MB at the peak |\n|---|---|---|")
    found = {}
    for name, code in (
        ("torch", TORCH.format(run=run)),
        ("diabolo.runtime", RUNTIME.format(bundle=str(bundle))),
    ):
        seconds, peaks = zip(*(measured(code + PEAK) for _ in range(PROCESSES)), strict=True)
        found[name] = statistics.median(seconds), statistics.median(peaks)
        print(f"| {name} | {found[name][0]:.2f} | {found[name][1]:,.0f} |")
    (slow, large), (fast, small) = found["torch"], found["diabolo.runtime"]
    print(f"| torch / diabolo.runtime | {slow / fast:.1f} x | {large / small:.1f} x |")


def measured(code: str) -> tuple[float, float]:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return time.perf_counter() - began, float(json.loads(done.stdout))


if __name__ == "__main__":
    main()
