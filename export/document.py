"""model.json: what is said of a pair and its graphs."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.export.graphs import ir_version, oldest_runtime
from diabolo.export.parity import Proof
from diabolo.export.source import Source
from diabolo.runtime.bundle.manifest import Golden
from diabolo.runtime.image.background import border_brightness

__all__ = ["document"]

_COLOURS = {1: "grey", 3: "rgb"}


def document(
    source: Source, name: str, proof: Proof, golden: Golden, opset: int, dtype: str, exported: dict[str, Any]
) -> dict[str, Any]:
    """All of model.json but its list of files and its digest."""
    pair, facts, codes = source.pair, dict(source.facts), source.codes
    fitting = facts.pop("image", {})
    return {
        "name": name,
        **facts,
        "image": {
            "shape": list(pair.image_shape),
            "range": [0, 1],
            "colour": _COLOURS.get(pair.image_shape[0], "other"),
            "background": round(float(border_brightness(source.learned).mean()), 4),
            **fitting,
        },
        "latent": {
            "shape": list(pair.latent_shape),
            "mean": _floats(codes.mean(0)),
            "deviation": _floats(codes.std(0)),
            "minimum": _floats(codes.min(0)),
            "maximum": _floats(codes.max(0)),
            "prior": source.prior,
            "log_variance": pair.log_variance,
            **({"distribution": source.codebook.name} if source.codebook else {}),
        },
        "noise": None
        if source.noise is None
        else {"kind": source.noise.kind, "level": [source.noise.low, source.noise.high]},
        "exported": exported,
        "parity": proof.to_json(),
        "graphs": {
            "opset": opset,
            "ir_version": ir_version(opset),
            "dtype": dtype,
            "onnxruntime": oldest_runtime(opset),
        },
        "golden": {
            "image": _base64(golden.image),
            "latent": _base64(golden.latent),
            "reconstruction": _base64(golden.reconstruction),
            "tolerance": golden.tolerance,
            **_summed(golden),
        },
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tools": {
            tool: metadata.version(tool) for tool in ("diabolo", "torch", "onnx", "onnxscript", "numpy")
        },
    }


def _summed(golden: Golden) -> dict[str, Any]:
    all_ = {
        what: {"sum": _base64(each.values), "tolerance": each.tolerance} for what, each in golden.sums.items()
    }
    return {"sums": all_} if all_ else {}


def _floats(values: NDArray[np.float32]) -> list[float]:
    return [float(value) for value in values.ravel()]


def _base64(array: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()
