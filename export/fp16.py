"""Weights in fp16: files of half the size, with arithmetic in fp32.

CPUs have no fast arithmetic in fp16. onnxruntime converts the weights to fp32 once, when it loads the graph,
so that the graphs run as fast as before on every device. A weight keeps three decimal digits.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from diabolo.runtime._old_names import old_names

__all__ = ["to_fp16"]

_SMALLEST = 256  # values; converting smaller tensors saves too little
_LARGEST = 65504  # the largest value in fp16


def to_fp16(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Convert a graph's large weights to fp16, each followed by a cast to fp32.

    Args:
        graph: in fp32; it does not change.

    Returns:
        A copy. Tensors of fewer than 256 values, or with values that fp16 cannot hold, stay in fp32.
    """
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


__getattr__ = old_names(__name__, {"halved": "to_fp16"})
