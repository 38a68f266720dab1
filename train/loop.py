"""The training loop.

The order of images and all noise come from generators seeded by the run's seed and the epoch or step,
so that a run continued after any epoch draws what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.runtime.errors import DeviceError, UnknownNameError
from diabolo.train import plots
from diabolo.train.config import Config
from diabolo.train.datasets import ImageData, Images, Split, load, rows_of
from diabolo.train.errors import OptionError, RunError, TrainingError
from diabolo.train.evaluate import evaluate
from diabolo.train.feed import feed
from diabolo.train.model import Model
from diabolo.train.run import Run
from diabolo.train.variants import VariantBase

__all__ = ["Watcher", "fit", "resume"]

_BRIGHTNESS = 20_000  # images that the outputs' starting point is taken from
_WARM_UP = 100  # steps of a rising learning rate; fewer in a short run


class Watcher(Protocol):
    """Whoever wants to see the training; every method may do nothing."""

    def note(self, text: str) -> None:
        """Something the user should know."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Data being fetched or decoded."""

    def start(self, images: int, epochs: int, done: int) -> None:
        """Training begins: images an epoch, epochs in all, epochs done before."""

    def step(self, images: int, loss: float | None) -> None:
        """A batch of `images` is done; `loss` now and then."""

    def epoch(self, row: dict[str, float]) -> None:
        """An epoch is done; `row` is its line of the history."""


class _Silent:
    def note(self, text: str) -> None: ...
    def loading(self, what: str, done: int, total: int) -> None: ...
    def start(self, images: int, epochs: int, done: int) -> None: ...
    def step(self, images: int, loss: float | None) -> None: ...
    def epoch(self, row: dict[str, float]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class _Parts:
    config: Config
    variant: VariantBase
    model: Model
    optimizer: torch.optim.Optimizer
    train: Images
    validation: Split
    device: torch.device


def fit(config: Config, out: str | Path, *, watcher: Watcher | None = None) -> Run:
    """Train, evaluate and plot; returns the run in the new folder `out`.

    Raises:
        RunError: `out` exists already.
        DataError, DeviceError, OptionError, UnknownNameError, TrainingError: each says what to do.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        Run.create(out, config, {})  # says so before the data are read
    watcher = watcher or _Silent()
    config = replace(config, device=_device(config.device), precision=_precision(config))
    data = _load(config, watcher)
    run = Run.create(out, config, _facts(data))
    _report(run, data, watcher)
    return _train(run, data, watcher, first_epoch=0)


def resume(path: str | Path, *, epochs: int | None = None, watcher: Watcher | None = None) -> Run:
    """Continue a run after its last whole epoch, to `epochs` in all (default: as it was begun).

    Raises:
        RunError: not a run, or complete already.
        DataError, DeviceError, TrainingError: as for `fit`.
    """
    watcher = watcher or _Silent()
    run = Run.open(path)
    if epochs is not None:
        run.config = replace(run.config, epochs=epochs)
        run.document |= run.config.to_json()
    state = run.path / "last" / "state.safetensors"
    done = run.read_progress()[0] if state.is_file() else 0
    if done >= run.config.epochs and (run.path / "metrics.json").is_file():
        raise RunError(f"{path} has all its {done} epochs. Give a larger --epochs to train on.")
    _device(run.config.device)
    data = _load(run.config, watcher)
    if list(data.image_shape) != run.document["image_shape"]:
        raise RunError(
            f"the dataset's images are {data.image_shape} now; the run began with {run.image_shape}. "
            "Put the old images back, or train anew."
        )
    if run.document.get("provenance") != data.provenance:
        watcher.note("the images are not the same as when the run began: it goes on with those of now")
        run.document["provenance"] = data.provenance
    run.write_json("config.json", run.document)
    _report(run, data, watcher)
    # until it ends again, the figures would be those of other weights
    (run.path / "metrics.json").unlink(missing_ok=True)
    return _train(run, data, watcher, first_epoch=done)


def _load(config: Config, watcher: Watcher) -> ImageData:
    data = load(config.dataset, config.request(progress=watcher.loading))
    for note in data.notes:
        watcher.note(note)
    return data


def _report(run: Run, data: ImageData, watcher: Watcher) -> None:
    """Name every file that was left out in the run's skipped.csv."""
    (run.path / "skipped.csv").unlink(missing_ok=True)
    if data.skipped:
        run.write_table("skipped.csv", ("file", "reason"), data.skipped)
        watcher.note(f"files left out: {len(data.skipped)}, each named in {run.path / 'skipped.csv'}")


def _facts(data: ImageData) -> dict[str, Any]:
    versions = {name: metadata.version(name) for name in ("diabolo", "torch", "numpy")}
    return {
        "image_shape": list(data.image_shape),
        "classes": list(data.classes),
        "licence": data.licence,
        "dataset_name": data.name,
        "provenance": data.provenance,
        "versions": versions | {"python": platform.python_version()},
    }


def _device(name: str) -> str:
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise UnknownNameError("device", name, ("auto", "cpu", "cuda", "mps"))
    works = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if works[device])
    if not works[name]:
        raise DeviceError(f"torch finds no working {name} here. Use --device cpu or auto.")
    return name


def _precision(config: Config) -> str:
    if config.precision not in ("auto", "fp32", "bf16"):
        raise UnknownNameError("precision", config.precision, ("auto", "fp32", "bf16"))
    if config.precision != "auto":
        return config.precision
    if config.device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if config.device == "cpu":
        flags = Path("/proc/cpuinfo")
        text = flags.read_text() if flags.is_file() else ""
        return "bf16" if "avx512_bf16" in text or "amx_bf16" in text else "fp32"
    return "fp32"


def _split(data: ImageData, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to choose the best weights by: a twelfth, at most 5,000, at least 1."""
    count = len(data.train)
    if count < 2:
        raise OptionError(f"{count} training image is too few. Add images.")
    order = np.random.default_rng([seed, 0]).permutation(count)
    held = min(max(1, count // 12), 5000)
    return np.sort(order[held:]), np.sort(order[:held])


def _prepare(run: Run, data: ImageData) -> _Parts:
    config = run.config
    torch.manual_seed(config.seed)
    variant, model = config.build(data.image_shape)
    train, held = _split(data, config.seed)
    images = rows_of(data.train.images, train)
    model.set_mean(torch.from_numpy(_brightness(images)).float())
    device = torch.device(config.device)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr, fused=device.type in ("cpu", "cuda"))
    return _Parts(
        config=config,
        variant=variant,
        model=model,
        optimizer=optimizer,
        train=images,
        validation=Split(images=rows_of(data.train.images, held)),
        device=device,
    )


def _brightness(images: Images) -> NDArray[np.float64]:
    """The mean of each channel, `(channels,)` in [0, 1], over images spread evenly over the set."""
    index = np.unique(np.linspace(0, len(images) - 1, _BRIGHTNESS).astype(np.intp))
    pieces = np.array_split(index, -(-len(index) // 256))
    sums = [images[piece].sum(axis=(0, 2, 3), dtype=np.float64) for piece in pieces]
    mean: NDArray[np.float64] = np.sum(sums, axis=0) / (len(index) * np.prod(images.shape[2:]) * 255)
    return mean


def _train(run: Run, data: ImageData, watcher: Watcher, *, first_epoch: int) -> Run:
    parts = _prepare(run, data)
    best = math.inf
    if first_epoch:
        best = _restore(run, parts)
    rows = run.history()[:first_epoch]
    if len(rows) != first_epoch:
        raise RunError(
            f"history.csv in {run.path} has {len(rows)} epochs, its saved state {first_epoch}. Train anew."
        )
    channels, height, width = data.image_shape
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    watcher.note(
        f"{data.name}: {len(parts.train):,} images to learn from, {len(parts.validation):,} held out to "
        f"choose the best weights, {len(data.test):,} to test; {height} x {width} {colours}"
    )
    watcher.start(len(parts.train), run.config.epochs, first_epoch)
    for epoch in range(first_epoch, run.config.epochs):
        row = {"epoch": float(epoch + 1)} | _epoch(parts, epoch, watcher)
        row["validation_loss"] = float(evaluate(parts.variant, parts.model, parts.validation)["loss"])
        if row["validation_loss"] < best:
            best = row["validation_loss"]
            run.write_tensors("model.safetensors", parts.model.state_dict())
        rows.append(row)
        run.write_history(rows)
        run.save_state(_state(parts), epoch + 1, best)
        watcher.epoch(row)
    variant, model = run.load()
    model.to(parts.device)
    run.write_json("metrics.json", evaluate(variant, model, data.test))
    plots.draw(run, variant, model, data)
    return run


def _epoch(parts: _Parts, epoch: int, watcher: Watcher) -> dict[str, float]:
    """One pass over the training images; returns the means of the loss and its terms."""
    config, model = parts.config, parts.model
    model.train()
    order = np.random.default_rng([config.seed, 1, epoch]).permutation(len(parts.train))
    steps = math.ceil(len(order) / config.batch_size)
    pieces = np.array_split(order, steps)  # evenly, so that no last batch is tiny
    generator = torch.Generator(parts.device)
    sums: dict[str, Tensor] = {}
    for step, image in enumerate(feed(parts.train, pieces, parts.device)):
        number = epoch * steps + step
        generator.manual_seed((config.seed << 32) + number)
        for group in parts.optimizer.param_groups:
            group["lr"] = _rate(config.lr, number, config.epochs * steps)
        with torch.autocast(parts.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            loss = parts.variant.loss(model, image, generator)
        parts.optimizer.zero_grad(set_to_none=True)
        loss.objective.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 100.0 * math.prod(model.image_shape) ** 0.5)
        parts.optimizer.step()
        for name, value in ({"loss": loss.objective.detach()} | loss.terms).items():
            sums[name] = sums.get(name, torch.zeros((), device=parts.device)) + value.float() * len(image)
        seen = step % 20 == 0 or step == steps - 1
        watcher.step(len(image), float(loss.objective.detach()) if seen else None)
    row = {name: float(value) / len(order) for name, value in sums.items()}
    if not math.isfinite(row["loss"]):
        raise TrainingError(
            f"the loss is not a number in epoch {epoch + 1}; the weights before it are kept. "
            f"Try a smaller --lr than {config.lr:g}."
        )
    return row


def _rate(highest: float, step: int, steps: int) -> float:
    """A short linear warm-up, then half a cosine down to a hundredth."""
    warm = min(_WARM_UP, max(1, steps // 10))
    if step < warm:
        return highest * (step + 1) / warm
    return highest * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))


def _state(parts: _Parts) -> dict[str, Tensor]:
    state = {f"model.{name}": value for name, value in parts.model.state_dict().items()}
    for index, values in parts.optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    return state


def _restore(run: Run, parts: _Parts) -> float:
    """Put the state of the last whole epoch back; returns the best validation loss so far."""
    tensors = run.read_tensors("last/state.safetensors")
    run.fill(
        parts.model,
        {name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")},
    )
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            moments.setdefault(int(index), {})[key] = value
    whole = parts.optimizer.state_dict()
    parts.optimizer.load_state_dict({"state": moments, "param_groups": whole["param_groups"]})
    return run.read_progress()[1]
