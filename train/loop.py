"""Train a config into a new run, or continue one."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.train import networks, plots
from diabolo.train.board import Board
from diabolo.train.board import check as check_board
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, Images, Split, load, names, rows_of
from diabolo.train.devices import choose_device, choose_precision
from diabolo.train.errors import OptionError, RunError
from diabolo.train.evaluate import evaluate
from diabolo.train.holes import holes
from diabolo.train.processes import Processes, join
from diabolo.train.run import STATE, Run
from diabolo.train.training import Training
from diabolo.train.watcher import Silent, Watcher

__all__ = ["Watcher", "fit", "held_out", "resume"]

_BRIGHTNESS = 20_000  # images that the outputs' starting point is taken from
_VALIDATION = 12, 5000  # one training image in so many is held out, and at most this many


def fit(config: Config, out: str | Path, *, watcher: Watcher | None = None) -> Run:
    """Train, evaluate and plot; returns the run in the new folder `out`.

    Started by torchrun, all processes train together, and the first one writes.

    Raises:
        RunError: `out` exists already, or cannot be written.
        StoppedError: Ctrl-C; the run can be continued.
        DataError, DeviceError, OptionError, UnknownNameError, TrainingError: each says what to do.
    """
    out = Path(out)
    device = choose_device(config.device)
    config = replace(
        config,
        dataset=_absolute(config.dataset),
        data_dir=config.data_dir and str(Path(config.data_dir).resolve()),
        device=device,
        precision=choose_precision(config.precision, device),
    )
    network = networks.find(config.network)
    if config.tensorboard:
        check_board()
    processes = join(device)
    watcher = (watcher if processes.writes else None) or Silent()
    if processes.writes and out.exists() and (not out.is_dir() or any(out.iterdir())):
        Run.create(out, config, {})  # says so before the data are read
    data = _load(lambda: load(config.dataset, config.request(progress=watcher.loading)), watcher, processes)
    _split(data, config.seed)  # says what is too little before anything is written
    config.build(data.image_shape, network)  # says what does not fit before anything is written
    run = _begin(out, config, data, processes)
    if processes.writes and network.source:
        run.write_text(networks.copy_name(config.network), network.source)
    _report(run, data, watcher, processes)
    return _train(run, network, data, watcher, processes, resumed=False)


def resume(
    path: str | Path,
    *,
    epochs: int | None = None,
    network: str | None = None,
    watcher: Watcher | None = None,
) -> Run:
    """Continue a run where its last checkpoint stands, to `epochs` in all (default: as it was begun).

    A run on a network of the user's own needs it named again: the copy in the run is never executed.

    Raises:
        RunError: not a run, or complete already.
        DataError, DeviceError, TrainingError, StoppedError: as for `fit`.
    """
    run = Run.open(path)
    made = run.network(network)
    if run.config.tensorboard:
        check_board()
    if epochs is not None:
        run.config = replace(run.config, epochs=epochs)
        run.document |= run.config.to_json()
    state = (run.path / STATE).is_file()
    done = run.read_progress()[0] if state else 0
    if done >= run.config.epochs and (run.path / "metrics.json").is_file():
        raise RunError(f"{path} has all its {done} epochs. Give a larger --epochs to train on.")
    choose_device(run.config.device)
    processes = join(run.config.device)
    watcher = (watcher if processes.writes else None) or Silent()
    data = _load(lambda: run.data(progress=watcher.loading, note=watcher.note), watcher, processes)
    run.document["provenance"] = data.provenance
    if processes.writes:
        run.write_json("config.json", run.document)
        # until it ends again, the figures would be those of other weights
        (run.path / "metrics.json").unlink(missing_ok=True)
    _report(run, data, watcher, processes)
    return _train(run, made, data, watcher, processes, resumed=state)


def _absolute(dataset: str) -> str:
    """A folder's whole path, so that the run can be used from anywhere; a name as it is."""
    return dataset if dataset in names() or not os.path.isdir(dataset) else os.path.realpath(dataset)  # noqa: PTH112


def _begin(out: Path, config: Config, data: ImageData, processes: Processes) -> Run:
    if processes.writes:
        return Run.create(out, config, _facts(data))
    return Run(out, config, config.to_json() | _facts(data))


def _load(read: Callable[[], ImageData], watcher: Watcher, processes: Processes) -> ImageData:
    if not processes.writes:
        processes.wait()  # the first one fetches and decodes, the others find it done
    data = read()
    if processes.writes:
        processes.wait()
    for note in data.notes:
        watcher.note(note)
    return data


def _report(run: Run, data: ImageData, watcher: Watcher, processes: Processes) -> None:
    """Name every file that was left out in the run's skipped.csv."""
    if not processes.writes:
        return
    (run.path / "skipped.csv").unlink(missing_ok=True)
    if data.skipped:
        run.write_table("skipped.csv", ("file", "reason"), data.skipped)
        watcher.note(f"each file that was left out is named in {run.path / 'skipped.csv'}")


def _facts(data: ImageData) -> dict[str, Any]:
    versions = {name: metadata.version(name) for name in ("diabolo", "torch", "numpy")}
    return {
        "image_shape": list(data.image_shape),
        "class_names": list(data.classes),
        "licence": data.licence,
        "dataset_name": data.name,
        "provenance": data.provenance,
        "versions": versions | {"python": platform.python_version()},
    }


def _train(
    run: Run,
    network: networks.Network,
    data: ImageData,
    watcher: Watcher,
    processes: Processes,
    *,
    resumed: bool,
) -> Run:
    training = _prepare(run, network, data, watcher, processes)
    if resumed:
        training.restore()
    channels, height, width = data.image_shape
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    watcher.note(
        f"{data.name}: {len(training.images):,} images to learn from, {len(training.validation):,} held out "
        f"to choose the best weights, {len(data.test):,} to test; {height} x {width} {colours}"
    )
    position = training.position
    board = Board(training, data) if run.config.tensorboard and processes.writes else None
    training.board = board
    watcher.start(len(training.images), run.config.epochs, position.epoch + position.step / training.steps)
    training.go()
    variant, model = run.load(network)
    model.to(training.device)
    figures = evaluate(variant, model, data.test, processes)
    for warning in variant.warnings(figures):
        watcher.note(warning)
    if processes.writes:
        figures |= holes(model, data)
        run.write_json("metrics.json", figures)
        drawn = plots.draw(run, variant, model, data, figures)
        plots.save(run, drawn)
        if board:
            board.finish(drawn)
    processes.wait()
    return run


def _prepare(
    run: Run, network: networks.Network, data: ImageData, watcher: Watcher, processes: Processes
) -> Training:
    config = run.config
    learn, held = _split(data, config.seed)
    images = rows_of(data.train.images, learn)
    torch.manual_seed(config.seed)
    variant, model = config.build(data.image_shape, network)
    model.set_mean(torch.from_numpy(_brightness(images)).float())
    return Training(
        run=run,
        variant=variant,
        model=model,
        images=images,
        validation=Split(images=rows_of(data.train.images, held)),
        processes=processes,
        watcher=watcher,
    )


def _split(data: ImageData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to choose the best weights by: a twelfth, at most 5,000, at least 1."""
    count = len(data.train)
    if count < 2:
        raise OptionError(f"{count} training image is too few. Add images.")
    order = np.random.default_rng([seed, 0]).permutation(count)
    held = held_out(count)
    return np.sort(order[held:]), np.sort(order[:held])


def held_out(count: int) -> int:
    """How many of `count` training images choose the best weights, and are not learned from."""
    share, most = _VALIDATION
    return min(max(1, count // share), most)


def _brightness(images: Images) -> NDArray[np.float64]:
    """The mean of each channel, `(channels,)` in [0, 1], over images spread evenly over the set."""
    index = np.unique(np.linspace(0, len(images) - 1, _BRIGHTNESS).astype(np.intp))
    pieces = np.array_split(index, -(-len(index) // 256))
    sums = [images[piece].sum(axis=(0, 2, 3), dtype=np.float64) for piece in pieces]
    mean: NDArray[np.float64] = np.sum(sums, axis=0) / (len(index) * np.prod(images.shape[2:]) * 255)
    return mean
