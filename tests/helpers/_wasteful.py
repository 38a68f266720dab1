"""Bundles whose encoder computes for ever, computes for ever once a pixel is bright, or takes much memory.

Their latents are right all the same: what they waste goes into a number that is multiplied by zero.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from _coded import save_coded
from onnx import TensorProto, helper, numpy_helper

from diabolo.runtime.bundle import manifest

ENDLESS = (1 << 63) - 1  # turns


def save_hostile(folder: Path, kind: str, name: str = "") -> Path:
    """A bundle of this kind: 'endless', 'bright' or 'large'."""
    save_coded(folder)
    path = folder / "encoder.onnx"
    model = onnx.load_from_string(path.read_bytes())
    graph = model.graph
    graph.node[-1].output[0] = "right"
    nodes, constants = {"endless": _endless, "bright": _bright, "large": _large}[kind]()
    graph.node.extend(nodes)
    graph.node.append(helper.make_node("Mul", ["wasted", "nothing"], ["naught"]))
    graph.node.append(helper.make_node("Add", ["right", "naught"], ["latent"]))
    for key, value in ({"nothing": np.float32(0)} | constants).items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), key))
    onnx.checker.check_model(model)
    raw = model.SerializeToString()
    path.write_bytes(raw)
    document = json.loads((folder / "model.json").read_text("utf-8"))
    entry = {"role": "encoder", "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    document["files"]["encoder.onnx"] = entry
    (folder / "model.json").write_bytes(manifest.seal(document | {"name": name or kind}))
    return folder


def _loop(turns: str) -> onnx.NodeProto:
    """Adds nothing to 'start', so many times."""
    scalar = [
        helper.make_tensor_value_info(name, kind, [])
        for name, kind in (
            ("turn", TensorProto.INT64),
            ("on", TensorProto.BOOL),
            ("before", TensorProto.FLOAT),
        )
    ]
    after = [
        helper.make_tensor_value_info("still", TensorProto.BOOL, []),
        helper.make_tensor_value_info("after", TensorProto.FLOAT, []),
    ]
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["still"]),
            helper.make_node("Sin", ["before"], ["after"]),
        ],
        "body",
        scalar,
        after,
    )
    return helper.make_node("Loop", [turns, "go", "start"], ["wasted"], body=body)


def _endless() -> tuple[list[onnx.NodeProto], dict[str, object]]:
    # 'start' depends on the image, so that nothing is computed before
    nodes = [helper.make_node("ReduceMax", ["image"], ["start"], keepdims=0), _loop("turns")]
    return nodes, {"turns": np.int64(ENDLESS), "go": np.bool_(True)}


def _bright() -> tuple[list[onnx.NodeProto], dict[str, object]]:
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["start"], keepdims=0),
        helper.make_node("Greater", ["start", "bright"], ["is_bright"]),
        helper.make_node("Cast", ["is_bright"], ["times"], to=TensorProto.INT64),
        helper.make_node("Mul", ["times", "many"], ["turns"]),
        _loop("turns"),
    ]
    return nodes, {"bright": np.float32(0.9), "many": np.int64(ENDLESS), "go": np.bool_(True)}


def _large() -> tuple[list[onnx.NodeProto], dict[str, object]]:
    """1.7 thousand million numbers, 6.8 GB; the shape is computed from the image's."""
    nodes = [
        helper.make_node("Shape", ["image"], ["sides"], start=1, end=2),
        helper.make_node("Mul", ["sides", "many"], ["length"]),
        helper.make_node("ReduceMax", ["image"], ["start"], keepdims=0),
        helper.make_node("Expand", ["start", "length"], ["filled"]),
        helper.make_node("ReduceMax", ["filled"], ["wasted"], keepdims=0),
    ]
    return nodes, {"many": np.array([1_700_000_000], np.int64)}
