"""Train a config into a new run, or continue one."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from importlib import metadata
from math import prod
from pathlib import Path
from typing import Any

import torch

from diabolo.train import networks
from diabolo.train.batches.held_out import brightness, held_out, split
from diabolo.train.callbacks import Silent, Watcher
from diabolo.train.callbacks.tensorboard import Board
from diabolo.train.callbacks.tensorboard import check as check_board
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, Split, load, names, rows_of
from diabolo.train.devices import choose_device, choose_precision
from diabolo.train.distributed import Processes, join
from diabolo.train.errors import RunError
from diabolo.train.evaluation import plots
from diabolo.train.evaluation.evaluate import evaluate
from diabolo.train.evaluation.holes import holes
from diabolo.train.interrupt import Halt, Interrupt
from diabolo.train.model import Model
from diabolo.train.run import BEST, STATE, Run
from diabolo.train.run.files import Files
from diabolo.train.run.lock import Lock, hold
from diabolo.train.trainer import Training
from diabolo.train.variants import VariantBase

__all__ = ["Watcher", "fit", "held_out", "resume"]


def fit(config: Config, out: str | Path, *, watcher: Watcher | None = None) -> Run:
    """Train, evaluate and plot; returns the run in the new folder `out`.

    Started by torchrun, all processes train together, and the first one writes.

    Raises:
        RunError: `out` exists already, or cannot be written.
        StoppedError: Ctrl-C, SIGTERM or SIGHUP; the run can be continued.
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
    with _signals(processes) as interrupt:
        if processes.writes:
            Run.check_free(out)  # says so before the data are read
        data = _load(
            lambda: load(config.dataset, config.request(progress=watcher.loading)), watcher, processes
        )
        split(data, config.seed)  # says what is too little before anything is written
        built = _build(config, network, data)  # says what does not fit before anything is written
        with _begin(out, config, data, watcher, processes) as run:
            training = _prepare(run, built, data, watcher, processes)
            return _train(training, network, data, interrupt)


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
    path = Path(path)
    config = Run.open(path).config
    choose_device(config.device)
    processes = join(config.device)
    watcher = (watcher if processes.writes else None) or Silent()
    with _signals(processes) as interrupt, _held(path, watcher, processes) as lock:
        run = Run.open(path)
        run.lock = lock
        made = run.network(network)
        if run.config.tensorboard:
            check_board()
        if epochs is not None:
            run.config = replace(run.config, epochs=epochs)
            run.document |= run.config.to_json()
        state = (run.path / STATE).is_file()
        if state and _complete(run, made):
            done = run.epochs_done()
            raise RunError(f"{path} has all its {done} epochs. Give a larger --epochs to train on.")
        data = _load(lambda: run.data(progress=watcher.loading, note=watcher.note), watcher, processes)
        run.document["provenance"] = data.provenance
        built = _build(run.config, made, data)
        training = _prepare(run, built, data, watcher, processes)
        if state:
            training.restore()
        else:
            watcher.note(f"{path} has no checkpoint yet: its training begins at the first epoch")
        if processes.writes:
            _go_on(training)
        return _train(training, made, data, interrupt)


def _complete(run: Run, network: networks.Network) -> bool:
    """Whether nothing is left to do: no epoch, no figures or plots, no history that was lost."""
    rows = run.read_about(STATE).get("history")
    if run.epochs_done() < run.config.epochs:
        return False
    try:
        figures, history = run.metrics(), run.history()
    except RunError:  # what is damaged is made again
        return False
    expected = plots.names(prod(run.config.latent_shape(run.image_shape, network)), figures)
    drawn = all((run.path / plots.place(name)).is_file() for name in expected)
    return bool(figures) and drawn and rows in (None, json.dumps(history)) and run.is_whole(BEST)


def _go_on(training: Training) -> None:
    """Bring the run's files to where its checkpoint stands, now that nothing is in the way of going on."""
    run, position = training.run, training.position
    if not training.ended:
        run.remove("metrics.json")  # until it ends again, the figures would be those of other weights
    run.write_json("config.json", run.document)
    if position.rows:
        run.write_history(position.rows)
    else:
        run.remove("history.csv")


def _signals(processes: Processes) -> AbstractContextManager[Interrupt | None]:
    """Signals ask for a stop; the other processes hear them only while they train, and otherwise end at once.

    They wait for one another within torch, where no signal would be looked at.
    """
    return Interrupt() if processes.writes else nullcontext()


@contextmanager
def _held(path: Path, watcher: Watcher, processes: Processes) -> Iterator[Lock | None]:
    """The lock on a run's folder, taken by the process that writes: all together are one training."""
    if not processes.writes:
        yield None
        return
    with hold(path, watcher.note) as lock:
        Files(path).sweep()
        yield lock


def _absolute(dataset: str) -> str:
    """A folder's whole path, so that the run can be used from anywhere; a name as it is."""
    return dataset if dataset in names() or not os.path.isdir(dataset) else os.path.realpath(dataset)  # noqa: PTH112


@contextmanager
def _begin(
    out: Path, config: Config, data: ImageData, watcher: Watcher, processes: Processes
) -> Iterator[Run]:
    if processes.writes:
        Run.make(out)
    with _held(out, watcher, processes) as lock:
        if lock:
            yield Run.create(out, config, _facts(data), lock)
        else:
            yield Run(out, config, config.to_json() | _facts(data))


def _load(read: Callable[[], ImageData], watcher: Watcher, processes: Processes) -> ImageData:
    if not processes.writes:
        processes.wait()  # the first one fetches and decodes, the others find it done
    data = read()
    if processes.writes:
        processes.wait()
    for note in data.notes:
        watcher.note(note)
    return data


def _report(run: Run, network: networks.Network, data: ImageData, watcher: Watcher) -> None:
    """Keep a copy of the user's own network; name every file that was left out in the run's skipped.csv."""
    copy = networks.copy_name(run.config.network) if network.source else ""
    if copy and not (run.path / copy).exists():
        run.write_text(copy, network.source)
    run.remove("skipped.csv")
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
    training: Training, network: networks.Network, data: ImageData, interrupt: Interrupt | None
) -> Run:
    run, watcher, processes = training.run, training.watcher, training.processes
    if processes.writes:
        _report(run, network, data, watcher)
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
    try:
        training.go(interrupt)
        _finish(training, network, data, board)
    except Halt as halt:
        if not training.ended:  # a second signal, which does not wait
            raise
        raise training.stopped("before all figures and plots were written", halt.exit_code) from None
    return run


def _finish(training: Training, network: networks.Network, data: ImageData, board: Board | None) -> None:
    """The plots and, as the last of a run's files, the figures of the best weights."""
    run, processes = training.run, training.processes
    run.check_there()
    variant, model = run.load(network)
    model.to(training.device)
    figures = evaluate(variant, model, data.test, processes)
    for warning in variant.warnings(figures):
        training.watcher.note(warning)
    if processes.writes:
        figures |= holes(model, data)
        drawn = plots.draw(run, variant, model, data, figures)
        plots.save(run, drawn)
        run.write_json("metrics.json", figures)
        if board:
            board.finish(drawn)
    processes.wait()


def _build(config: Config, network: networks.Network, data: ImageData) -> tuple[VariantBase, Model]:
    """The variant and the model as the training begins: its weights are drawn by the run's seed."""
    torch.manual_seed(config.seed)
    return config.build(data.image_shape, network)


def _prepare(
    run: Run,
    built: tuple[VariantBase, Model],
    data: ImageData,
    watcher: Watcher,
    processes: Processes,
) -> Training:
    learn, held = split(data, run.config.seed)
    images = rows_of(data.train.images, learn)
    variant, model = built
    model.set_mean(torch.from_numpy(brightness(images)).float())
    return Training(
        run=run,
        variant=variant,
        model=model,
        images=images,
        validation=Split(images=rows_of(data.train.images, held)),
        processes=processes,
        watcher=watcher,
    )
