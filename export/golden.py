"""One image, its latent and its reconstruction: by them anyone can tell that a pair computes as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.bundle.fingerprint import fingerprint
from diabolo.runtime.bundle.manifest import Golden, Sum
from diabolo.runtime.session.device import create_session, import_onnxruntime

__all__ = ["golden"]

_NAMES = ("latent", "log_variance")  # of what `Pair.encode` gives, one or two
_Array = NDArray[np.float32]
_Ways = tuple[Callable[[_Array], dict[str, _Array]], Callable[[_Array], _Array]]  # to encode, to decode

# WebAssembly computes in fp32 as a processor does; a GPU's tf32 keeps three digits
_TOLERANCE = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 5e-3, "default": 5e-3}
# of a sum of some hundred answers: rounding mostly cancels out; tf32's grows by the root of their number
_SUM = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 8e-2, "default": 8e-2}
_SUM_OF_STEPS = {"cpu": 5e-2, "wasm": 5e-1, "cuda": 5e-1, "default": 5e-1}  # of 8-bit graphs
_SPARE = 2  # times the difference that was seen between two ways of computing


@torch.inference_mode()
def golden(
    pair: Pair,
    codes: NDArray[np.float32],
    encoder: bytes,
    decoder: bytes,
    dtype: str,
    some: NDArray[np.float32],
    brought: NDArray[np.float32] | None,
) -> Golden:
    """The golden image, a decoded mean code, so that no image of a data set travels in a bundle.

    The answers are torch's for graphs in float32, and otherwise the graphs' own, computed node by node as
    they are written. A tolerance is in units of the largest latent, where that is over 1, and has twice what
    onnxruntime's merged kernels differ from these answers on it and on `some` images, `(n, *image_shape)`:
    those of 8 bits round at other places, a little differently on each processor. `brought` are the codes
    that the bundle brings, `(n, *latent_shape)`, if any: their sums are made and bounded in the same way.
    """
    fast = _of(*(create_session(graph, "cpu", 1)[0] for graph in (encoder, decoder)))
    plain = _of_torch(pair) if dtype == "fp32" else _of(_as_written(encoder), _as_written(decoder))
    image = pair.decoder(torch.from_numpy(codes.mean(0, keepdims=True))).numpy()
    latent = plain[0](image)["latent"]
    rounding = max(_difference(plain, fast, images) for images in (some, image))
    return Golden(
        image=image,
        latent=latent,
        reconstruction=plain[1](latent),
        tolerance=_allowed(_TOLERANCE, float(np.abs(latent).max()), rounding),
        sums={} if brought is None else _sums(plain, fast, brought, pair.image_shape, dtype),
    )


def _sums(
    plain: _Ways, fast: _Ways, brought: _Array, image_shape: tuple[int, int, int], dtype: str
) -> dict[str, Sum]:
    base = _SUM_OF_STEPS if dtype == "int8" else _SUM
    right, other = (fingerprint(*ways, brought, image_shape) for ways in (plain, fast))
    return {
        name: Sum(
            values=total.values,
            tolerance=_allowed(base, total.largest, float(np.abs(total.values - other[name].values).max())),
        )
        for name, total in right.items()
    }


def _allowed(base: dict[str, float], largest: float, seen: float) -> dict[str, float]:
    return {name: max(1.0, largest) * value + _SPARE * seen for name, value in base.items()}


def _difference(one: _Ways, other: _Ways, images: _Array) -> float:
    """The largest of latents and of reconstructions."""
    latents = [encode(images)["latent"] for encode, _ in (one, other)]
    both = (latents, [decode(latent) for (_, decode), latent in zip((one, other), latents, strict=True)])
    return max(float(np.abs(a - b).max()) for a, b in both)


def _of_torch(pair: Pair) -> _Ways:
    return (
        lambda image: dict(zip(_NAMES, map(_numpy, pair.encode(torch.from_numpy(image))), strict=False)),
        lambda latent: _numpy(pair.decoder(torch.from_numpy(latent))),
    )


def _numpy(tensor: torch.Tensor) -> _Array:
    array: _Array = tensor.numpy()
    return array


def _of(encoder: Any, decoder: Any) -> _Ways:
    names = [output.name for output in encoder.get_outputs()]
    return (
        lambda image: dict(zip(names, encoder.run(names, {"image": image}), strict=True)),
        lambda latent: decoder.run(["image"], {"latent": latent})[0],
    )


def _as_written(graph: bytes) -> Any:
    """A session that computes node by node, none of them merged or replaced."""
    ort = import_onnxruntime("cpu")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
