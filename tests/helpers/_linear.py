"""A small bundle of a linear model, written by hand."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.runtime.bundle.manifest import seal

SHAPE, LATENT = (1, 28, 28), 8


def make_bundle(folder: Path, name: str = "tiny", **changes: Any) -> Path:
    """A bundle whose encoder is a projection and whose decoder is its transpose with a sigmoid."""
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir()
    size = int(np.prod(SHAPE))
    weight = np.random.default_rng(0).normal(0, size**-0.5, (size, LATENT)).astype(np.float32)

    def save(role: str, nodes: list[Any], constants: dict[str, Any], given: Any, made: Any) -> None:
        values = [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", *shape])
            for n, shape in (given, made)
        ]
        graph = helper.make_graph(
            nodes,
            role,
            values[:1],
            values[1:],
            [numpy_helper.from_array(value, key) for key, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        (folder / f"{role}.onnx").write_bytes(model.SerializeToString())

    image, latent = ("image", SHAPE), ("latent", (LATENT,))
    flat, back = np.array([0, size], np.int64), np.array([0, *SHAPE], np.int64)
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["latent"]),
    ]
    save("encoder", nodes, {"shape": flat, "w": weight}, image, latent)
    nodes = [
        helper.make_node("MatMul", ["latent", "w"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["image"]),
    ]
    save("decoder", nodes, {"shape": back, "w": np.ascontiguousarray(weight.T)}, latent, image)
    codes = np.random.default_rng(1).normal(size=(20, LATENT)).astype(np.float32)
    np.savez(folder / "codes.npz", codes=codes)
    roles = {"encoder.onnx": "encoder", "decoder.onnx": "decoder", "codes.npz": "codes"}
    document = {
        "name": name,
        "variant": "linear",
        "network": "dense",
        "image": {"shape": list(SHAPE), "range": [0, 1], "colour": "grey", "background": 0.0},
        "latent": {
            "shape": [LATENT],
            "mean": [0.0] * LATENT,
            "deviation": [1.0] * LATENT,
            "minimum": [-3.0] * LATENT,
            "maximum": [3.0] * LATENT,
            "prior": None,
            "log_variance": False,
        },
        "noise": None,
        "dataset": {"name": "none", "classes": []},
        "metrics": {},
        "parity": {"max_abs_difference": {"latent": 0, "image": 0}, "tolerance": 1e-4, "batch_sizes": [1]},
        "graphs": {"opset": 18, "dtype": "fp32"},
        "files": {file: {"role": role, **_entry(folder / file)} for file, role in roles.items()},
        "golden": {
            "image": _zeros(size),
            "latent": _zeros(LATENT),
            "reconstruction": _zeros(size),
            "tolerance": {"default": 1.0},
        },
    }
    (folder / "model.json").write_bytes(seal(document | changes))
    return folder


def _entry(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    return {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}


def _zeros(count: int) -> str:
    return base64.b64encode(bytes(4 * count)).decode()
