"""A bundle made by hand in milliseconds, without torch: an orthonormal projection and its inverse; or, for
images of any size, a rearrangement of the pixels and the mean of 3 x 3 of them."""

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
    any_size: bool = False,
    **changes: Any,
) -> Path:
    """A bundle without codes; a latent of as many values as the image holds all of it.

    With `any_size` the model takes images of any size: its stride and its multiple are 2, its receptive
    radius 1, and `latent_shape` is ignored. It returns the mean of 3 x 3 pixels, with the edge repeated: of
    a noisy picture, one with a third of the noise. `image_shape` is that of the training crops.

    `changes` go into model.json, those of `latent` and `image` into theirs.
    """
    if any_size:
        graphs, document = _blurring_graphs(image_shape[0]), _any_size_document(image_shape)
    else:
        graphs, document = (
            _projecting_graphs(image_shape, latent_shape, batch),
            _document(image_shape, latent_shape),
        )
    folder.mkdir(parents=True)
    for name, raw in graphs.items():
        (folder / f"{name}.onnx").write_bytes(raw)
    for key in ("latent", "image"):
        document[key] |= changes.pop(key, {})
    document["files"] = {
        f"{name}.onnx": {"role": name, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        for name, raw in graphs.items()
    }
    (folder / "model.json").write_bytes(manifest.seal(document | changes))
    return folder


def _projecting_graphs(
    image_shape: tuple[int, ...], latent_shape: tuple[int, ...], batch: str | int
) -> dict[str, bytes]:
    pixels, values = prod(image_shape), prod(latent_shape)
    side = max(pixels, values)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((side, side)))
    weights = turn[:pixels, :values].astype(np.float32)
    back = np.ascontiguousarray(weights.T)
    return {
        "encoder": _graph("image", image_shape, weights, "latent", latent_shape, batch),
        "decoder": _graph("latent", latent_shape, back, "image", image_shape, batch),
    }


def _blurring_graphs(channels: int) -> dict[str, bytes]:
    image, latent = (channels, "height", "width"), (4 * channels, "rows", "columns")
    down = helper.make_node("SpaceToDepth", ["image"], ["latent"], blocksize=2)
    up = [
        helper.make_node("DepthToSpace", ["latent"], ["pixels"], blocksize=2, mode="DCR"),
        helper.make_node("Pad", ["pixels", "edges"], ["wider"], mode="edge"),
        helper.make_node("Conv", ["wider", "mean"], ["blurred"], group=channels),
        helper.make_node("Clip", ["blurred", "zero", "one"], ["image"]),
    ]
    values = [
        numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1]), "edges"),
        numpy_helper.from_array(np.full((channels, 1, 3, 3), 1 / 9, np.float32), "mean"),
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.float32(1), "one"),
    ]
    return {
        "encoder": _encoded([down], ("image", image), ("latent", latent), []),
        "decoder": _encoded(up, ("latent", latent), ("image", image), values),
    }


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
    values = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([-1, *out_shape]), "shape"),
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.float32(1), "one"),
    ]
    return _encoded(nodes, (source, shape), (target, out_shape), values, batch)


def _encoded(
    nodes: list[onnx.NodeProto],
    source: tuple[str, tuple[Any, ...]],
    target: tuple[str, tuple[Any, ...]],
    values: list[TensorProto],
    batch: str | int = "batch",
) -> bytes:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *shape])
        for name, shape in (source, target)
    ]
    graph = helper.make_graph(nodes, "graph", ends[:1], ends[1:], values)
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


def _any_size_document(image_shape: tuple[int, ...]) -> dict[str, Any]:
    channels, height, width = image_shape
    whole = (4 * channels, height // 2, width // 2)
    document = _document(image_shape, whole)
    document["image"] |= {"size": "any", "multiple": 2, "receptive_radius": 1}
    document["latent"] |= {"shape": [4 * channels, None, None], "stride": 2}
    for key in ("mean", "deviation", "minimum", "maximum"):
        document["latent"][key] = document["latent"][key][: 4 * channels]
    document["golden"]["size"] = [height, width]
    return document


def _zeros(shape: tuple[int, ...]) -> str:
    return base64.b64encode(np.zeros(shape, "<f4").tobytes()).decode()
