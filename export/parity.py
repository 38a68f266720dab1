"""The proof that the graphs compute what the torch modules compute."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.export.pair import Pair
from diabolo.runtime.session.device import create_session

__all__ = ["ABSOLUTE", "BATCH_SIZES", "RELATIVE", "Proof", "prove"]

BATCH_SIZES = (1, 2, 3, 17, 64)  # a branch on the batch size would export cleanly and fail at one of them
ABSOLUTE = 1e-4  # difference that is allowed
RELATIVE = 1e-4  # of the largest magnitude in the batch, beside that


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The largest absolute differences that were seen, and on what."""

    latent: float
    image: float
    images: tuple[str, ...]  # 'random', and 'test' where there were some

    @property
    def largest(self) -> float:
        """The larger of the two."""
        return max(self.latent, self.image)

    def to_json(self) -> dict[str, Any]:
        """As model.json has it."""
        return {
            "max_abs_difference": {"latent": self.latent, "image": self.image},
            "tolerance": ABSOLUTE,
            "relative_tolerance": RELATIVE,
            "batch_sizes": list(BATCH_SIZES),
            "images": list(self.images),
        }


@torch.inference_mode()
def prove(
    pair: Pair,
    encoder: bytes,
    decoder: bytes,
    *,
    real: NDArray[np.float32] | None = None,
    seed: int | None = None,
) -> Proof:
    """Compare both graphs with the torch modules, on random and on real images, at five batch sizes.

    Args:
        pair: the torch modules.
        encoder: the bytes of encoder.onnx.
        decoder: the bytes of decoder.onnx.
        real: images `(n, *image_shape)` in [0, 1], repeated where there are fewer than a batch.
        seed: of the random images; None takes new ones every time.

    Raises:
        ExportError: they differ by more than the tolerance, or in shape.
    """
    rng = np.random.default_rng(seed)
    encode, _ = create_session(encoder, "cpu", 1)
    decode, _ = create_session(decoder, "cpu", 1)
    latent_worst = image_worst = 0.0
    kinds = ("random",) if real is None or not len(real) else ("random", "test")
    for size in BATCH_SIZES:
        for kind in kinds:
            if kind == "test" and real is not None:
                image = np.ascontiguousarray(np.resize(real, (size, *pair.image_shape)))
            else:
                image = rng.random((size, *pair.image_shape), np.float32)
            wanted = pair.encode(torch.from_numpy(image))
            at = f"at batch {size} of {kind} images"
            for index, mine in enumerate(encode.run(None, {"image": image})):
                exact = partial(_exactly, pair.encoder, torch.from_numpy(image), index)
                difference = _difference(mine, wanted[index], f"the encoder {at}", exact)
                latent_worst = max(latent_worst, difference)
            decoded = pair.decoder(wanted[0])
            answer = decode.run(None, {"latent": wanted[0].numpy()})[0]
            exact = partial(_exactly, pair.decoder, wanted[0], 0)
            image_worst = max(image_worst, _difference(answer, decoded, f"the decoder {at}", exact))
    return Proof(latent=latent_worst, image=image_worst, images=kinds)


def _exactly(module: nn.Module, batch: Tensor, index: int) -> NDArray[np.float64] | None:
    """What the module gives in float64; None where it cannot compute in that."""
    try:
        out = copy.deepcopy(module).double()(batch.double())
    except RuntimeError:  # a module of somebody else's may turn its input into float32
        return None
    tensor: Tensor = out if isinstance(out, Tensor) else out[index]
    return tensor.numpy()


def _difference(
    found: NDArray[np.float32],
    reference: Tensor,
    what: str,
    exactly: Callable[[], NDArray[np.float64] | None],
) -> float:
    """The largest difference between the graph and torch.

    Torch sums a hundred thousand products one after the other on some processors, and then rounds more than
    the tolerance: where the two differ by more, the graph is held against torch in float64.

    Raises:
        ExportError: they differ by more than the tolerance, or in shape.
    """
    wanted = reference.numpy()
    if found.shape != wanted.shape:
        raise ExportError(
            f"{what}: the graph gives shape {found.shape}, torch {wanted.shape}. Nothing was written."
        )
    largest = float(np.abs(found - wanted).max())
    allowed = ABSOLUTE + RELATIVE * float(np.abs(wanted).max())
    if not largest <= allowed and (exact := exactly()) is not None:
        largest = float(np.abs(found - exact).max())
    if not largest <= allowed:
        raise ExportError(
            f"{what}: the graph differs from torch by {largest:.2e}, more than {allowed:.2e}. "
            "Nothing was written."
        )
    return largest
