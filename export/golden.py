"""The golden image with its latent and its reconstruction, by which anyone can check the graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.bundle.fingerprint import fingerprint
from diabolo.runtime.bundle.manifest import Golden, Sum
from diabolo.runtime.session.device import create_session, import_onnxruntime

__all__ = ["golden"]

_NAMES = ("latent", "log_variance")  # of the outputs of `Pair.encode`
_Array = NDArray[np.float32]


class _Implementation(NamedTuple):
    """Two functions that compute the encoder and the decoder."""

    encode: Callable[[_Array], dict[str, _Array]]
    decode: Callable[[_Array], _Array]


# WebAssembly computes in fp32 like a CPU; tf32 on a GPU keeps three digits
_TOLERANCE = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 5e-3, "default": 5e-3}
# for a sum of some hundred outputs: rounding errors mostly cancel out; those of tf32 grow with the root
_SUM = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 8e-2, "default": 8e-2}
_INT8_SUM = {"cpu": 5e-2, "wasm": 5e-1, "cuda": 5e-1, "default": 5e-1}
_SEED = 0
_SIDES = (24, 24), (16, 40)  # pixels of the pictures for a model of any size, at least
_MARGIN = 2  # times the difference that was measured between two implementations


@torch.inference_mode()
def golden(
    pair: Pair,
    codes: NDArray[np.float32],
    encoder: bytes,
    decoder: bytes,
    dtype: str,
    images: NDArray[np.float32],
    stored: NDArray[np.float32] | None,
) -> Golden:
    """Make the golden image with the expected outputs and tolerances.

    The image is a decoded mean code, so that no image of a data set is distributed with a bundle. The
    expected outputs are torch's for graphs in fp32; for others, they are the graphs' own, computed node by
    node without optimisation. For a model of any size there are two synthetic pictures of different sizes
    instead. A tolerance is relative to the largest latent, if that is above 1. It includes twice the
    difference that onnxruntime's fused kernels cause on the golden image and on `images`: in int8 they round
    at other places, differently on each processor.

    Args:
        pair: the torch modules.
        codes: of training images, `(n, *latent_shape)`.
        encoder: the bytes of encoder.onnx.
        decoder: the bytes of decoder.onnx.
        dtype: of the graphs.
        images: some training images, `(m, *image_shape)` in [0, 1].
        stored: the codes in the bundle, `(k, *latent_shape)`, for the fingerprint; None without codes.
    """
    optimised = _of_sessions(*(create_session(graph, "cpu", 1)[0] for graph in (encoder, decoder)))
    first: _Array | None = None
    if pair.any_size:
        first, other = _pictures(pair.image_shape[0], pair.any_size.multiple)
    if dtype == "fp32":
        reference = _of_torch(pair)
    else:
        reference = _of_sessions(_unoptimised(encoder), _unoptimised(decoder))
    image = first
    if image is None:
        image = pair.decoder(torch.from_numpy(codes.mean(0, keepdims=True))).numpy()
    latent = reference.encode(image)["latent"]
    if pair.any_size:
        stored = latent
    rounding = max(_difference(reference, optimised, batch) for batch in (images, image))
    return Golden(
        image=image,
        latent=latent,
        reconstruction=reference.decode(latent),
        tolerance=_allowed(_TOLERANCE, float(np.abs(latent).max()), rounding),
        sums={} if stored is None else _sums(reference, optimised, stored, image.shape[1:], dtype),
        second=_second(reference, other) if pair.any_size else None,
    )


def _second(reference: _Implementation, image: _Array) -> Golden:
    latent = reference.encode(image)["latent"]
    return Golden(image=image, latent=latent, reconstruction=reference.decode(latent), tolerance={}, sums={})


def _pictures(channels: int, multiple: int) -> list[_Array]:
    """Two synthetic pictures of different sizes: a gradient with noise, `(1, channels, height, width)`."""
    rng = np.random.default_rng(_SEED)
    drawn = []
    for height, width in _SIDES:
        down, across = (-(-side // multiple) * multiple for side in (height, width))
        ramp = np.linspace(0, 0.8, down * across, dtype=np.float32).reshape(1, 1, down, across)
        noise = rng.random((1, channels, down, across), np.float32)
        drawn.append((ramp + np.float32(0.2) * noise).astype(np.float32))
    return drawn


def _sums(
    reference: _Implementation,
    optimised: _Implementation,
    codes: _Array,
    image_shape: tuple[int, ...],
    dtype: str,
) -> dict[str, Sum]:
    base = _INT8_SUM if dtype == "int8" else _SUM
    expected, other = (fingerprint(*each, codes, image_shape) for each in (reference, optimised))
    return {
        name: Sum(
            values=total.values,
            tolerance=_allowed(base, total.largest, float(np.abs(total.values - other[name].values).max())),
        )
        for name, total in expected.items()
    }


def _allowed(base: dict[str, float], largest: float, measured: float) -> dict[str, float]:
    return {name: max(1.0, largest) * value + _MARGIN * measured for name, value in base.items()}


def _difference(one: _Implementation, other: _Implementation, images: _Array) -> float:
    """The largest difference of latents and of reconstructions."""
    a, b = one.encode(images)["latent"], other.encode(images)["latent"]
    pairs = (a, b), (one.decode(a), other.decode(b))
    return max(float(np.abs(x - y).max()) for x, y in pairs)


def _of_torch(pair: Pair) -> _Implementation:
    return _Implementation(
        lambda image: dict(zip(_NAMES, map(_numpy, pair.encode(torch.from_numpy(image))), strict=False)),
        lambda latent: _numpy(pair.decoder(torch.from_numpy(latent))),
    )


def _numpy(tensor: torch.Tensor) -> _Array:
    array: _Array = tensor.numpy()
    return array


def _of_sessions(encoder: Any, decoder: Any) -> _Implementation:
    names = [output.name for output in encoder.get_outputs()]
    return _Implementation(
        lambda image: dict(zip(names, encoder.run(names, {"image": image}), strict=True)),
        lambda latent: decoder.run(["image"], {"latent": latent})[0],
    )


def _unoptimised(graph: bytes) -> Any:
    """A session that computes node by node, without fusing or replacing any."""
    ort = import_onnxruntime("cpu")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
