"""Several models on one picture: the reconstruction of each, how good, how small and how fast."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image import metrics
from diabolo.ui.parts.context import Context
from diabolo.ui.parts.picture import UNTREATED, Treatment
from diabolo.ui.work import stop_if_disconnected

__all__ = ["Row", "alike", "chosen_names", "compare", "graph_bytes"]

_TIMES = 7  # runs, of which the median is taken


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One model's result.

    Attributes:
        name: the model's name.
        manifest: the model's manifest.
        seen: float32 `(channels, height, width)` in [0, 1], the picture fitted to this model.
        made: its reconstruction, shaped as `seen`.
        mse: 1/n sum of squared errors.
        psnr: in dB; infinite if nothing differs.
        ssim: structural similarity, at most 1.
        milliseconds: to encode and decode this picture once, the median of some runs.
    """

    name: str
    manifest: Manifest
    seen: NDArray[np.float32]
    made: NDArray[np.float32]
    mse: float
    psnr: float
    ssim: float
    milliseconds: float

    def figures(self) -> dict[str, Any]:
        """The row for programs; `psnr` is None if nothing differs, and `bytes` is the size of both graphs."""
        return {
            "model": self.name,
            "mse": self.mse,
            "psnr": self.psnr if isfinite(self.psnr) else None,
            "ssim": self.ssim,
            "latent": prod(self.manifest.latent_shape),
            "bytes": graph_bytes(self.manifest),
            "milliseconds": round(self.milliseconds, 4),
        }


def compare(
    context: Context, names: Sequence[str], source: Any, drawn: bool = False, hand: Treatment = UNTREATED
) -> list[Row]:
    """Encode and decode one picture with each of the models, fitted to each.

    Args:
        context: the app's context.
        names: of the models.
        source: the picture, as `Context.see` takes it.
        drawn: whether it was drawn in the app.
        hand: what is done to it by hand.

    Raises:
        ImageError: there is no picture, or it cannot be read.
        UnknownNameError: there is no such model.
        UsageError: there are no names.
    """
    if not names:
        raise UsageError("no model to compare. Choose at least one, such as " + next(iter(context.bundles)))
    rows = []
    for name in names:
        stop_if_disconnected()
        rows.append(_row(name, context.model(name), context.see(name, source, drawn, hand).image))
    return rows


def _row(name: str, model: Autoencoder, seen: NDArray[np.float32]) -> Row:
    batch = seen[None]
    made = model.reconstruct(batch)  # the first run is slower and not timed
    spent = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        model.reconstruct(batch)
        spent.append(time.perf_counter() - start)
    return Row(
        name=name,
        manifest=model.manifest,
        seen=seen,
        made=made[0],
        mse=float(metrics.mse(batch, made)[0]),
        psnr=float(metrics.psnr(batch, made)[0]),
        ssim=float(metrics.ssim(batch, made)[0]),
        milliseconds=1000 * statistics.median(spent),
    )


def alike(context: Context, name: str) -> list[str]:
    """The models to compare with the one called `name`, that one first: models of its image shape.

    If others were trained on its data set, only those.
    """
    m = context.manifest(name)
    others = [other for other in context.bundles if other != name]
    shaped = [other for other in others if context.manifest(other).image_shape == m.image_shape]
    same = [other for other in shaped if context.manifest(other).dataset == m.dataset]
    return [name, *(same or shaped)]


def chosen_names(value: Any) -> list[str]:
    """Names from a list, or from text separated by commas, without duplicates.

    Raises:
        UsageError: the value is neither a list nor text.
    """
    if not isinstance(value, str | list | tuple | None):
        raise UsageError(f"models must be a list of names, not {type(value).__name__}.")
    names = value.split(",") if isinstance(value, str) else value or []
    return list(dict.fromkeys(stripped for name in names if (stripped := str(name).strip())))


def graph_bytes(m: Manifest) -> int:
    """The size of both graphs in bytes."""
    return sum(entry.size for entry in m.files.values() if entry.role in ("encoder", "decoder"))
