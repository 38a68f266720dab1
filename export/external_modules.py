"""Export any two torch modules, from any project, as a bundle."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.bundle import Exported, Settings, check_free, write
from diabolo.export.codes import CODE_VALUES, codes_of, density_of
from diabolo.export.errors import ExportError
from diabolo.export.external.adapt import Part, adapt
from diabolo.export.external.arguments import (
    check_choices,
    check_texts,
    class_indices,
    example_of,
    images_of,
    range_of,
)
from diabolo.export.external.copies import module_name
from diabolo.export.pair import Pair
from diabolo.export.source import Source
from diabolo.runtime.errors import DiaboloError
from diabolo.train.userfile import execute, split

__all__ = ["export_factory", "export_pair"]

_BATCH = 32  # images that are measured at a time
_CALIBRATION = 256  # training images for 8-bit ranges


def export_pair(
    encoder: Part,
    decoder: Part,
    example: Any,
    out: str | Path,
    *,
    images: Any = None,
    labels: Any = None,
    test: Any = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    clip: bool = False,
    spread: str | None = None,
    any_size: bool = False,
    name: str = "",
    summary: str = "",
    prior: str | None = None,
    dataset: str = "",
    classes: Sequence[str] = (),
    licence: str = "",
    opset: int = 18,
    dtype: str = "fp32",
    uint8_io: bool = False,
    force: bool = False,
    codes: bool = True,
    note: Callable[[str], None] | None = None,
) -> Exported:
    """Export copies of two torch modules as a bundle, with ONNX graphs that are proved equal to them.

    Args:
        encoder: a module, a method or a function of modules; docs/export.md lists what it may return.
        decoder: latent to image, likewise.
        example: float images `(n, channels, height, width)` in [0, 1], of the model's size.
        out: the folder, which must not exist.
        images: training images, of any kind, for statistics and codes.npz; by default `example`.
        labels: of `images`, `(n,)`, indices into `classes`.
        test: images for the metrics; by default `images`, and model.json then says so.
        value_range: the values of black and white in the modules; (-1, 1) where a decoder ends in tanh.
        clip: whether the decoder may return values outside `value_range`, which are then clipped.
        spread: what the second of two tensors of the encoder is: 'log_variance', 'std', 'variance' or
            'log_std'. None assumes the log-variance, unless it has no value below 0.
        any_size: whether the graphs take images of any size: for pairs whose latent is a grid.
        name, summary: of the model, the summary in one sentence; by default the folder's name.
        prior: 'normal' if latents drawn from N(0, I) decode to images like the data.
        dataset, classes, licence: of the training data.
        opset, dtype, uint8_io, force, codes: see `Settings`.
        note: called with a line of text at each step.

    Raises:
        ExportError: the modules do not fit, cannot be exported, or differ from their graphs.
        ImageError: the images do not fit the example.
    """
    settings = Settings(opset=opset, dtype=dtype, uint8_io=uint8_io, force=force, codes=codes)
    check_choices(prior, spread)
    names = check_texts(classes, name=name, summary=summary, dataset=dataset, licence=licence)
    target, values, say = check_free(out), range_of(value_range), _noted(note)
    data = _given(example, images, labels, test, names, values)
    pair = adapt(encoder, decoder, data.tensor, values, clip=clip, spread=spread, any_size=any_size, note=say)
    facts = _facts(encoder, decoder, summary, {"name": dataset, "classes": list(names), "licence": licence})
    source = _source(pair, data, name or target.resolve().name, prior, facts)
    return _doubted(write(source, target, settings, say), data, say)


def _doubted(done: Exported, given: _Given, say: Callable[[str], None]) -> Exported:
    """The same; say so if the reconstructions are worse than the mean of the images would be."""
    measured = (
        given.test if given.test is not None else given.example if given.images is None else given.images
    )
    variance, error = float(measured.var(0).mean()), done.figures["torch"]["mse"]
    if len(measured) > 1 and error > variance:
        say(
            f"the reconstructions have an MSE of {error:.3g}, more than that of the images' mean, "
            f"{variance:.3g}. If the model is trained, check value_range, what its images are normalised by, "
            "and whether something belongs between the two parts, such as a quantiser: let the encoder's "
            "function do it"
        )
    return done


@dataclass(frozen=True, kw_only=True, eq=False)
class _Given:
    """The caller's images, float32 `(n, channels, height, width)` in [0, 1], and labels `(n,)`."""

    example: NDArray[np.float32]
    images: NDArray[np.float32] | None
    labels: NDArray[np.int64] | None
    test: NDArray[np.float32] | None

    @property
    def tensor(self) -> torch.Tensor:
        """The example."""
        return torch.from_numpy(self.example)


def _given(
    example: Any, images: Any, labels: Any, test: Any, classes: tuple[str, ...], values: tuple[float, float]
) -> _Given:
    pixels = example_of(example, values)
    shape = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
    training = None if images is None else images_of(images, shape, "images", values)
    count = len(pixels if training is None else training)
    return _Given(
        example=pixels,
        images=training,
        labels=None if labels is None else class_indices(labels, count, classes),
        test=None if test is None else images_of(test, shape, "test", values),
    )


def _noted(note: Any) -> Callable[[str], None]:
    if note is not None and not callable(note):
        raise ExportError(f"note is of type {type(note).__name__}. Give a function that takes a text: print.")
    return note or (lambda _text: None)


def _facts(encoder: Part, decoder: Part, summary: str, dataset: dict[str, Any]) -> dict[str, Any]:
    """Keys of model.json, as `Source` takes them."""
    return {
        "summary": summary or f"{module_name(encoder)} and {module_name(decoder)}",
        "variant": "own",
        "network": module_name(encoder),
        "dataset": dataset,
        "metrics": {},
    }


def _source(pair: Pair, given: _Given, name: str, prior: str | None, facts: dict[str, Any]) -> Source:
    """The input of `write`; without images of the caller's, there is no codes.npz."""
    training = given.example if given.images is None else given.images
    tested = training if given.test is None else given.test
    large = pair.any_size is not None and prod(pair.latent_shape) > CODE_VALUES
    arrays = {} if given.images is None or large else codes_of(pair, given.images, given.labels)
    if given.images is not None and given.test is not None and not large:
        arrays |= density_of(pair, given.images, given.test)
    return Source(
        pair=pair,
        name=name,
        prior=prior,
        facts=facts,
        training_images=training[:_CALIBRATION],
        codes=pair.latents(training),
        test=lambda: (tested[i : i + _BATCH] for i in range(0, len(tested), _BATCH)),
        measured_on="given" if given.test is None else "test",
        arrays=arrays,
    )


def export_factory(named: str, out: str | Path | None = None, **settings: Any) -> Exported:
    """Export the modules that a function in a Python file returns. The file is executed.

    Args:
        named: `path/to/file.py:factory`. The function takes no arguments and returns `(encoder, decoder,
            example)`, or a dict of arguments of `export_pair` with these three.
        out: the folder; by default the path of the file without `.py`.
        settings: further arguments of `export_pair`, which override those of the dict.

    Raises:
        ExportError: there is no such file or function, or it returns something else.
    """
    found = split(named) if isinstance(named, str) else None
    if found is None or not found[1]:
        raise ExportError(f"{named!r} does not name a function. Write it as path/to/file.py:factory.")
    path, factory = found
    function = getattr(execute(path), factory, None)
    if not callable(function):
        raise ExportError(f"{path} has no function {factory!r}.")
    try:
        made = function()
    except DiaboloError:
        raise
    except Exception as error:
        raise ExportError(f"{factory} in {path} fails: {type(error).__name__}: {error}") from error
    if isinstance(made, tuple) and len(made) == 3:
        made = dict(zip(("encoder", "decoder", "example"), made, strict=True))
    if not isinstance(made, dict) or not {"encoder", "decoder", "example"} <= made.keys():
        raise ExportError(
            f"{factory} in {path} returns {type(made).__name__}. It must return (encoder, decoder, example), "
            "or a dict with these three keys and more of export_pair's arguments."
        )
    given = {"out": out or Path(path).with_suffix("")} | made | settings
    known = inspect.signature(export_pair).parameters
    if unknown := [name for name in given if name not in known]:
        raise ExportError(
            f"{unknown[0]!r} is not an argument of export_pair. Choose from {', '.join(known)}."
        )
    return export_pair(**given)
