"""The k-sparse autoencoder: of many units only the k largest stay, for every image; the others are zero.

Makhzani and Frey, 'k-Sparse Autoencoders', https://arxiv.org/abs/1312.5663: z = W x + b, and all but
the k largest values of z are set to 0. A unit that is never among them gets no gradient: it is dead. The
auxiliary loss that revives dead units is AuxK of Gao et al., 'Scaling and Evaluating Sparse Autoencoders',
appendix A.2, https://arxiv.org/abs/2406.04093.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from diabolo.train.errors import OptionError
from diabolo.train.losses import mean_squared_error
from diabolo.train.model import Code, Head, Model, full_precision
from diabolo.train.settings import Settings, setting
from diabolo.train.step import Step
from diabolo.train.variants._base import Loss, VariantBase

__all__ = ["Options", "TopKHead", "Variant"]

_SHARE = 0.1  # of the units, where --active is not given: rho of the variant sparse
_WINDOW = 2000  # images in which a living unit is active at least once


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """How many units stay, and how strongly dead ones are revived."""

    active: int | None = setting(
        None,
        "k, the number of units that are not zero, of each image; of a grid, at each position",
        low=1,
        high=65535,
        unit="units",
        default_text="a tenth of the latent's size",
    )
    revival_weight: float = setting(
        1 / 32,
        "weight alpha of the auxiliary loss (AuxK), from which units that are no longer active for any image "
        "learn to improve the reconstruction; with 0, most units may die",
        low=0,
        high=10**6,
        default_text="1/32",
    )


class TopKHead(Head):
    """Keeps the k largest of the units; the others are exactly 0. Of equal ones, too, only k stay.

    Args:
        active: k; None: a tenth of the units, at least one.
    """

    def __init__(self, active: int | None) -> None:
        super().__init__()
        self.active = active

    def build(self, latent_shape: tuple[int, ...]) -> None:
        """Check k.

        Raises:
            OptionError: k is not smaller than the number of units.
        """
        units = latent_shape[0]
        if units == 1:
            raise OptionError("--latent-dim 1 is one unit, which always stays. Use --latent-dim 2 or more.")
        if (active := _kept(self.active, units)) >= units:
            raise OptionError(
                f"--active {active} keeps all of {units} units: it must be less than --latent-dim. "
                f"Use --latent-dim {10 * active}, or --active {max(1, units // 10)}."
            )

    def forward(self, raw: Tensor) -> Code:
        """All but the k largest of raw outputs `(batch, *latent_shape)` along dimension 1 become 0."""
        raw = full_precision(raw)
        return Code(_largest(raw, raw, _kept(self.active, raw.shape[1])))


class Variant(VariantBase):
    """The MSE of the reconstruction from k units, plus alpha times an auxiliary loss for dead ones."""

    summary = "of many units only the k largest stay for each image, exactly; dead units are revived"
    default_latent_dim = 200
    tradeoff = "k units reconstruct less precisely than all of them: compare with a larger --active."
    constrained = True

    def __init__(self, options: Options) -> None:
        self.options = options

    def head(self) -> Head:
        """The k largest units."""
        return TopKHead(self.options.active)

    def loss(self, model: Model, image: Tensor, step: Step) -> Loss:
        """The loss of a batch `(batch, channels, height, width)` in [0, 1].

        The units of a grid are its channels; k of them stay at each position.
        """
        raw = model.encoder(image).float()
        latent = model.head(raw).latent
        error = mean_squared_error(image, model.decode(latent))
        active = (latent.detach() != 0).float().reshape(*latent.shape[:2], -1).mean(2)  # by unit
        terms, pools = {"error": error.detach()}, {"activity": active.mean(0)}
        if not step.training:
            return Loss(error, terms, pools)
        dead = _dead(active, step)
        revival = self._revival(model, image, raw, latent, dead)
        terms |= {"revival": revival.detach(), "dead": dead.float().mean()}
        return Loss(error + self.options.revival_weight * revival, terms, pools)

    def _revival(self, model: Model, image: Tensor, raw: Tensor, latent: Tensor, dead: Tensor) -> Tensor:
        """The MSE of a reconstruction from the kept units and, in addition, each image's k largest dead ones.

        Gao et al. let the dead units predict what is missing in the reconstruction, which is the same for
        their linear decoder. The gradient reaches the encoder through the dead units only. It does not reach
        the decoder: trained on more than k units, it reconstructs less precisely from k.
        """
        if not self.options.revival_weight or not bool(dead.any()):
            return raw.new_zeros(())
        shown = dead.view(1, -1, *[1] * (raw.ndim - 2))
        kept = _kept(self.options.active, len(dead))
        more = _largest(raw * shown, raw.masked_fill(~shown, -torch.inf), kept)
        return mean_squared_error(image, _decode_frozen(model, latent.detach() + more))

    def pooled(self, figures: dict[str, Any], pools: dict[str, Tensor]) -> dict[str, Any]:
        """How many units are active, for an image and for none of the set, and each one's share of images."""
        activity = pools["activity"]
        return figures | {
            "activity": float(activity.mean()),
            "active_per_image": round(float(activity.sum()), 4),
            "dead_units": int((activity == 0).sum()),
            "activity_by_unit": [round(float(value), 5) for value in activity],
        }


def _kept(active: int | None, units: int) -> int:
    return active or max(1, round(_SHARE * units))


def _largest(values: Tensor, by: Tensor, count: int) -> Tensor:
    """`values` where `by`, of the same shape, is among its largest along dimension 1; elsewhere 0."""
    index = by.topk(count, dim=1).indices  # as many as asked for, even of equal values
    return torch.zeros_like(values).scatter(1, index, values.gather(1, index))


class _Decoding(nn.Module):
    """The decoding of a model as a module, whose weights `functional_call` replaces."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> Tensor:
        return self.model.decode(latent)


def _decode_frozen(model: Model, latent: Tensor) -> Tensor:
    """The images of latents, with a gradient for the latents and none for the weights."""
    weights = {f"model.{name}": value.detach() for name, value in model.named_parameters()}
    images: Tensor = functional_call(_Decoding(model), weights, latent)
    return images


def _dead(active: Tensor, step: Step) -> Tensor:
    """Which units no image of the last steps activated: bool `(units,)`.

    Args:
        active: `(batch, units)`, the share of positions at which each is active.
        step: remembers for how many images each unit has not been active.
    """
    seen = step.mean(active) > 0
    silent = step.memory.get("silent", torch.zeros_like(active[0]))
    silent = torch.where(seen, 0.0, silent + step.whole(len(active))).clamp(max=_WINDOW)
    step.memory["silent"] = silent
    return silent >= _WINDOW
