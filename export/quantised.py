"""Weights and activations in 8 bits: a quarter of the file, and faster where the processor gains by it.

Static quantisation with quantise and dequantise nodes (QDQ), calibrated on images; Jacob et al.,
https://arxiv.org/abs/1712.05877. Only convolutions and matrix products are quantised, which hold nearly all
of the weights and the work, and of them only the large ones: a small layer gains nothing, and the one that
makes or takes a short code costs the most. Weights are quantised by output channel, to 7 bits of the 8:
processors without VNNI add pairs of products in 16 bits, which 8 bits would overflow.
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

__all__ = ["quantised"]

_KINDS = ("Conv", "Gemm", "MatMul")
_SMALLEST = 4096  # weights of a layer that is quantised


def quantised(graph: onnx.ModelProto, name: str, batches: list[NDArray[np.float32]]) -> onnx.ModelProto:
    """A copy in 8 bits.

    Args:
        graph: in float32, with one input.
        name: of that input.
        batches: what it is given in use; the activations' ranges are taken from it.
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
        logging.disable(logging.WARNING)  # it advises a preprocessing that torch's exporter has done already
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
    """The names of the layers that stay in float32."""
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.graph.initializer}
    return [
        node.name
        for node in graph.graph.node
        if node.op_type in _KINDS and max((sizes.get(name, 0) for name in node.input), default=0) < _SMALLEST
    ]
