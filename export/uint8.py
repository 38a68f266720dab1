"""Graphs with images as files and cameras have them: uint8 `(batch, height, width, channels)`."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["uint8_decoder", "uint8_encoder"]


def uint8_encoder(graph: onnx.ModelProto, image_shape: tuple[int, int, int]) -> onnx.ModelProto:
    """Make the input of an encoder uint8.

    Args:
        graph: its input `image` is float32 `(batch, channels, height, width)` in [0, 1]; it does not change.
        image_shape: `(channels, height, width)`.

    Returns:
        A copy whose input `image` is uint8 `(batch, height, width, channels)`, 0 to 255.
    """
    out = _copy(graph, image_white=255)
    _rename(out.graph, "image", "image_float")
    front = [
        helper.make_node("Cast", ["image"], ["image_values"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["image_values", "image_white"], ["image_scaled"]),
        helper.make_node("Transpose", ["image_scaled"], ["image_float"], perm=[0, 3, 1, 2]),
    ]
    nodes = [*front, *out.graph.node]
    del out.graph.node[:], out.graph.input[:]
    out.graph.node.extend(nodes)
    out.graph.input.append(_uint8("image", image_shape))
    return out


def uint8_decoder(graph: onnx.ModelProto, image_shape: tuple[int, int, int]) -> onnx.ModelProto:
    """Make the output of a decoder uint8.

    Args:
        graph: its output `image` is float32 `(batch, channels, height, width)` in [0, 1]; it does not change.
        image_shape: `(channels, height, width)`.

    Returns:
        A copy whose output `image` is uint8 `(batch, height, width, channels)`, rounded.
    """
    out = _copy(graph, image_black=0, image_white=255)
    _rename(out.graph, "image", "image_float")
    out.graph.node.extend(
        [
            helper.make_node("Mul", ["image_float", "image_white"], ["image_scaled"]),
            helper.make_node("Round", ["image_scaled"], ["image_rounded"]),
            helper.make_node("Clip", ["image_rounded", "image_black", "image_white"], ["image_values"]),
            helper.make_node("Transpose", ["image_values"], ["image_turned"], perm=[0, 2, 3, 1]),
            helper.make_node("Cast", ["image_turned"], ["image"], to=TensorProto.UINT8),
        ]
    )
    del out.graph.output[:]
    out.graph.output.append(_uint8("image", image_shape))
    return out


def _copy(graph: onnx.ModelProto, **values: float) -> onnx.ModelProto:
    """A copy of the graph with these constants."""
    out = onnx.ModelProto()
    out.CopyFrom(graph)
    for name, value in values.items():
        out.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return out


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new


def _uint8(name: str, image_shape: tuple[int, int, int]) -> onnx.ValueInfoProto:
    channels, height, width = image_shape
    return helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", height, width, channels])
