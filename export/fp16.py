"""Weights stored in half precision: half the file, the arithmetic as before.

A processor has no fast arithmetic on 16-bit floats, and onnxruntime widens the weights once, when it loads
the graph: so the pair runs as fast as the full one everywhere. A weight keeps three decimal digits.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["halved"]

_SMALLEST = 256  # values; smaller tensors save nothing worth a node
_LARGEST = 65504  # that a 16-bit float holds


def halved(graph: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose large weights are float16, each followed by a cast to float32."""
    out = onnx.ModelProto()
    out.CopyFrom(graph)
    casts = []
    for tensor in out.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALLEST or np.abs(values).max() > _LARGEST:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(
            helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.widened", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *out.graph.node]
    del out.graph.node[:]
    out.graph.node.extend(nodes)
    return out
