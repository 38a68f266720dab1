"""One image, its latent and its reconstruction: by them anyone can tell that a pair computes as it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.pair import Pair
from diabolo.runtime.device import create_session, import_onnxruntime

__all__ = ["Golden", "golden"]

_TOLERANCE = {"cpu": 1e-4, "cuda": 5e-3, "default": 5e-3}  # the GPU's tf32 keeps three digits
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
    how much they may differ is what they do differ on `some` images, `(n, *image_shape)`, doubled.
    """
    image = pair.decoder(torch.from_numpy(codes.mean(0, keepdims=True)))
    if dtype == "fp32":
        latent = pair.encode(image)[0]
        return Golden(
            image=image.numpy(),
            latent=latent.numpy(),
            reconstruction=pair.decoder(latent).numpy(),
            tolerance=_TOLERANCE,
        )
    plain, fast = (_answers(encoder, decoder, optimised) for optimised in (False, True))
    latent, reconstruction = plain(image.numpy())
    tolerance = _TOLERANCE
    if dtype == "int8":
        seen = max(float(np.abs(a - b).max()) for a, b in zip(plain(some), fast(some), strict=True))
        tolerance = {name: value + _SPARE * seen for name, value in _TOLERANCE.items()}
    return Golden(image=image.numpy(), latent=latent, reconstruction=reconstruction, tolerance=tolerance)


def _answers(encoder: bytes, decoder: bytes, optimised: bool) -> Any:
    """Images to latents and reconstructions."""
    encode, decode = (
        create_session(graph, "cpu", 1)[0] if optimised else _as_written(graph)
        for graph in (encoder, decoder)
    )

    def both(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        latent = encode.run(["latent"], {"image": image})[0]
        return latent, decode.run(["image"], {"latent": latent})[0]

    return both


def _as_written(graph: bytes) -> Any:
    """A session that computes node by node, none of them merged or replaced."""
    ort = import_onnxruntime("cpu")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
