"""Any two torch modules as a bundle, whoever wrote and trained them."""

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
from diabolo.export.pair import Part, adapted
from diabolo.export.source import Source
from diabolo.runtime.image.convert import as_batch
from diabolo.train.userfile import execute, split

__all__ = ["export_factory", "export_pair"]

_BATCH = 32  # images measured at a time
_CALIBRATION = 256  # of the images, for 8-bit ranges


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
    """Export two torch modules as the new bundle `out`, proved equal to them.

    The modules are copied, to the CPU and to float32; the caller's stay as they are.

    Args:
        encoder: image to latent `(batch, ...)` of any shape: a module or a method of one, such as
            `vae.encode`. It may return a tensor; a mean and a log-variance; or what diffusers' do.
        decoder: latent to image, likewise.
        example: images `(n, channels, height, width)` in [0, 1]; they say the size and stand in for `images`.
        out: the folder.
        images: some the model was trained on, as `Autoencoder.encode` takes them; the latent's statistics,
            codes.npz, and the ranges of 8 bits come from them.
        labels: of `images`, indices into `classes`.
        test: images to measure on; without them, `images` are measured on, which model.json says.
        value_range: what the modules call black and white; (-1, 1) for most of diffusers.
        name: of the model; the folder's, if empty.
        summary: one sentence on what it is.
        prior: 'normal' where latents drawn from N(0, I) decode to images like the data.
        dataset, classes, licence: what it was trained on.
        opset, dtype, uint8_io, force: see `Settings`.
        note: told what is being done.

    Raises:
        ExportError: the modules do not fit together, cannot be exported, or differ from their graphs.
        ImageError: images that do not fit the example.
    """
    settings = Settings(opset=opset, dtype=dtype, uint8_io=uint8_io, force=force)
    target = Path(out)
    check_free(target)
    if prior not in (None, "normal"):
        raise ExportError(f"prior {prior!r} is not possible; choose 'normal', or None for no prior.")
    given = _example(example)
    pair = adapted(encoder, decoder, torch.from_numpy(given), value_range)
    learned = given if images is None else as_batch(images, pair.image_shape)
    measured = learned if test is None else as_batch(test, pair.image_shape)
    codes = pair.latents(learned)
    named = None if labels is None else _labels(labels, len(learned), classes)
    arrays = codes_of(pair, learned, named) if images is not None else {}
    if images is not None and test is not None:
        arrays |= density_of(pair, learned, measured)
    source = Source(
        pair=pair,
        name=name or target.resolve().name,
        facts={
            "summary": summary or f"{_kind(encoder)} and {_kind(decoder)}",
            "variant": "own",
            "network": _kind(encoder),
            "dataset": {"name": dataset, "classes": list(classes), "licence": licence},
            "metrics": {},
        },
        learned=learned[:_CALIBRATION],
        codes=codes,
        test=lambda: (measured[i : i + _BATCH] for i in range(0, len(measured), _BATCH)),
        measured_on="test" if test is not None else "given",
        arrays=arrays,
        prior=prior,
    )
    return write(source, target, settings, note or (lambda _text: None))


def export_factory(named: str, out: str | Path | None = None, **settings: Any) -> Exported:
    """Export what a function in a Python file returns, `path/to/file.py:factory`; the file is executed.

    The function takes nothing and returns `(encoder, decoder, example)`, or a dict of `export_pair`'s
    arguments with these three among them.

    Raises:
        ExportError: no such file or function, or it returns something else.
    """
    found = split(named)
    if found is None or not found[1]:
        raise ExportError(f"{named!r} names no function. Write it as path/to/file.py:factory.")
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
