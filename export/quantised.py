"""Weights and activations in int8: files of a quarter of the size, and faster on some processors.

Static quantisation with quantise and dequantise nodes (QDQ), calibrated on images (B. Jacob et al.,
'Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference',
https://arxiv.org/abs/1712.05877). Only convolutions and matrix products are quantised, because they have
nearly all weights and operations, and of these only large layers: a small one gains nothing, and the layers
before and after a short code are the most sensitive. Weights are quantised by output channel, to 7 of the 8
bits, because processors without VNNI add pairs of products in 16 bits, which would overflow.
"""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from diabolo.runtime._old_names import old_names

__all__ = ["quantise"]

_KINDS = ("Conv", "Gemm", "MatMul")
_SMALLEST = 4096  # weights; smaller layers are not quantised


def quantise(graph: onnx.ModelProto, name: str, batches: list[NDArray[np.float32]]) -> onnx.ModelProto:
    """Quantise a graph to 8 bits.

    Args:
        graph: in fp32, with one input; it does not change.
        name: of that input.
        batches: typical inputs, float32 `(batch, ...)`, from which the ranges of the activations are
            computed.

    Returns:
        A copy in int8.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches: Iterator[NDArray[np.float32]] = iter(batches)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            batch = next(self._batches, None)
            return None if batch is None else {name: batch}

    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    with tempfile.TemporaryDirectory(prefix="diabolo-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)  # it recommends preprocessing, which torch has done
        try:
            path = Path(folder) / "int8.onnx"
            quantize_static(
                copy,
                path,
                Reader(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(_KINDS),
                nodes_to_exclude=_small(graph),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibration_providers=["CPUExecutionProvider"],
            )
            out = onnx.load_model(path)
        finally:
            logging.disable(logging.NOTSET)
    out.ir_version = graph.ir_version
    out.producer_name, out.producer_version = graph.producer_name, ""
    return out


def _small(graph: onnx.ModelProto) -> list[str]:
    """The names of the layers that stay in fp32."""
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.graph.initializer}
    return [
        node.name
        for node in graph.graph.node
        if node.op_type in _KINDS and max((sizes.get(name, 0) for name in node.input), default=0) < _SMALLEST
    ]


__getattr__ = old_names(__name__, {"quantised": "quantise"})
