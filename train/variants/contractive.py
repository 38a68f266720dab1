"""The contractive autoencoder: small changes of an image change its code as little as the error allows.

Rifai et al., 'Contractive Auto-Encoders: Explicit Invariance During Feature Extraction', ICML 2011,
https://icml.cc/2011/papers/455_icmlpaper.pdf: J_CAE = sum_x L(x, g(f(x))) + lambda ||J_f(x)||_F^2, where J_f
is the Jacobian of the encoder f.

The paper ties the weights of the decoder to those of the encoder. Where both are free, as here, there is a
way out: an encoder that is scaled down, with a decoder that is scaled up, reconstructs the same at a smaller
penalty, and contracts nothing. So the penalty is of the standardised code: each unit is divided by its
standard deviation over images, through which the gradient flows, too. Neither the scale of the code nor that
of a unit changes it. Units that mix several directions still can, see docs/variants.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor

from diabolo.train.losses import half_squared_error
from diabolo.train.model import Model
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "Variant", "squared_slopes"]

_MEASURED = 4  # units whose slopes are measured for each image in evaluation; other images get others
_LEAST = 1e-12  # variance: that of a unit that is constant
_SHARE = 1e-6  # of the mean variance of all units: a unit that varies less is not divided by its own
_SAME = 1e-8  # a mean variance of units: the images of a batch are as good as equal, and say nothing


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """How strongly the code is contracted, and how precisely that is estimated."""

    contraction_weight: float = setting(
        0.1,
        "lambda, the weight of the squared norm of the encoder's Jacobian; 0 gives a plain autoencoder",
        low=0,
        high=10**6,
    )
    projections: int = setting(
        1,
        "random projections per image from which that norm is estimated; each takes one more backward pass",
        low=1,
        high=1024,
        unit="projections",
    )


class Variant(VariantBase):
    """Half the squared error per image plus lambda times the squared norm of the standardised Jacobian."""

    summary = "a penalty on the encoder's Jacobian, so that the code changes little when the image does"
    tradeoff = "A contracted code is less precise: compare with a smaller --contraction-weight."
    smallest_batch = 128  # each unit is divided by its deviation over the batch

    def __init__(self, options: Options) -> None:
        self.options = options
        self.constrained = options.contraction_weight > 0

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1].

        E ||v^T J||^2 = ||J||_F^2 if the elements of v are independent random signs (Hutchinson 1990,
        https://doi.org/10.1080/03610919008812866), so a projection costs one vector-Jacobian product. The
        units of a grid are its channels, and the norm is a mean over its positions.
        """
        if not step.training:
            return self._measured(model, image, step)
        # a view, since torch counts the operations of a gradient with respect to a leaf in `backward` only
        image = image.detach().requires_grad_().view_as(image)
        latent = _encode(model, image)
        error = half_squared_error(image.detach(), model.decode(latent))
        terms = {"error": error.detach()}
        if not self.options.contraction_weight or step.whole(len(image)) == 1:  # one image has no deviation
            return Loss(error, terms)
        spread, varied = _deviation(latent, step)
        squares = []
        for _ in range(self.options.projections):
            signs = torch.where(step.uniform(*latent.shape) < 0.5, -1.0, 1.0)
            squares.append(squared_slopes(latent, image, signs / spread).mean())
        norm = varied * torch.stack(squares).mean() / prod(latent.shape[2:])
        terms["squared_jacobian"] = norm.detach()
        return Loss(error + self.options.contraction_weight * norm, terms)

    def _measured(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The error of a batch, with the mean squared slope of each unit as a pool.

        The gradients of some units are taken for each image. So the slope of every unit is known, and can be
        divided by its variance over the whole set, which is not known yet.
        """
        with torch.inference_mode(False), torch.enable_grad():
            image = image.clone().requires_grad_()
            latent = _encode(model, image)
            units, positions = latent.shape[1], prod(latent.shape[2:])
            count = min(_MEASURED, units)
            # distinct ones: shifted alike, from a random one on
            first = step.uniform(len(image), 1) * units
            chosen = (first + torch.arange(count, device=first.device) * units / count).long() % units
            slopes = latent.new_zeros(len(image), units)
            for unit in chosen.T:
                signs = torch.where(step.uniform(*latent.shape) < 0.5, -1.0, 1.0)
                own = torch.nn.functional.one_hot(unit, units).float()
                vector = signs * own.reshape(*own.shape, *[1] * (latent.ndim - 2))
                square = squared_slopes(latent, image, vector, graph=False) / positions
                slopes += own * square[:, None] * units / count
        with torch.no_grad():
            error = half_squared_error(image, model.decode(latent))
            values = latent.reshape(len(image), units, -1)
            mean, square = values.mean((0, 2)), values.square().mean((0, 2))
        return Loss(error, {"error": error}, {"slope": slopes.mean(0), "mean": mean, "square": square})

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """The norm of the standardised code's Jacobian: its root mean square over images."""
        variance = (pools["square"] - pools["mean"].square()).clamp_min(_LEAST)
        norm = float((pools["slope"] / variance).sum())
        return figures | {
            "jacobian_norm": norm**0.5,
            "loss": figures["error"] + self.options.contraction_weight * norm,
        }


def squared_slopes(latent: Tensor, image: Tensor, vector: Tensor, *, graph: bool = True) -> Tensor:
    """||v^T J||^2 for each image, J the Jacobian of its latent: `(batch,)`.

    Args:
        latent: `(batch, *latent_shape)`, computed from `image`, which requires a gradient.
        image: `(batch, channels, height, width)`.
        vector: v, of the shape of `latent`; a gradient flows into it, too.
        graph: whether the result has a gradient.
    """
    with torch.autocast(image.device.type, enabled=False):
        (product,) = torch.autograd.grad(latent, image, vector, create_graph=graph, retain_graph=True)
    return product.square().flatten(1).sum(1)


def _encode(model: Model, image: Tensor) -> Tensor:
    """The latent in fp32, under autocast, too: squares of gradients need its precision."""
    with torch.autocast(image.device.type, enabled=False):
        return model.encode(image.float()).latent


def _deviation(latent: Tensor, step: Step) -> tuple[Tensor, Tensor]:
    """The standard deviation of each unit over the whole batch and all positions, `(1, units, 1, ...)`.

    The second result is 1, or 0 if the images are equal.
    """
    values = latent.reshape(*latent.shape[:2], -1)
    mean = step.mean(values).mean(1)
    variance = step.mean((values - mean[:, None]).square()).mean(1)
    usual = variance.mean()
    deviation = torch.maximum(variance, (_SHARE * usual).clamp_min(_LEAST)).sqrt()
    return deviation.reshape(1, -1, *[1] * (latent.ndim - 2)), (usual.detach() > _SAME).float()
