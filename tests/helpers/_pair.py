"""A bundle made by hand in milliseconds, without torch: an orthonormal projection and its inverse."""

from __future__ import annotations

import base64
import hashlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diabolo.runtime.bundle import manifest


def save_pair(
    folder: Path,
    *,
    image_shape: tuple[int, int, int] = (1, 8, 8),
    latent_shape: tuple[int, ...] = (2, 4, 4),
    batch: str | int = "batch",
    **changes: Any,
) -> Path:
    """A bundle without codes; a latent of as many values as the image holds all of it.

    `changes` go into model.json, those of `latent` and `image` into theirs.
    """
    pixels, values = prod(image_shape), prod(latent_shape)
    side = max(pixels, values)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((side, side)))
    weights = turn[:pixels, :values].astype(np.float32)
    folder.mkdir(parents=True)
    graphs = {
        "encoder": _graph("image", image_shape, weights, "latent", latent_shape, batch),
        "decoder": _graph(
            "latent", latent_shape, np.ascontiguousarray(weights.T), "image", image_shape, batch
        ),
    }
    for name, raw in graphs.items():
        (folder / f"{name}.onnx").write_bytes(raw)
    document = _document(image_shape, latent_shape)
    for key in ("latent", "image"):
        document[key] |= changes.pop(key, {})
    document["files"] = {
        f"{name}.onnx": {"role": name, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        for name, raw in graphs.items()
    }
    (folder / "model.json").write_bytes(manifest.seal(document | changes))
    return folder


def _graph(
    source: str,
    shape: tuple[int, ...],
    weights: np.ndarray,
    target: str,
    out_shape: tuple[int, ...],
    batch: str | int,
) -> bytes:
    last = "kept" if target == "image" else target
    nodes = [
        helper.make_node("Flatten", [source], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], [last]),
    ]
    if target == "image":
        nodes.append(helper.make_node("Clip", [last, "zero", "one"], [target]))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, [batch, *out_shape])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([-1, *out_shape]), "shape"),
            numpy_helper.from_array(np.float32(0), "zero"),
            numpy_helper.from_array(np.float32(1), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    raw: bytes = model.SerializeToString()
    return raw


def _document(image_shape: tuple[int, ...], latent_shape: tuple[int, ...]) -> dict[str, Any]:
    count = prod(latent_shape)
    return {
        "name": "by-hand",
        "summary": "a projection",
        "variant": "projection",
        "network": "one matrix",
        "image": {
            "shape": list(image_shape),
            "range": [0, 1],
            "colour": {1: "grey", 3: "rgb"}.get(image_shape[0], "other"),
            "background": 0.0,
        },
        "latent": {
            "shape": list(latent_shape),
            "mean": [0.5] * count,
            "deviation": [2.0] * (count - 1) + [0.0],
            "minimum": [-4.0] * count,
            "maximum": [4.0] * count,
            "prior": None,
            "log_variance": False,
        },
        "noise": None,
        "dataset": {"name": "none", "classes": []},
        "metrics": {"mse": 0.01},
        "parity": {
            "max_abs_difference": {"latent": 0.0, "image": 0.0},
            "tolerance": 1e-4,
            "batch_sizes": [1],
        },
        "graphs": {"opset": 18, "dtype": "fp32"},
        "golden": {
            "image": _zeros(image_shape),
            "latent": _zeros(latent_shape),
            "reconstruction": _zeros(image_shape),
            "tolerance": {"default": 1e-4},
        },
    }


def _zeros(shape: tuple[int, ...]) -> str:
    return base64.b64encode(np.zeros(shape, "<f4").tobytes()).decode()
