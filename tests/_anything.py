"""Arguments of every kind, for property tests: whatever is given, the answer is right or a DiaboloError."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diabolo.runtime import DiaboloError

_DTYPES = ["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "g", "c8", "U3", "S2", "O", "M8[s]", ">f4"]
_SHAPES = [
    (),
    (0,),
    (1,),
    (2, 3),
    (8, 8),
    (0, 8, 8),
    (1, 8, 8),
    (1, 1, 8, 8),
    (4,),
    (2, 4),
    (0, 4),
    (1, 1, 1, 1, 1),
]


def _array(dtype: str, shape: tuple[int, ...], fill: float, turned: bool) -> np.ndarray:
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        array = np.full((*shape, 2), 0, dtype) if turned else np.zeros(shape, dtype)
        if dtype not in ("U3", "S2", "M8[s]"):
            array[...] = np.asarray(fill).astype(dtype)
    return array[..., 0].T.T if turned else array  # every second value: not contiguous


arrays = st.builds(
    _array,
    st.sampled_from(_DTYPES),
    st.sampled_from(_SHAPES),
    st.sampled_from([0.0, 1.0, 0.5, -1.0, 255.0, 1e30, 3e38, 1e300, np.nan, np.inf, -np.inf]),
    st.booleans(),
)
_NUMBERS = [0, 1, 2, -1, 10**9, 10**30, -(10**30), 2.5, float("nan"), float("inf"), True, 1j]
_NUMPY = [np.int64(3), np.uint8(2), np.float32(0.5), np.float64("nan"), np.bool_(True), np.array(2)]
_TEXTS = ["", "a", "\0", "x" * 5000, "\udc80", b"", b"\x89PNG", bytearray(b"x"), ["a"], (1, "a")]
_OTHERS = [
    None,
    object(),
    object,
    {},
    {"a": 1},
    set(),
    {1},
    [],
    [[]],
    [[1, 2], [3]],
    [None],
    (),
    range(3),
    len,
]
_TENSORS = [torch.zeros(2, 4), torch.zeros(2, 4, device="meta"), torch.zeros(8, 8, dtype=torch.bfloat16)]
others = st.sampled_from([*_NUMBERS, *_NUMPY, *_TEXTS, *_OTHERS, *_TENSORS])
anything: st.SearchStrategy[Any] = st.one_of(arrays, others, hnp.arrays("f4", hnp.array_shapes()))


def public(module: Any) -> dict[str, tuple[type | None, Callable[..., Any]]]:
    """The functions of a module's `__all__`, and the public methods of its classes, with their class."""
    found: dict[str, tuple[type | None, Callable[..., Any]]] = {}
    for name in module.__all__:
        thing = getattr(module, name)
        if not inspect.isclass(thing):
            found[name] = (None, thing)
        elif not (issubclass(thing, Exception) or getattr(thing, "_is_protocol", False)):
            for method, _ in inspect.getmembers(thing, callable):
                if not method.startswith("_"):
                    found[f"{name}.{method}"] = (thing, getattr(thing, method))
    return found


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of a function's parameters, without `self`."""
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    return [
        name
        for name, one in inspect.signature(function).parameters.items()
        if one.kind in kinds and name != "self"
    ]


def answered(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What a function returns; or None where it raises a DiaboloError. Warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return function(**arguments)
        except DiaboloError as error:
            return None if str(error) else pytest.fail("an error without a message")
