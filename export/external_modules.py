"""Export any two torch modules, from any project, as a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.export.bundle import Exported, Settings, check_free, write
from diabolo.export.codes import codes_of, density_of
from diabolo.export.errors import ExportError
from diabolo.export.pair import Pair, Part, adapt
from diabolo.export.source import Source
from diabolo.runtime.image.convert import as_batch
from diabolo.train.userfile import execute, split

__all__ = ["export_factory", "export_pair"]

_BATCH = 32  # images that are measured at a time
_CALIBRATION = 256  # training images for 8-bit ranges


def export_pair(
    encoder: Part,
    decoder: Part,
    example: Tensor | NDArray[Any],
    out: str | Path,
    *,
    images: Any = None,
    labels: Sequence[int] | None = None,
    test: Any = None,
    value_range: tuple[float, float] = (0.0, 1.0),
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
    note: Callable[[str], None] | None = None,
) -> Exported:
    """Export two torch modules as a bundle, with ONNX graphs that are proved equal to them.

    The modules are copied to the CPU and to float32; the caller's do not change.

    Args:
        encoder: a module, or a method of one such as `vae.encode`: `(batch, channels, height, width)` to a
            latent `(batch, ...)`, to a mean and a log-variance, or to an output of diffusers.
        decoder: latent to image, likewise.
        example: float images `(n, channels, height, width)` in [0, 1], of the model's size.
        out: the folder, which must not exist.
        images: training images, as `Autoencoder.encode` takes them, for the latent's statistics, codes.npz
            and 8-bit ranges; by default `example`, without codes.npz.
        labels: of `images`, `(n,)`, indices into `classes`.
        test: images for the metrics; by default `images`, and model.json then says so.
        value_range: the values of black and white in the modules; (-1, 1) for most of diffusers.
        name: of the model; by default the folder's.
        summary: one sentence about the model.
        prior: 'normal' if latents drawn from N(0, I) decode to images like the data.
        dataset, classes, licence: of the training data.
        opset, dtype, uint8_io, force: see `Settings`.
        note: called with a line of text at each step.

    Raises:
        ExportError: the modules do not fit together, cannot be exported, or differ from their graphs.
        ImageError: the images do not fit the example.
    """
    settings = Settings(opset=opset, dtype=dtype, uint8_io=uint8_io, force=force)
    target = Path(out)
    check_free(target)
    _check_prior(prior)
    pixels = _example(example)
    pair = adapt(encoder, decoder, torch.from_numpy(pixels), value_range)
    about = {"name": name or target.resolve().name, "prior": prior}
    facts = _facts(encoder, decoder, summary, {"name": dataset, "classes": list(classes), "licence": licence})
    source = _source(pair, pixels, images, labels, test, facts=facts, **about)
    return write(source, target, settings, note or (lambda _text: None))


def _check_prior(prior: str | None) -> None:
    if prior not in (None, "normal"):
        raise ExportError(f"prior {prior!r} is not possible; choose 'normal', or None for no prior.")


def _facts(encoder: Part, decoder: Part, summary: str, dataset: dict[str, Any]) -> dict[str, Any]:
    """Keys of model.json, as `Source` takes them."""
    return {
        "summary": summary or f"{_kind(encoder)} and {_kind(decoder)}",
        "variant": "own",
        "network": _kind(encoder),
        "dataset": dataset,
        "metrics": {},
    }


def _source(
    pair: Pair,
    example: NDArray[np.float32],
    images: Any,
    labels: Sequence[int] | None,
    test: Any,
    *,
    facts: dict[str, Any],
    **about: Any,
) -> Source:
    """The input of `write`; without `images`, the example is used, and there is no codes.npz."""
    training = example if images is None else as_batch(images, pair.image_shape)
    tested = training if test is None else as_batch(test, pair.image_shape)
    codes = pair.latents(training)
    indices = None if labels is None else _labels(labels, len(training), facts["dataset"]["classes"])
    arrays = codes_of(pair, training, indices) if images is not None else {}
    if images is not None and test is not None:
        arrays |= density_of(pair, training, tested)
    return Source(
        pair=pair,
        facts=facts,
        training_images=training[:_CALIBRATION],
        codes=codes,
        test=lambda: (tested[i : i + _BATCH] for i in range(0, len(tested), _BATCH)),
        measured_on="given" if test is None else "test",
        arrays=arrays,
        **about,
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
    found = split(named)
    if found is None or not found[1]:
        raise ExportError(f"{named!r} does not name a function. Write it as path/to/file.py:factory.")
    path, factory = found
    function = getattr(execute(path), factory, None)
    if not callable(function):
        raise ExportError(f"{path} has no function {factory!r}.")
    made = function()
    if isinstance(made, tuple) and len(made) == 3:
        made = dict(zip(("encoder", "decoder", "example"), made, strict=True))
    if not isinstance(made, dict) or not {"encoder", "decoder", "example"} <= made.keys():
        raise ExportError(
            f"{factory} in {path} returns {type(made).__name__}. It must return (encoder, decoder, example), "
            "or a dict with these three keys and more of export_pair's arguments."
        )
    return export_pair(**{"out": out or Path(path).with_suffix("")} | made | settings)


def _example(example: Tensor | NDArray[Any]) -> NDArray[np.float32]:
    values = example.detach().cpu().numpy() if isinstance(example, Tensor) else np.asarray(example)
    if values.ndim != 4 or not len(values) or values.dtype.kind != "f":
        raise ExportError(
            f"the example is {values.dtype} of shape {values.shape}. Give float images "
            "(n, channels, height, width) in [0, 1], at least one."
        )
    return as_batch(values.astype(np.float32), tuple(values.shape[1:]))


def _labels(labels: Sequence[int], count: int, classes: Sequence[str]) -> NDArray[np.int64]:
    values = np.asarray(labels)
    fits = values.shape == (count,) and values.dtype.kind in "iu"
    if not fits or not 0 <= values.min() <= values.max() < max(1, len(classes)):
        raise ExportError(
            f"labels must be {count} whole numbers, one for each image, from 0 to {len(classes) - 1}: "
            "indices into classes."
        )
    return values.astype(np.int64)


def _kind(part: Part) -> str:
    owner = part if isinstance(part, torch.nn.Module) else getattr(part, "__self__", part)
    return type(owner).__name__
