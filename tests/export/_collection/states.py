"""What modules keep and how they were made ready: hooks, norms of weights, types, wrappers of torch."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn.utils import parametrizations, parametrize, prune
from torch.optim.swa_utils import AveragedModel

from _collection.parts import WORKS, Each, decoder, flat, halves, whole, works


class Keeping(Each):
    """Keeps a loss, and a list of losses, as attributes."""

    def forward(self, image: Tensor) -> Any:
        mean, log_variance = halves(self.layer(image.flatten(1)))
        self.kl = (mean.square() + log_variance.exp()).sum()
        self.losses = [*getattr(self, "losses", []), self.kl]
        return mean, log_variance


@works
def keeps_its_loss() -> Any:
    encoder = Keeping(halves)
    encoder(torch.rand(2, 1, 8, 8))
    return encoder


@works
def keeps_a_distribution() -> Any:
    encoder = Each(lambda v: v[:, :3])
    encoder.prior = Normal(encoder.layer(torch.rand(1, 64)), 1.0)  # type: ignore[assignment]
    return encoder


@works
def keeps_a_lock() -> Any:
    encoder = Each(lambda v: v[:, :3])
    encoder.lock = threading.Lock()  # type: ignore[assignment]
    return encoder


def old_weight_norm() -> Any:
    layer = torch.nn.utils.weight_norm(nn.Linear(64, 3))  # type: ignore[deprecated]
    return nn.Sequential(nn.Flatten(), layer)


WORKS["old_weight_norm"] = lambda: whole(old_weight_norm())


@works
def new_weight_norm() -> Any:
    return nn.Sequential(nn.Flatten(), parametrizations.weight_norm(nn.Linear(64, 3)))


@works
def old_spectral_norm() -> Any:
    return nn.Sequential(nn.Flatten(), torch.nn.utils.spectral_norm(nn.Linear(64, 3)))


@works
def new_spectral_norm() -> Any:
    return nn.Sequential(nn.Flatten(), parametrizations.spectral_norm(nn.Linear(64, 3)))


@works
def compiled() -> Any:
    return torch.compile(flat()), torch.compile(decoder())


@works
def compiled_inside() -> Any:
    return nn.Sequential(torch.compile(flat()), nn.Tanh())


@works
def data_parallel() -> Any:
    return nn.DataParallel(flat()), nn.DataParallel(decoder())


@works
def dropout_off_in_eval() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))


@works
def in_half() -> Any:
    return flat().half(), decoder().half()


@works
def in_bfloat16() -> Any:
    return flat().bfloat16(), decoder().bfloat16()


@works
def in_double() -> Any:
    return flat().double(), decoder().double()


@works
def with_hooks() -> Any:
    encoder, kept = flat(), {}
    encoder.register_forward_hook(lambda _m, _i, out: kept.update(out=out))
    encoder[1].register_forward_pre_hook(lambda _m, given: (2 * given[0],))
    return encoder


@works
def orthogonal() -> Any:
    return nn.Sequential(nn.Flatten(), parametrizations.orthogonal(nn.Linear(64, 3)))


@works
def own_parametrisation_in_train_mode() -> Any:
    encoder = flat()
    parametrize.register_parametrization(encoder[1], "weight", nn.Tanh())
    return encoder.train()


@works
def pruned() -> Any:
    encoder = flat()
    prune.l1_unstructured(encoder[1], "weight", 0.5)  # type: ignore[no-untyped-call]
    return encoder


@works
def averaged() -> Any:
    return AveragedModel(flat()), AveragedModel(decoder())


class Low(nn.Module):
    """Computes in half precision on a GPU, in the ways that code for training does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 3).bfloat16()
        self.dtype, self.device = torch.bfloat16, "cuda"

    def forward(self, image: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.layer(image.to(self.device, self.dtype).flatten(1))


@works
def casts_to_its_type_and_device() -> Any:
    return Low()


class Adapted(nn.Module):
    """A layer with a low-rank update, as in PEFT."""

    def __init__(self) -> None:
        super().__init__()
        self.base, self.down, self.up = nn.Linear(64, 3), nn.Linear(64, 2), nn.Linear(2, 3)
        self.dropout = nn.Dropout(0.3)

    def forward(self, values: Tensor) -> Tensor:
        return self.base(values) + 2 * self.up(self.down(self.dropout(values)))


@works
def low_rank_adapter() -> Any:
    return nn.Sequential(nn.Flatten(), Adapted()).train()


@works
def computes_a_gradient() -> Any:
    def refined(values: Tensor) -> Tensor:
        latent = torch.zeros_like(values[:, :3])
        with torch.enable_grad():
            latent.requires_grad_()
            (gradient,) = torch.autograd.grad((latent - values[:, :3]).square().sum(), latent)
        return latent - gradient

    return Each(refined)
