"""What `benchmarks.training` and `benchmarks.gpu` share: a clock, a bare loop, a tutorial's loop, figures."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from diabolo.runtime.image import metrics
from diabolo.train import Config
from diabolo.train.callbacks import BaseCallback
from diabolo.train.model import Model
from diabolo.train.optim.schedule import learning_rate
from diabolo.train.variants import VariantBase

_AT_ONCE = 500  # test images


class Clock(BaseCallback):
    """A watcher that notes the seconds of every epoch: of its steps alone, and of all of it."""

    def __init__(self) -> None:
        self.images = 0  # an epoch
        self.steps: list[float] = []
        self.epochs: list[float] = []
        self._seen, self._since = 0, 0.0

    def start(self, images: int, epochs: int, done: float) -> None:
        self.images, self._since = images, time.perf_counter()

    def step(self, images: int, loss: float | None) -> None:
        self._seen += images
        if self._seen == self.images:
            self._seen = 0
            self.steps.append(self._elapsed())

    def epoch(self, row: dict[str, float]) -> None:
        self.epochs.append(self._elapsed())
        self._since += self.epochs[-1]

    def _elapsed(self) -> float:
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        return time.perf_counter() - self._since


@dataclass
class Result:
    """All trainings of one way."""

    images: int = 0  # an epoch
    steps: list[list[float]] = field(default_factory=list)  # seconds of each epoch of each training
    epochs: list[list[float]] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def add(self, images: int, steps: list[float], epochs: list[float], error: float) -> None:
        self.images = images
        self.steps.append(steps)
        self.epochs.append(epochs)
        self.errors.append(error)

    def speeds(self, what: str) -> list[float]:
        """Images a second of `steps` or `epochs`, but for the first of each training, which warms up."""
        return [self.images / seconds for training in getattr(self, what) for seconds in training[1:]]

    def speed(self, what: str) -> float:
        return median(self.speeds(what))

    def row(self, title: str) -> tuple[str, ...]:
        both = (self.speeds(what) for what in ("steps", "epochs"))
        shown = (f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})" for values in both)
        return (title, *shown, f"{median(self.errors):.5f}")


def untrained(config: Config, images: NDArray[np.uint8]) -> tuple[VariantBase, Model]:
    """The variant and the model as a training begins with them."""
    torch.manual_seed(config.seed)
    variant, model = config.build(images.shape[1:])
    model.set_mean(torch.from_numpy(images.mean((0, 2, 3)) / 255).float())
    return variant, model


def bare(config: Config, images: NDArray[np.uint8], clock: Clock) -> Model:
    """The least that trains the same net in the same order: a gather, a cast, and a step of the optimizer.

    All images lie on the device. Nothing is clipped, watched, summed, validated or saved.
    """
    _, model = untrained(config, images)
    convolves = any(isinstance(module, nn.Conv2d) for module in model.modules())
    layout = torch.channels_last if convolves else torch.contiguous_format
    model.to(config.device).to(memory_format=layout)
    data = torch.from_numpy(images).to(config.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=0.0, fused=True)
    steps, half = math.ceil(len(images) / config.batch_size), config.precision == "bf16"
    clock.start(len(images), config.epochs, 0)
    for epoch in range(config.epochs):
        order = np.random.default_rng([config.seed, 1, epoch]).permutation(len(images))
        for number, index in enumerate(torch.from_numpy(order).to(config.device).tensor_split(steps)):
            optimizer.param_groups[0]["lr"] = learning_rate(
                config.lr, epoch * steps + number, config.epochs * steps
            )
            image = data.index_select(0, index).contiguous(memory_format=layout).float().div_(255)
            with torch.autocast(config.device, torch.bfloat16, enabled=half):
                loss = functional.mse_loss(model(image).float(), image)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            clock.step(len(index), None)
        clock.epoch({})
    return model


def tutorial(model: nn.Module, loader: Any, config: Config, clock: Clock) -> None:
    """The loop as tutorials write it: Adam, the mean squared error, a look at the loss after every step."""
    model.to(config.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    criterion = nn.MSELoss()
    clock.start(len(loader.dataset), config.epochs, 0)
    for _ in range(config.epochs):
        total = 0.0
        for image, _ in loader:
            image = image.to(config.device)
            loss = criterion(model(image), image)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            clock.step(len(image), None)
        clock.epoch({})


@torch.inference_mode()
def rebuilt(call: Callable[[Tensor], Tensor], images: NDArray[np.uint8], device: str) -> NDArray[np.float32]:
    """Reconstructions by a model in eval mode, float32 in [0, 1] and in the shape of the images."""
    parts = (images[start : start + _AT_ONCE] for start in range(0, len(images), _AT_ONCE))
    batches = (torch.from_numpy(part).to(device).float().div(255) for part in parts)
    return np.concatenate([call(batch).float().cpu().numpy() for batch in batches]).reshape(images.shape)


def error(images: NDArray[np.uint8], others: NDArray[np.float32]) -> float:
    """The mean squared error over all values of all images, in [0, 1]."""
    return float(metrics.mse(images.astype(np.float32) / np.float32(255), others).mean())


def against(goal: float, value: float, form: str = "{:.2f} x") -> str:
    """A figure, and whether it falls short."""
    return form.format(value) + ("" if value >= goal else " (not reached)")


def processor() -> str:
    """The processor's name and the instructions that torch uses on it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
