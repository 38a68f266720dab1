"""The proof that the graphs compute what the torch model computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.errors import ExportError
from diabolo.runtime.device import create_session
from diabolo.train.model import Model

__all__ = ["BATCH_SIZES", "TOLERANCE", "Proof", "prove"]

BATCH_SIZES = (1, 2, 3, 17)  # a branch on the batch size would export cleanly and fail at one of them
TOLERANCE = 1e-4  # of the latents' largest magnitude for latents, absolute for images


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The largest absolute differences that were seen."""

    latent: float
    image: float

    @property
    def largest(self) -> float:
        """The larger of the two."""
        return max(self.latent, self.image)


@torch.inference_mode()
def prove(model: Model, encoder: bytes, decoder: bytes, *, seed: int | None = None) -> Proof:
    """Compare both graphs with the torch model on fresh random images, at four batch sizes.

    Args:
        model: the torch model, on the CPU, in eval mode.
        encoder: the bytes of encoder.onnx.
        decoder: the bytes of decoder.onnx.
        seed: of the images; None takes new ones every time.

    Raises:
        ExportError: they differ by more than the tolerance, or in shape.
    """
    rng = np.random.default_rng(seed)
    encode, _ = create_session(encoder, "cpu", 1)
    decode, _ = create_session(decoder, "cpu", 1)
    latent_worst = image_worst = 0.0
    for size in BATCH_SIZES:
        image = rng.random((size, *model.image_shape), np.float32)
        code = model.encode(torch.from_numpy(image))
        wanted = [value.numpy() for value in (code.latent, code.log_variance) if value is not None]
        found = encode.run(None, {"image": image})
        for mine, theirs in zip(found, wanted, strict=True):
            scale = max(1.0, float(np.abs(theirs).max()))
            latent_worst = max(latent_worst, _difference(mine, theirs, f"encoder at batch {size}", scale))
        decoded = model.decode(code.latent).numpy()
        answer = decode.run(None, {"latent": wanted[0]})[0]
        image_worst = max(image_worst, _difference(answer, decoded, f"decoder at batch {size}", 1.0))
    return Proof(latent=latent_worst, image=image_worst)


def _difference(found: Any, wanted: NDArray[np.float32], what: str, scale: float) -> float:
    if found.shape != wanted.shape:
        raise ExportError(
            f"{what}: the graph gives shape {found.shape}, torch {wanted.shape}. Nothing was written."
        )
    largest = float(np.abs(found - wanted).max())
    if not largest <= TOLERANCE * scale:
        raise ExportError(
            f"{what}: the graph differs from torch by {largest:.1e}, more than {TOLERANCE * scale:.0e}. "
            "Nothing was written."
        )
    return largest
