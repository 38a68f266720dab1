"""What encoders and decoders return: tuples, dicts, objects, distributions."""

from __future__ import annotations

import functools
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent, Normal

from _collection.parts import WORKS, Each, Wrapped, decoder, drawn, flat, halves, works


class ModelOutput(OrderedDict[str, Any]):
    """As in pythae and transformers: a dict whose keys are attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


@dataclass
class Output:
    latent_dist: Any


@dataclass
class Encoded:
    mu: Tensor
    log_var: Tensor


Named = namedtuple("Named", "z mean log_variance")
Unnamed = namedtuple("Unnamed", "a b")


def nearest(values: Tensor, codebook: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As in many VQ-VAEs: the vector, a loss, the index."""
    index = torch.cdist(values, codebook).argmin(1)
    found = codebook[index]
    return values + (found - values).detach(), (found - values).square().mean(), index


class DiagonalGaussian:
    """As in latent diffusion."""

    def __init__(self, values: Tensor) -> None:
        self.mean, self.logvar = halves(values)
        self.std, self.var = (self.logvar / 2).exp(), self.logvar.exp()

    def sample(self) -> Tensor:
        return drawn(self.mean, self.logvar)


OUTPUTS: dict[str, Callable[[Tensor], Any]] = {
    "tuple_of_two": halves,
    "list_of_two": lambda v: list(halves(v)),
    "tuple_of_one": lambda v: (v[:, :3],),
    "list_of_one_pair": lambda v: [halves(v)],
    "latent_and_loss": lambda v: (v[:, :3], v.square().mean()),
    "vq_list": lambda v: [v[:, :3].round(), v.square().mean(), (None, None, v[:, :3].round().long())],
    "latent_and_none": lambda v: (v[:, :3], None),
    "drawn_mean_log_variance": lambda v: (drawn(*halves(v)), *halves(v)),
    "mean_log_variance_drawn": lambda v: (*halves(v), drawn(*halves(v))),
    "mean_mean_log_variance": lambda v: (halves(v)[0], *halves(v)),
    "drawn_and_pair": lambda v: (drawn(*halves(v)), halves(v)),
    "dict_mu_logvar": lambda v: dict(zip(("mu", "logvar"), halves(v), strict=True)),
    "dict_mean_log_var": lambda v: dict(zip(("mean", "log_var"), halves(v), strict=True)),
    "dict_mean_std": lambda v: {"mean": v[:, :3], "std": v[:, 3:].exp()},
    "dict_loc_scale": lambda v: {"loc": v[:, :3], "scale": v[:, 3:].exp()},
    "dict_mean_log_std": lambda v: {"mean": v[:, :3], "log_std": v[:, 3:]},
    "dict_mean_variance": lambda v: {"mean": v[:, :3], "variance": v[:, 3:].exp()},
    "dict_latent": lambda v: {"latent": v[:, :3], "loss": v.mean()},
    "dict_z": lambda v: {"z": v[:, :3]},
    "dict_of_dist": lambda v: {"posterior": Normal(v[:, :3], v[:, 3:].exp())},
    "pythae_vae": lambda v: ModelOutput(zip(("embedding", "log_covariance"), halves(v), strict=True)),
    "pythae_ae": lambda v: ModelOutput(embedding=v[:, :3]),
    "transformers": lambda v: ModelOutput(last_hidden_state=v[:, :3], hidden_states=None),
    "dataclass": lambda v: Encoded(*halves(v)),
    "diffusers_kl": lambda v: Output(DiagonalGaussian(v)),
    "compvis_kl": DiagonalGaussian,
    "diffusers_vq": lambda v: ModelOutput(latents=v[:, :3]),
    "namedtuple": lambda v: Named(drawn(*halves(v)), *halves(v)),
    "namedtuple_unnamed": lambda v: Unnamed(*halves(v)),
    "namespace": lambda v: SimpleNamespace(latent=v[:, :3]),
    "normal": lambda v: Normal(v[:, :3], v[:, 3:].exp()),
    "independent_normal": lambda v: Independent(Normal(v[:, :3], v[:, 3:].exp()), 1),
    "one_unknown_name": lambda v: {"out": v[:, :3]},
    "nearest_of_a_few": lambda v: nearest(v[:, :3], torch.linspace(-1, 1, 12).view(4, 3)),
    "nearest_of_many": lambda v: nearest(v[:, :3], torch.linspace(-1, 1, 120).view(40, 3)),
    "half_result": lambda v: v[:, :3].half(),
    "double_result": lambda v: v[:, :3].double(),
}
WORKS |= {name: functools.partial(lambda r: (Each(r), decoder(), {}), each) for name, each in OUTPUTS.items()}

IMAGES: dict[str, Callable[[Tensor], Any]] = {
    "dict_recon_x": lambda x: {"recon_x": x},
    "pythae_reconstruction": lambda x: ModelOutput(reconstruction=x),
    "diffusers_sample": lambda x: ModelOutput(sample=x),
    "image_of_one": lambda x: (x,),
    "image_and_loss": lambda x: [x, x.mean()],
    "image_flat": lambda x: x.flatten(1),
    "image_channels_last": lambda x: x.permute(0, 2, 3, 1),
    "image_grey": lambda x: x[:, 0],
    "image_bernoulli": lambda x: Bernoulli(x),
    "image_normal": lambda x: Independent(Normal(x, 1.0), 3),
}
WORKS |= {name: functools.partial(lambda r: (flat(), Wrapped(r), {}), each) for name, each in IMAGES.items()}


@works
def std_on_request() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:].exp())), decoder(), {"spread": "std"}
