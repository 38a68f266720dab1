"""One image, its latent and its reconstruction: by them anyone can tell that a pair computes as it should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.measure import answers
from diabolo.export.pair import Pair
from diabolo.runtime.device import create_session, import_onnxruntime
from diabolo.runtime.sums import sums

__all__ = ["Golden", "golden"]

_Answers = Sequence[NDArray[np.float32]]
_Call = Callable[[NDArray[np.float32]], NDArray[np.float32]]

# WebAssembly computes in fp32 as a processor does; a GPU's tf32 keeps three digits
_TOLERANCE = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 5e-3, "default": 5e-3}
_SPARE = 2  # times the difference that was seen between two ways of computing 8-bit graphs
# of a sum of some hundred answers: rounding adds up to little, tf32's to the root of their number
_SUM_TOLERANCE = {"cpu": 2e-4, "wasm": 2e-4, "cuda": 8e-2, "default": 8e-2}
_STEPS = {
    "cpu": 5e-2,
    "wasm": 5e-1,
    "cuda": 5e-1,
    "default": 5e-1,
}  # of 8-bit graphs: some steps between values


@dataclass(frozen=True, kw_only=True, eq=False)
class Golden:
    """What model.json says the graphs answer; batches of one, float32.

    Attributes:
        image: `(1, *image_shape)` in [0, 1].
        latent: `(1, *latent_shape)`, the encoder's answer.
        reconstruction: `(1, *image_shape)`, the decoder's answer to that.
        tolerance: largest absolute difference allowed, by provider, with a 'default'.
        sums: of latents and of images of many codes, by `diabolo.runtime.sums`; None: no codes.
        sums_tolerance: of the latents' sum and of the images', each as `tolerance`.
    """

    image: NDArray[np.float32]
    latent: NDArray[np.float32]
    reconstruction: NDArray[np.float32]
    tolerance: dict[str, float]
    sums: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    sums_tolerance: tuple[dict[str, float], ...]


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
    they are written. 8-bit kernels round at other places than that, a little differently on each processor;
    how much they may differ is what they do differ on `some` images, `(n, *image_shape)`, doubled. The other
    tolerances are in units of the largest latent, where that is over 1. `brought` are the codes that the
    bundle brings, `(n, *latent_shape)`, if it brings any: they have sums of the same kind.
    """
    image = pair.decoder(torch.from_numpy(codes.mean(0, keepdims=True)))
    torchs = pair.encode(image)[0]
    latent, reconstruction, rounding = torchs.numpy(), pair.decoder(torchs).numpy(), 0.0
    blurred, base = np.zeros(2), _STEPS if dtype == "int8" else _SUM_TOLERANCE
    ways = _of_torch(pair)
    if dtype != "fp32":
        sessions = _as_written(encoder), _as_written(decoder)
        plain, ways = answers(*sessions), _of(*sessions)
        latent, reconstruction = plain(image.numpy())
    added = None if brought is None else sums(*ways, brought, pair.image_shape)
    if dtype == "int8":
        sessions = create_session(encoder, "cpu", 1)[0], create_session(decoder, "cpu", 1)[0]
        rounding = _differences(plain(some), answers(*sessions)(some)).max()
        if added and brought is not None:
            blurred = _differences(added, sums(*_of(*sessions), brought, pair.image_shape))
    scale = max(1.0, float(np.abs(latent).max()))
    return Golden(
        image=image.numpy(),
        latent=latent,
        reconstruction=reconstruction,
        tolerance={name: scale * value + _SPARE * rounding for name, value in _TOLERANCE.items()},
        sums=added,
        sums_tolerance=tuple(
            {name: scale * value + _SPARE * float(seen) for name, value in base.items()}
            for scale, seen in zip((_usual(brought), 1.0), blurred, strict=True)
        ),
    )


def _usual(latents: NDArray[np.float32] | None) -> float:
    """How large a latent's values are, where that is over 1."""
    return 1.0 if latents is None else max(1.0, float(np.abs(latents).mean()))


def _differences(one: _Answers, other: _Answers) -> NDArray[np.float64]:
    """The largest of the latents, the largest of the images."""
    return np.array([float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True)])


def _of_torch(pair: Pair) -> tuple[_Call, _Call]:
    """Encoder and decoder, from arrays to arrays."""
    return (
        lambda image: pair.encode(torch.from_numpy(image))[0].numpy(),
        lambda latent: pair.decoder(torch.from_numpy(latent)).numpy(),
    )


def _of(encoder: Any, decoder: Any) -> tuple[_Call, _Call]:
    """The same of two sessions."""
    return (
        lambda image: encoder.run(["latent"], {"image": image})[0],
        lambda latent: decoder.run(["image"], {"latent": latent})[0],
    )


def _as_written(graph: bytes) -> Any:
    """A session that computes node by node, none of them merged or replaced."""
    ort = import_onnxruntime("cpu")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
