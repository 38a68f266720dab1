"""One image, its latent and its reconstruction: by them anyone can tell that a pair computes as it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.measure import answers
from diabolo.export.pair import Pair
from diabolo.runtime.device import create_session, import_onnxruntime

__all__ = ["Golden", "golden"]

# WebAssembly computes in fp32 as a processor does; a GPU's tf32 keeps three digits
_TOLERANCE = {"cpu": 1e-4, "wasm": 1e-4, "cuda": 5e-3, "default": 5e-3}
_SPARE = 2  # times the difference that was seen between two ways of computing 8-bit graphs


@dataclass(frozen=True, kw_only=True, eq=False)
class Golden:
    """What model.json says the graphs answer; batches of one, float32.

    Attributes:
        image: `(1, *image_shape)` in [0, 1].
        latent: `(1, *latent_shape)`, the encoder's answer.
        reconstruction: `(1, *image_shape)`, the decoder's answer to that.
        tolerance: largest absolute difference allowed, by provider, with a 'default'.
    """

    image: NDArray[np.float32]
    latent: NDArray[np.float32]
    reconstruction: NDArray[np.float32]
    tolerance: dict[str, float]


@torch.inference_mode()
def golden(
    pair: Pair,
    codes: NDArray[np.float32],
    encoder: bytes,
    decoder: bytes,
    dtype: str,
    some: NDArray[np.float32],
) -> Golden:
    """The golden image, a decoded mean code, so that no image of a data set travels in a bundle.

    The answers are torch's for graphs in float32, and otherwise the graphs' own, computed node by node as
    they are written. 8-bit kernels round at other places than that, a little differently on each processor;
    how much they may differ is what they do differ on `some` images, `(n, *image_shape)`, doubled. The other
    tolerances are in units of the largest latent, where that is over 1.
    """
    image = pair.decoder(torch.from_numpy(codes.mean(0, keepdims=True)))
    torchs = pair.encode(image)[0]
    latent, reconstruction, rounding = torchs.numpy(), pair.decoder(torchs).numpy(), 0.0
    if dtype != "fp32":
        plain = answers(_as_written(encoder), _as_written(decoder))
        latent, reconstruction = plain(image.numpy())
        if dtype == "int8":
            fast = answers(*(create_session(raw, "cpu", 1)[0] for raw in (encoder, decoder)))
            rounding = max(float(np.abs(a - b).max()) for a, b in zip(plain(some), fast(some), strict=True))
    scale = max(1.0, float(np.abs(latent).max()))
    return Golden(
        image=image.numpy(),
        latent=latent,
        reconstruction=reconstruction,
        tolerance={name: scale * value + _SPARE * rounding for name, value in _TOLERANCE.items()},
    )


def _as_written(graph: bytes) -> Any:
    """A session that computes node by node, none of them merged or replaced."""
    ort = import_onnxruntime("cpu")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
