"""A callback for pages that watch a training: RUN/preview has its progress and last pictures.

Both files are JSON and are replaced, whole, while the training goes on:

    progress.json   epoch (with a fraction), epochs, loss, seconds left, whether the last epoch is done
    epoch.json      epoch; a PNG of test images and their reconstructions; for a latent of two numbers, codes
                    of test images
"""

from __future__ import annotations

import base64
import io
import json
import time
from contextlib import suppress
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime._durable import replacing
from diabolo.train.callbacks import BaseCallback, Callback
from diabolo.train.datasets import ImageData, rows_of, spread
from diabolo.train.evaluation import plots
from diabolo.train.evaluation.evaluate import encode_all

if TYPE_CHECKING:
    from diabolo.train.trainer import Trainer

__all__ = ["Preview", "Together"]

_FOLDER = "preview"  # in the run
_PAUSE = 0.5  # seconds between two writes of the progress
_POINTS = 2000  # codes, at most
_DIGITS = 4  # significant digits of a code


class Together:
    """Several callbacks as one.

    Args:
        callbacks: called in this order.
    """

    def __init__(self, *callbacks: Callback) -> None:
        self._callbacks = callbacks

    def note(self, text: str) -> None:
        """Pass it on."""
        for each in self._callbacks:
            each.note(text)

    def loading(self, what: str, done: int, total: int) -> None:
        """Pass it on."""
        for each in self._callbacks:
            each.loading(what, done, total)

    def start(self, images: int, epochs: int, done: float) -> None:
        """Pass it on."""
        for each in self._callbacks:
            each.start(images, epochs, done)

    def step(self, images: int, loss: float | None) -> None:
        """Pass it on."""
        for each in self._callbacks:
            each.step(images, loss)

    def epoch(self, row: dict[str, float]) -> None:
        """Pass it on."""
        for each in self._callbacks:
            each.epoch(row)


class Preview(BaseCallback):
    """Writes RUN/preview. A file that cannot be written is left out, and the training goes on."""

    def __init__(self, trainer: Trainer, data: ImageData) -> None:
        self._trainer, self._data = trainer, data
        self._folder = trainer.run.path / _FOLDER
        self._began = self._written = time.monotonic()
        self._per_epoch, self._epochs, self._before, self._images = 1, 0, 0.0, 0
        self._loss: float | None = None

    def start(self, images: int, epochs: int, done: float) -> None:
        """Note where the training begins."""
        self._per_epoch, self._epochs, self._before = images, epochs, done
        self._began = time.monotonic()
        self._write_progress()

    def step(self, images: int, loss: float | None) -> None:
        """Write the progress, at most twice a second."""
        self._images += images
        self._loss = self._loss if loss is None else loss
        if time.monotonic() - self._written >= _PAUSE:
            self._write_progress()

    def epoch(self, row: dict[str, float]) -> None:
        """Write the pictures of this epoch."""
        trainer = self._trainer
        model = trainer.average.eval()  # the trainer puts it into train mode again
        rows = plots.reconstruction_rows(trainer.variant, model, self._data)
        document = {
            "epoch": int(row["epoch"]),
            "rows": [label for label, _ in rows],
            "columns": len(rows[0][1]),
            "picture": base64.b64encode(_png(np.stack([images for _, images in rows]))).decode(),
        }
        if prod(model.latent_shape) == 2:
            document |= self._map()
        self._write("epoch.json", document)
        self._write_progress()

    def _map(self) -> dict[str, Any]:
        """Codes of test images `(n, 2)`, and their classes, if there are any."""
        test, classes = self._data.test, self._data.classes
        chosen = spread(len(test), _POINTS)
        codes = encode_all(self._trainer.average, rows_of(test.images, chosen))
        points = [[float(f"{value:.{_DIGITS}g}") for value in code] for code in codes.reshape(-1, 2)]
        if test.labels is None or not classes:
            return {"points": points}
        return {"points": points, "labels": test.labels[chosen].tolist(), "classes": list(classes)}

    def _write_progress(self) -> None:
        self._written = time.monotonic()
        epoch = self._before + self._images / self._per_epoch
        speed = self._images / max(1e-9, self._written - self._began)
        left = (self._epochs - epoch) * self._per_epoch / speed if speed else None
        document = {
            "epoch": epoch,
            "epochs": self._epochs,
            "loss": self._loss,
            "left": left,
            "finished": self._trainer.finished,
        }
        self._write("progress.json", document)

    def _write(self, name: str, document: dict[str, Any]) -> None:
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)  # without parents: the run's folder may have been removed
            with replacing(self._folder / name, durable=False) as temporary:
                temporary.write_text(json.dumps(document), "ascii")


def _png(rows: NDArray[np.float32]) -> bytes:
    """Images float32 `(rows, columns, channels, height, width)` in [0, 1] without gaps, as one PNG."""
    count, columns, channels, height, width = rows.shape
    shown = 3 if channels >= 3 else 1
    pixels = (rows[:, :, :shown].clip(0, 1) * 255).round().astype(np.uint8)
    mosaic = pixels.transpose(0, 3, 1, 4, 2).reshape(count * height, columns * width, shown)
    out = io.BytesIO()
    Image.fromarray(mosaic.squeeze(-1) if shown == 1 else mosaic).save(out, "PNG", compress_level=1)
    return out.getvalue()
