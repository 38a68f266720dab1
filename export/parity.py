"""Parity: compare the graphs with the torch modules that they were exported from."""

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
from diabolo.runtime._old_names import old_names
from diabolo.runtime.session.device import create_session

__all__ = ["ABSOLUTE", "BATCH_SIZES", "RELATIVE", "Parity", "check_parity"]

BATCH_SIZES = (
    1,
    2,
    3,
    17,
    64,
)  # a branch on the batch size would fail at one of these
ABSOLUTE = 1e-4  # the difference that is allowed, plus ...
STEPS = (1, 1), (3, 5), (7, 2), (9, 13)  # sides in multiples, for a model of any size, beside its crops'
_LARGEST_BATCH = 3  # of such a model
RELATIVE = 1e-4  # ... this share of the largest magnitude in the batch


@dataclass(frozen=True, kw_only=True)
class Parity:
    """The largest absolute differences between the graphs and the torch modules.

    Attributes:
        latent: of the encoders' outputs.
        image: of the decoders' outputs.
        images: which images were compared: 'random', and 'test' if there are any.
        batch_sizes: at which they were compared.
        sides: the heights and widths at which they were compared; empty for a model of one size.
    """

    latent: float
    image: float
    images: tuple[str, ...]
    batch_sizes: tuple[int, ...] = BATCH_SIZES
    sides: tuple[tuple[int, int], ...] = ()

    @property
    def largest(self) -> float:
        """The larger one of the two differences."""
        return max(self.latent, self.image)

    def to_json(self) -> dict[str, Any]:
        """The key `parity` of model.json."""
        return {
            "max_abs_difference": {"latent": self.latent, "image": self.image},
            "tolerance": ABSOLUTE,
            "relative_tolerance": RELATIVE,
            "batch_sizes": list(self.batch_sizes),
            "images": list(self.images),
            **({"sides": [list(each) for each in self.sides]} if self.sides else {}),
        }


@torch.inference_mode()
def check_parity(
    pair: Pair,
    encoder: bytes,
    decoder: bytes,
    *,
    real: NDArray[np.float32] | None = None,
    seed: int | None = None,
    sizes: tuple[int, ...] = BATCH_SIZES,
) -> Parity:
    """Compare both graphs with the torch modules, on random and on real images, at several batch sizes.

    Args:
        pair: the torch modules.
        encoder: the bytes of encoder.onnx.
        decoder: the bytes of decoder.onnx.
        real: images `(n, *image_shape)` in [0, 1], repeated if there are fewer than a batch.
        seed: of the random images; None draws new ones each time.
        sizes: of the batches.

    Raises:
        ExportError: an output differs by more than the tolerance, or has another shape.
    """
    rng = np.random.default_rng(seed)
    sessions = _session(encoder), _session(decoder)
    if pair.any_size:
        return _check_any_size(pair, sessions, real, rng, sizes)
    latent = image = 0.0
    kinds = ("random",) if real is None or not len(real) else ("random", "test")
    for size in sizes:
        for kind in kinds:
            if kind == "test" and real is not None:
                batch = np.ascontiguousarray(np.resize(real, (size, *pair.image_shape)))
            else:
                batch = rng.random((size, *pair.image_shape), np.float32)
            found = _compare(pair, sessions, torch.from_numpy(batch), f"at batch {size} of {kind} images")
            latent, image = max(latent, found[0]), max(image, found[1])
    return Parity(latent=latent, image=image, images=kinds, batch_sizes=sizes)


def _check_any_size(
    pair: Pair,
    sessions: tuple[Any, Any],
    real: NDArray[np.float32] | None,
    rng: np.random.Generator,
    sizes: tuple[int, ...],
) -> Parity:
    """Compare at five sizes by three batch sizes, on random and on real images."""
    multiple = pair.any_size.multiple if pair.any_size else 1
    channels, height, width = pair.image_shape
    sides = [(multiple * down, multiple * across) for down, across in STEPS]
    latent = image = 0.0
    kinds = ("random",) if real is None or not len(real) else ("random", "test")
    sizes = tuple(size for size in sizes if size <= _LARGEST_BATCH)
    for down, across in [*sides, (height, width)]:
        for size in sizes:
            batches = [(rng.random((size, channels, down, across), np.float32), "random")]
            if real is not None and len(real):
                tiled = np.tile(np.resize(real, (size, *real.shape[1:])), (1, 1, 2, 2))
                batches.append((np.ascontiguousarray(tiled[:, :, :down, :across]), "test"))
            for batch, kind in batches:
                where = f"at batch {size} of {kind} images of {down} x {across}"
                found = _compare(pair, sessions, torch.from_numpy(batch), where)
                latent, image = max(latent, found[0]), max(image, found[1])
    return Parity(
        latent=latent, image=image, images=kinds, batch_sizes=sizes, sides=(*sides, (height, width))
    )


def _session(graph: bytes) -> Any:
    """Large batches follow on each other, in several sizes: memory that is kept would add up."""
    return create_session(graph, "cpu", 1, arena=False)[0]


def _compare(pair: Pair, sessions: tuple[Any, Any], images: Tensor, where: str) -> tuple[float, float]:
    """The largest differences of the latents and of the decoded images; the decoders get torch's latents."""
    encode, decode = sessions
    latents = pair.encode(images)
    differences = []
    for index, found in enumerate(encode.run(None, {"image": images.numpy()})):
        exactly = partial(_exactly, pair.encoder, images, index)
        differences.append(_difference(found, latents[index], f"the encoder {where}", exactly))
    found = decode.run(None, {"latent": latents[0].numpy()})[0]
    exactly = partial(_exactly, pair.decoder, latents[0], 0)
    return max(differences), _difference(found, pair.decoder(latents[0]), f"the decoder {where}", exactly)


def _exactly(module: nn.Module, batch: Tensor, index: int) -> NDArray[np.float64] | None:
    """The module's output in float64; None if it cannot compute in that."""
    try:
        out = copy.deepcopy(module).double()(batch.double())
    except RuntimeError:  # an external module may convert its input to float32
        return None
    tensor: Tensor = out if isinstance(out, Tensor) else out[index]
    return tensor.numpy()


def _difference(
    found: NDArray[np.float32],
    reference: Tensor,
    what: str,
    exactly: Callable[[], NDArray[np.float64] | None],
) -> float:
    """The largest difference between an output of a graph and of torch.

    On some processors, torch adds a hundred thousand products in sequence, whose rounding error exceeds the
    tolerance. If the difference is too large, the graph is therefore compared with torch in float64.

    Raises:
        ExportError: the difference is larger than the tolerance, or the shapes differ.
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


__getattr__ = old_names(__name__, {"Proof": "Parity", "prove": "check_parity"})
