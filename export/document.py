"""Make the content of model.json."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.graphs import ir_version, oldest_runtime
from diabolo.export.pair import Pair
from diabolo.export.parity import Parity
from diabolo.export.source import Source
from diabolo.runtime.bundle.manifest import Golden
from diabolo.runtime.image.background import border_brightness
from diabolo.runtime.image.noise import NoiseSpec

__all__ = ["document"]

_COLOURS = {1: "grey", 3: "rgb"}


def document(
    source: Source,
    name: str,
    parity: Parity,
    golden: Golden,
    opset: int,
    dtype: str,
    exported: dict[str, Any],
) -> dict[str, Any]:
    """All of model.json except its list of files and its digest.

    Args:
        source: the torch modules, and what is known about them.
        name: of the model.
        parity: the differences between the graphs and the torch modules.
        golden: an image with its expected latent and reconstruction.
        opset: of the graphs.
        dtype: of the graphs.
        exported: metrics of the torch modules and of the graphs.
    """
    pair, codes = source.pair, source.codes
    return {
        "name": name,
        **{key: value for key, value in source.facts.items() if key != "image"},
        "image": _image(source),
        "latent": {
            **_latent(pair, codes),
            "prior": source.prior,
            "log_variance": pair.log_variance,
            **({"distribution": source.distribution.name} if source.distribution else {}),
        },
        "noise": _noise(source.noise),
        "exported": exported,
        "parity": parity.to_json(),
        "graphs": {
            "opset": opset,
            "ir_version": ir_version(opset),
            "dtype": dtype,
            "onnxruntime": oldest_runtime(opset),
        },
        "golden": _golden(golden, pair.any_size is not None),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tools": {
            tool: metadata.version(tool) for tool in ("diabolo", "torch", "onnx", "onnxscript", "numpy")
        },
        # pictures that have noise, which no kind describes
        **({"noise": source.facts["noise"]} if "noise" in source.facts else {}),
    }


def _latent(pair: Pair, codes: NDArray[np.float32]) -> dict[str, Any]:
    """The shape of the latent and the statistics of codes: by value, or by channel for a model of any
    size."""
    if pair.any_size:
        codes = codes.swapaxes(0, 1).reshape(len(codes[0]), -1).T
    return {
        "shape": [pair.latent_shape[0], None, None] if pair.any_size else list(pair.latent_shape),
        **({"stride": pair.any_size.latent_stride} if pair.any_size else {}),
        "mean": _floats(codes.mean(0)),
        "deviation": _floats(codes.std(0)),
        "minimum": _floats(codes.min(0)),
        "maximum": _floats(codes.max(0)),
    }


def _any_size(pair: Pair) -> dict[str, Any]:
    if pair.any_size is None:
        return {}
    return {
        "size": "any",
        "multiple": pair.any_size.multiple,
        "receptive_radius": pair.any_size.receptive_radius,
    }


def _image(source: Source) -> dict[str, Any]:
    shape = source.pair.image_shape
    return {
        "shape": list(shape),
        **_any_size(source.pair),
        "range": [0, 1],
        "colour": _COLOURS.get(shape[0], "other"),
        "background": round(float(border_brightness(source.training_images).mean()), 4),
        **source.facts.get("image", {}),
    }


def _noise(spec: NoiseSpec | None) -> dict[str, Any] | None:
    if spec is None:
        return None
    more = {} if spec.is_plain else {"spec": str(spec), **({} if spec.clip else {"clip": False})}
    return {"kind": spec.kind, "level": [spec.low, spec.high], **more}


def _golden(golden: Golden, sized: bool) -> dict[str, Any]:
    sums = {
        name: {"sum": _base64(each.values), "tolerance": each.tolerance} for name, each in golden.sums.items()
    }
    second = golden.second
    return {
        **({"size": list(golden.image.shape[2:])} if sized else {}),
        "image": _base64(golden.image),
        "latent": _base64(golden.latent),
        "reconstruction": _base64(golden.reconstruction),
        "tolerance": golden.tolerance,
        **({"sums": sums} if sums else {}),
        **({"second": _without_tolerance(second)} if second else {}),
    }


def _without_tolerance(golden: Golden) -> dict[str, Any]:
    """Of the second golden image, whose tolerance is that of the first."""
    return {key: value for key, value in _golden(golden, True).items() if key != "tolerance"}


def _floats(values: NDArray[np.float32]) -> list[float]:
    return [float(value) for value in values.ravel()]


def _base64(array: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()
