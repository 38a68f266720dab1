"""Export a trained run as a bundle."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.bundle import Exported, Settings, check_free, write
from diabolo.export.codes import CODE_VALUES, codes_of, density_of
from diabolo.export.errors import ExportError
from diabolo.export.pair import Pair, of_model
from diabolo.export.source import Source
from diabolo.runtime.latent import Stored
from diabolo.train import datasets
from diabolo.train.batches.held_out import learned_and_held
from diabolo.train.datasets import ImageData, Images, rows_of, spread
from diabolo.train.evaluation.evaluate import batches, encode_all
from diabolo.train.run import Run
from diabolo.train.run.recipe import recipe
from diabolo.train.run.record import network_of

__all__ = ["export_run"]

_STATISTICS = 20000  # training images for the latent's statistics
_STATISTICS_VALUES = 2**26  # of the latents of these images, for a model of any size
_LEAST_STATISTICS = 64  # images, whatever their latents
_CALIBRATION = 256  # training images for 8-bit ranges and the background


def export_run(
    source: str | Path,
    out: str | Path | None = None,
    *,
    network: str | None = None,
    dataset: str | None = None,
    opset: int = 18,
    dtype: str = "fp32",
    uint8_io: bool = False,
    force: bool = False,
    codes: bool = True,
    note: Callable[[str], None] | None = None,
) -> Exported:
    """Export a run as a bundle, with ONNX graphs that are proved equal to the torch model.

    The bundle is written to a temporary folder and renamed at the end, so that a failed export leaves
    nothing.

    Args:
        source: the run's folder.
        out: the bundle's folder, which must not exist; by default `bundle` in the run.
        network: for a run with a custom network, the Python file that defines it, which is executed.
        dataset: where the run's folder of images is now, if it was moved or renamed.
        opset, dtype, uint8_io, force, codes: see `Settings`.
        note: called with a line of text at each step.

    Raises:
        DataError: the data of the run cannot be read.
        ExportError: `out` exists, a setting is not possible, the graphs differ from torch, or 8 bits cost too
            much.
        RunError: the run cannot be read.
    """
    settings = Settings(opset=opset, dtype=dtype, uint8_io=uint8_io, force=force, codes=codes)
    say = note or (lambda _text: None)
    run = Run.open(source)
    target = check_free(out or run.path / "bundle")
    return write(_source(run, network, dataset, say), target, settings, say)


def _source(run: Run, network: str | None, dataset: str | None, say: Callable[[str], None]) -> Source:
    metrics = _metrics(run)
    made = network_of(run, network, say)
    variant, model = run.load(made)
    say("reading the dataset for the latent's statistics")
    data = run.data(dataset=dataset, note=say)
    pair = of_model(model)
    values = prod(model.latent_shape)
    most = max(_LEAST_STATISTICS, _STATISTICS_VALUES // values) if pair.any_size else _STATISTICS
    codes = encode_all(model, _spread_over(data.train.images, min(most, _STATISTICS)))
    distribution = model.head.distribution(codes)
    return Source(
        pair=pair,
        name=run.path.resolve().name,
        facts={
            "summary": f"{run.config.variant} on {data.name}: {variant.summary}",
            "variant": run.config.variant,
            "network": made.name,
            "image": {
                "resize": run.config.resize,
                "padding": list(run.config.fitting().ground),
                **({"value_range": list(data.value_range)} if data.value_range else {}),
                **_drawing(run.config.dataset, *data.image_shape[1:]),
            },
            "dataset": _dataset(data),
            "training": _training(run, data),
            "metrics": metrics,
            **({"noise": _given_noise(metrics)} if run.config.noisy else {}),
        },
        training_images=_spread_over(data.train.images, _CALIBRATION)[:].astype(np.float32) / np.float32(255),
        codes=codes,
        test=lambda: batches(data.test.images, whole=pair.any_size is not None),
        arrays={} if pair.any_size and values > CODE_VALUES else _codes(pair, data),
        prior="normal" if distribution.name == "normal" else None,
        distribution=distribution if isinstance(distribution, Stored) else None,
        noise=None if run.config.noisy else variant.noise,
    )


def _codes(pair: Pair, data: ImageData) -> dict[str, NDArray[Any]]:
    density = density_of(pair, data.train.images, data.test.images)
    return codes_of(pair, data.test.images, data.test.labels) | density


def _given_noise(metrics: dict[str, Any]) -> dict[str, Any]:
    """What model.json says of noise that was not added but is in the pictures given.

    The level is the noise's root mean square, by the PSNR of the noisy test pictures. Readers do not know the
    kind and so add no noise of it.
    """
    psnr = metrics.get("noisy_psnr", math.inf)
    level = 10 ** (-psnr / 20)
    return {"kind": "given", "level": [level, level]}


def _spread_over(images: Images, most: int) -> Images:
    return rows_of(images, spread(len(images), most))


def _dataset(data: ImageData) -> dict[str, Any]:
    read = len(data.train) + len(data.test)
    part = data.published is not None and read < data.published
    return {
        "name": data.name,
        "classes": list(data.classes),
        "licence": data.licence,
        **({"read": read, "published": data.published} if part else {}),
    }


def _drawing(dataset: str, height: int, width: int) -> dict[str, Any]:
    """The size and placement of objects in the data set, at the run's image size; empty if not known."""
    found = datasets.find(dataset) if dataset in datasets.names() else None
    if found is None or found.drawing is None or found.image_shape is None:
        return {}
    _, down, across = found.image_shape
    if height * across != width * down:  # cropped, padded or stretched
        return {}
    box = max(1, round(found.drawing.box * height / down))
    return {"drawing": {"box": box, "centre": found.drawing.centre}}


def _training(run: Run, data: ImageData) -> dict[str, Any]:
    """The settings of the training, without paths and devices of the machine."""
    places = {"variant", "dataset", "network", "noisy", "data_dir", "device", "tensorboard"}
    settings = {key: value for key, value in run.config.to_json().items() if key not in places}
    learned, held = (len(images) for images in learned_and_held(data, run.config.seed))
    return {
        "images": learned + held,
        "held_out": held,
        "seed": settings["seed"],
        "settings": settings,
        "recipe": recipe(run.config, data.name),
    }


def _metrics(run: Run) -> dict[str, Any]:
    if not (run.path / "metrics.json").is_file():  # the last file of a run
        raise ExportError(f"{run.path} has no metrics.json: its training is not complete. Use --resume.")
    return run.metrics()
