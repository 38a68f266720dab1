"""ONNX for operators of torch that its exporter does not know."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18

__all__ = ["translations"]

op: Any = opset18
_FEW = 25  # points above which torch, too, computes Euclidean distances from a matrix product


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Functions that write an operator's nodes, for `torch.onnx.export`."""
    return {torch.ops.aten._cdist_forward.default: _cdist}


def _cdist(x1: Any, x2: Any, p: float, compute_mode: int | None = None) -> Any:
    """`torch.cdist`: the distances of points `(..., n, dim)` to points `(..., m, dim)`, as `(..., n, m)`."""
    points = x2.shape[-2]
    if p == 2 and compute_mode != 2 and isinstance(points, int) and points > _FEW:
        return _by_product(x1, x2)
    apart = op.Sub(
        op.Unsqueeze(x1, op.Constant(value_ints=[-2])), op.Unsqueeze(x2, op.Constant(value_ints=[-3]))
    )
    axis = op.Constant(value_ints=[-1])
    if p == 2:
        return op.ReduceL2(apart, axis, keepdims=0)
    if p == 1:
        return op.ReduceL1(apart, axis, keepdims=0)
    if p == math.inf:
        return op.ReduceMax(op.Abs(apart), axis, keepdims=0)
    power = op.Constant(value_float=float(p))
    inverse = op.Constant(value_float=1 / p)
    return op.Pow(op.ReduceSum(op.Pow(op.Abs(apart), power), axis, keepdims=0), inverse)


def _by_product(x1: Any, x2: Any) -> Any:
    """|a - b|^2 = |a|^2 - 2ab + |b|^2, without a value for each pair and dimension."""
    last = op.Constant(value_ints=[-1])
    first = op.ReduceSumSquare(x1, last, keepdims=1)
    rank = len(x2.shape)
    turned = op.Transpose(x2, perm=[*range(rank - 2), rank - 1, rank - 2])
    second = op.ReduceSumSquare(turned, op.Constant(value_ints=[-2]), keepdims=1)
    product = op.MatMul(x1, turned)
    squares = op.Add(op.Sub(first, op.Mul(op.Constant(value_float=2.0), product)), second)
    return op.Sqrt(op.Max(squares, op.Constant(value_float=0.0)))
