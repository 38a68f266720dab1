"""`fit` trains a config in a new run folder; `resume` continues a run. Both evaluate and plot at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path

from diabolo.runtime._old_names import old_names
from diabolo.runtime.bundle.quality import quality_line
from diabolo.train import networks
from diabolo.train._prepare import build, decide_budget, decide_options, prepare
from diabolo.train.batches.held_out import counted, held_out, split
from diabolo.train.budget import decided
from diabolo.train.callbacks import BaseCallback, Callback
from diabolo.train.callbacks._given import given_callback
from diabolo.train.callbacks.notebook import default_callback
from diabolo.train.callbacks.preview import Preview, Together
from diabolo.train.callbacks.tensorboard import TensorBoard
from diabolo.train.callbacks.tensorboard import check as check_tensorboard
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, load
from diabolo.train.devices import choose_device, choose_precision
from diabolo.train.distributed import Distributed, init_distributed
from diabolo.train.errors import OptionError, RunError, TrainingError
from diabolo.train.evaluation import plots
from diabolo.train.evaluation.doctor import Evidence, diagnose, in_short
from diabolo.train.evaluation.measure import measure
from diabolo.train.interrupt import Halt, Interrupt, handled
from diabolo.train.run import BEST, FAILED, STATE, Run
from diabolo.train.run._run import absolute
from diabolo.train.run.files import Files, as_path
from diabolo.train.run.lock import Lock, hold
from diabolo.train.run.record import facts, network_of, record
from diabolo.train.trainer import Trainer

__all__ = ["Callback", "fit", "held_out", "resume"]

__getattr__ = old_names(__name__, {"Watcher": "Callback"})


def fit(
    config: Config,
    out: str | Path,
    *,
    callback: Callback | None = None,
    preview: bool = False,
    watcher: Callback | None = None,
) -> Run:
    """Train, evaluate and plot.

    Under torchrun, all processes train one model together, and only the first one writes files.

    Args:
        config: what to train.
        out: the run's folder, which is made; it must not hold anything yet.
        callback: told how the training goes; by default a progress bar in a notebook, and nothing elsewhere.
        preview: also write the progress, and pictures of every validation, to `preview` in the run's folder.
        watcher: the old name of `callback`, deprecated.

    Returns:
        The run in the folder `out`.

    Raises:
        RunError: `out` exists already, or cannot be written.
        StoppedError: Ctrl-C, SIGTERM or SIGHUP; the run can be continued.
        DataError: the dataset cannot be read.
        DeviceError: the device does not work here.
        OptionError, UnknownNameError: a setting is not possible with these data.
        TrainingError: the loss is not a number.
    """
    out, callback = as_path(out), given_callback(callback, watcher)
    if not isinstance(config, Config):
        raise OptionError(f"fit trains a Config, such as Config.make('vae', 'mnist'), not {config!r}.")
    device = choose_device(config.device)
    config = replace(
        config,
        dataset=absolute(config.dataset),
        data_dir=config.data_dir and str(Path(config.data_dir).resolve()),
        noisy=config.noisy and str(Path(config.noisy).resolve()),
        device=device,
        precision=choose_precision(config.precision, device),
    )
    network = networks.find(config.network)
    if config.tensorboard:
        check_tensorboard()
    distributed = init_distributed(device)
    callback = (callback or default_callback()) if distributed.is_main else BaseCallback()
    with handled(distributed.is_main) as interrupt:
        if distributed.is_main:
            Run.check_free(out)  # before the data are read
        data = _load(
            lambda: load(config.dataset, config.request(progress=callback.loading)), callback, distributed
        )
        split(data, config.seed)  # raises if there are too few images, before anything is written
        config = decide_options(config, data, callback, distributed)
        built = build(config, network, data)  # likewise, if the network does not fit
        config = decide_budget(config, built, data, callback, distributed)
        with _begin(out, config, data, callback, distributed) as run:
            trainer = prepare(run, built, data, callback, distributed)
            return _train(trainer, network, data, interrupt, preview)


def resume(
    path: str | Path,
    *,
    epochs: int | None = None,
    network: str | None = None,
    dataset: str | None = None,
    data_dir: str | None = None,
    callback: Callback | None = None,
    preview: bool = False,
    watcher: Callback | None = None,
) -> Run:
    """Continue a run from its last checkpoint.

    Args:
        path: the run's folder.
        epochs: how many in total; by default as many as the run was started with.
        network: the Python file of a user's own network, which is executed. Such a run needs it: the copy in
            the run's folder is never executed.
        dataset: where the folder of images is now, if it was moved or renamed.
        data_dir: where datasets are now, if not where they were.
        callback: told how the training goes; by default a progress bar in a notebook, and nothing elsewhere.
        preview: also write the progress, and pictures of every validation, to `preview` in the run's folder.
        watcher: the old name of `callback`, deprecated.

    Returns:
        The run.

    Raises:
        RunError: not a run, or complete already; the images in `dataset` are others.
        DataError, DeviceError, TrainingError, StoppedError: as for `fit`.
    """
    path, callback = as_path(path), given_callback(callback, watcher)
    choose_device(device := Run.open(path).config.device)
    distributed = init_distributed(device)
    callback = (callback or default_callback()) if distributed.is_main else BaseCallback()
    with handled(distributed.is_main) as interrupt, _held(path, callback, distributed) as lock:
        run = Run.open(path)
        run.lock = lock
        made = network_of(run, network, callback.note)
        if run.config.tensorboard:
            check_tensorboard()
        if epochs is not None:
            run.config = replace(run.config, epochs=epochs)
            run.document |= run.config.to_json()
        decided(run.config)  # raises if config.json does not say it
        state = (run.path / STATE).is_file()
        if state and _complete(run, made):
            done = run.epochs_done()
            raise RunError(f"{path} has all its {done} epochs. Give a larger --epochs to train on.")
        read = partial(run.data, dataset=dataset, data_dir=data_dir, note=callback.note)
        data = _load(lambda: read(progress=callback.loading), callback, distributed)
        run.document["provenance"] = data.provenance
        built = build(run.config, made, data)
        trainer = prepare(run, built, data, callback, distributed)
        if state:
            trainer.restore()
        else:
            callback.note(f"{path} has no checkpoint yet: its training begins at the first epoch")
        _go_on(trainer)
        return _train(trainer, made, data, interrupt, preview)


def _complete(run: Run, network: networks.Network) -> bool:
    """Whether all epochs are done, and the figures, the plots and the history are there and undamaged."""
    rows = run.read_about(STATE).get("history")
    if run.epochs_done() < decided(run.config)[0]:
        return False
    try:
        figures, history = run.metrics(), run.history()
    except RunError:  # damaged files are made again
        return False
    expected = plots.names(prod(run.config.latent_shape(run.image_shape, network)), figures)
    drawn = all((run.path / plots.place(name)).is_file() for name in expected)
    return bool(figures) and drawn and rows in (None, json.dumps(history)) and run.is_whole(BEST)


def _go_on(trainer: Trainer) -> None:
    """Set the run's files back to the state of its checkpoint; called when the training can go on."""
    run, position = trainer.run, trainer.position
    if not trainer.distributed.is_main:
        return
    if not trainer.finished:
        run.remove("metrics.json")  # its figures are not those of the weights to come
    run.remove(FAILED)
    run.write_json("config.json", run.document)
    if position.rows:
        run.write_history(position.rows)
    else:
        run.remove("history.csv")


@contextmanager
def _held(path: Path, callback: Callback, distributed: Distributed) -> Iterator[Lock | None]:
    """The lock on a run's folder, taken by the main process for all of them."""
    if not distributed.is_main:
        yield None
        return
    with hold(path, callback.note) as lock:
        Files(path).sweep()
        yield lock


@contextmanager
def _begin(
    out: Path, config: Config, data: ImageData, callback: Callback, distributed: Distributed
) -> Iterator[Run]:
    if distributed.is_main:
        Run.make(out)
    with _held(out, callback, distributed) as lock:
        if lock:
            yield Run.create(out, config, facts(data), lock)
        else:
            yield Run(out, config, config.to_json() | facts(data))


def _load(read: Callable[[], ImageData], callback: Callback, distributed: Distributed) -> ImageData:
    if not distributed.is_main:
        distributed.barrier()  # the main process fetches and decodes; the others find the cache
    data = read()
    if distributed.is_main:
        distributed.barrier()
    for note in data.notes:
        callback.note(note)
    return data


def _train(
    trainer: Trainer, network: networks.Network, data: ImageData, interrupt: Interrupt | None, preview: bool
) -> Run:
    run, distributed = trainer.run, trainer.distributed
    if preview and distributed.is_main:
        trainer.callback = Together(trainer.callback, Preview(trainer, data))
    callback = trainer.callback
    if distributed.is_main:
        record(run, network, data, callback.note)
    channels, height, width = data.image_shape
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    callback.note(
        f"{data.name}: {counted(trainer.images, 'images')} to learn from, "
        f"{counted(trainer.validation.images)} held out to choose the best weights, "
        f"{counted(data.test.images)} to test; {height} x {width} {colours}"
    )
    position = trainer.position
    tensorboard = TensorBoard(trainer, data) if run.config.tensorboard and distributed.is_main else None
    trainer.tensorboard = tensorboard
    callback.start(len(trainer.images), trainer.epochs, position.epoch + position.step / trainer.steps)
    try:
        trainer.train(interrupt)
        _finish(trainer, network, data, tensorboard)
    except TrainingError:
        if distributed.is_main:
            run.write_json(FAILED, {"epoch": position.epoch + 1, "step": position.step})
        raise
    except Halt as halt:
        if not trainer.finished:  # a second signal, which does not wait
            raise
        raise trainer.stopped("before all figures and plots were written", halt.exit_code) from None
    return run


def _finish(
    trainer: Trainer, network: networks.Network, data: ImageData, tensorboard: TensorBoard | None
) -> None:
    """Write the plots, and the figures of the best weights to metrics.json, the last file of a run."""
    run, distributed = trainer.run, trainer.distributed
    run.check_there()
    variant, model = run.load(network)
    model.to(trainer.device)
    figures = measure(variant, model, data, run.config.seed, distributed)
    if distributed.is_main:
        evidence = Evidence(
            path=str(run.path),
            config=run.config,
            variant=variant,
            image_shape=data.image_shape,
            latent_size=prod(model.latent_shape),
            history=trainer.position.rows,
            figures=figures,
            learned=len(trainer.images),
        )
        for text in filter(None, (quality_line(figures), *in_short(diagnose(evidence), evidence.path))):
            trainer.callback.note(text)
        drawn = plots.draw(run, variant, model, data, figures)
        plots.save(run, drawn)
        run.write_json("metrics.json", figures)
        if tensorboard:
            tensorboard.finish(drawn)
    distributed.barrier()
