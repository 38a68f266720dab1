"""The vector-quantised autoencoder (VQ-VAE): each position of the latent is one of a finite set of vectors.

Van den Oord et al., 'Neural Discrete Representation Learning', https://arxiv.org/abs/1711.00937, with the
codebook as a moving average (their appendix A.1) and the rotation trick in place of the straight-through
gradient (Fifty et al., https://arxiv.org/abs/2410.06424). With `--quantiser fsq` there is no codebook to
learn: Mentzer et al., 'Finite Scalar Quantization', https://arxiv.org/abs/2309.15505. Both quantisers are
those of https://github.com/lucidrains/vector-quantize-pytorch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.runtime.errors import MissingPackageError
from diabolo.runtime.latent import Codebook
from diabolo.train.errors import OptionError
from diabolo.train.losses import mean_squared_error
from diabolo.train.model import Code, Head, Model, full_precision
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "QuantisedHead", "Variant"]

_COMMITMENT = 0.25
_DECAY = 0.99  # of the codebook's moving average, per step
_UNUSED = 0.03  # of the uses that all vectors have on average: one with fewer is put elsewhere
_BEGUN = "vq_begun"  # in the memory of the steps
_LEVELS = {512: (8, 8, 8), 1024: (8, 5, 5, 5), 4096: (7, 5, 5, 5, 5)}  # table 1 of the paper, and nine bits
_VARIANCE = 1e-4  # the least of a batch's pixels: one of constant images is not divided by 0


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """The codebook, and how it is learned."""

    vectors: int = setting(
        512,
        "vectors in the codebook; each position costs log2 of it in bits",
        low=2,
        high=2**13,
        unit="vectors",
    )
    quantiser: str = setting(
        "vq",
        "vq: a learned codebook; fsq: each of a few numbers is rounded to a few levels, so that there is no "
        "codebook to learn, and hardly any of it is left unused",
        choices=("vq", "fsq"),
    )
    commitment: float = setting(
        _COMMITMENT,
        "weight of the distance between the encoder's output and its vector; vq only",
        low=0,
        high=10**6,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quantiser == "fsq" and self.commitment != _COMMITMENT:
            raise OptionError(
                f"--commitment {self.commitment:g} is the weight of a distance from learned vectors, and fsq "
                "has none: leave it out, or give --quantiser vq."
            )
        if self.quantiser == "fsq" and self.vectors not in _LEVELS:
            raise OptionError(
                f"--vectors {self.vectors} cannot be made of whole levels with --quantiser fsq; choose from: "
                f"{', '.join(map(str, _LEVELS))}."
            )


class QuantisedHead(Head):
    """The nearest vector of the codebook at each position.

    Args:
        options: of the variant.
    """

    quantiser: Any  # a module of the library, which has no types

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options

    def build(self, latent_shape: tuple[int, ...]) -> None:
        """Make the codebook, of vectors of `latent_shape[0]` numbers."""
        self.quantiser = _quantiser(self._options, latent_shape[0])

    @property
    def vectors(self) -> Tensor:
        """The codebook, `(vectors, latent_dim)`."""
        if self._options.quantiser == "fsq":
            found: Tensor = self.quantiser.project_out(self.quantiser.implicit_codebook)
            return found
        learned: Tensor = self.quantiser._codebook.embed[0]
        return learned

    def distribution(self, codes: NDArray[np.float32]) -> Codebook:
        """The codebook, its vectors as frequent as in the codes `(n, *latent_shape)`."""
        return Codebook.to(self.vectors.detach().float().cpu().numpy(), codes)

    def forward(self, raw: Tensor) -> Code:
        """Raw outputs `(batch, *latent_shape)` to the nearest vectors, of the same shape."""
        points = full_precision(raw).movedim(1, -1)
        if self._options.quantiser == "fsq":
            latent = self.quantiser.project_out(self.quantiser.quantize(self.quantiser.project_in(points)))
        else:
            latent = nn.functional.embedding(_nearest(points, self.vectors), self.vectors)
        return Code(latent.movedim(-1, 1))

    def quantise(self, raw: Tensor, step: Step) -> tuple[Tensor, Tensor, Tensor]:
        """The same with a gradient, and one step of the codebook's moving average in training.

        Args:
            raw: `(batch, *latent_shape)`.
            step: the source of all randomness.

        Returns:
            The latents `(batch, *latent_shape)`; the index at each position, `(batch, *positions)`; and the
            mean squared distance of the encoder's output from its vectors, whose gradient reaches only the
            encoder.
        """
        with torch.autocast(raw.device.type, enabled=False):
            points = raw.float().movedim(1, -1)
            flat = points.flatten(1, -2) if points.ndim > 2 else points[:, None]
            if self._options.quantiser == "fsq":
                latent, index = self.quantiser(flat)
                distance = raw.new_zeros(())
            else:
                if step.training:
                    self._revive(flat.detach(), step)
                latent, index, distance = self.quantiser(flat)
                if not self.quantiser.training:  # where it returns none
                    distance = (flat - latent).square().mean()
        return latent.reshape(points.shape).movedim(-1, 1), index.long().reshape(points.shape[:-1]), distance

    @torch.no_grad()
    def _revive(self, points: Tensor, step: Step) -> None:
        """Put vectors that are hardly used where outputs of the encoder are; at the first step, all of them.

        A vector that no output is near would never be moved again (codebook collapse). Every process puts
        the same ones at the same places.

        Args:
            points: `(batch, positions, latent_dim)`.
            step: the source of all randomness.
        """
        book = self.quantiser._codebook
        vectors, uses, sums = book.embed[0], book.cluster_size[0], book.embed_avg[0]
        begun = _BEGUN in step.memory
        step.memory[_BEGUN] = torch.ones((), device=uses.device)
        usual = uses.mean() if begun else torch.ones_like(uses[0])
        unused = uses < _UNUSED * usual if begun else torch.ones_like(uses, dtype=torch.bool)
        if not bool(unused.any()):
            return
        images = step.whole(len(points))
        drawn = step.gather(step.uniform(len(points), -(-len(uses) // images))).flatten()[: len(uses)]
        everywhere = step.gather(points).flatten(0, 1)
        places = everywhere[(drawn * len(everywhere)).long()]
        vectors[unused] = places[unused]
        sums[unused] = places[unused] * usual
        uses[unused] = usual


class Variant(VariantBase):
    """The squared error in units of the images' variance, and how far the encoder is from its vectors."""

    summary = "each position of the latent is one of a few vectors: a code of whole numbers, in few bits"
    networks = ("conv-spatial",)
    default_network = "conv-spatial"
    default_latent_dim = 32
    tradeoff = "A code of few bits is less precise: compare with more --vectors, or with a smaller --depth."
    constrained = True

    def __init__(self, options: Options) -> None:
        self.options = options

    def head(self) -> Head:
        """The nearest of the codebook's vectors at each position."""
        return QuantisedHead(self.options)

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1].

        MSE(x, y) / Var(x) + beta mean((z - sg[e])^2), with the variance of the batch's pixels, so that the
        commitment weighs the same whatever the contrast of the images. The paper's code has that of the
        whole training set.
        """
        head = model.head
        if not isinstance(head, QuantisedHead):
            raise TypeError("vq needs its own head")
        latent, index, distance = head.quantise(model.encoder(image), step)
        error = mean_squared_error(image, model.decode(latent))
        pixels = image.detach().float()
        mean = step.mean(pixels).mean()
        variance = step.mean((pixels - mean).square()).mean().clamp(min=_VARIANCE)
        pools = {}
        if not step.training:
            counted = torch.bincount(index.flatten(), minlength=self.options.vectors)
            pools["uses"] = counted.float() / index.numel()
        return Loss(
            error / variance + self.options.commitment * distance,
            {"error": error.detach(), "commitment": distance.detach()},
            pools,
        )

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """How much of the codebook is used: the share of its vectors, and their perplexity."""
        uses = pools["uses"].double()
        share = uses / uses.sum()
        entropy = float(-(share * share.clamp(min=1e-30).log()).sum())
        return figures | {
            "codebook_used": float((uses > 0).float().mean()),
            "codebook_perplexity": math.exp(entropy),
            "bits_per_position": math.log2(len(uses)),
        }


def _nearest(points: Tensor, vectors: Tensor) -> Tensor:
    """The index of the nearest vector of each point `(..., d)`: `(...)`."""
    return (2 * points @ vectors.T - vectors.square().sum(-1)).argmax(-1)


def _quantiser(options: Options, dim: int) -> nn.Module:
    try:
        from vector_quantize_pytorch import FSQ, VectorQuantize
    except ImportError:
        raise MissingPackageError(
            'the variant vq needs vector-quantize-pytorch. Install it with: pip install "diabolo[train]"'
        ) from None
    if options.quantiser == "fsq":
        made: nn.Module = FSQ(list(_LEVELS[options.vectors]), dim=dim)
        return made
    quantiser: nn.Module = VectorQuantize(
        dim,
        options.vectors,
        decay=_DECAY,
        commitment_weight=1,
        threshold_ema_dead_code=0,
        rotation_trick=True,
    )
    return quantiser
