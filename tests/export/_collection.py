"""A collection of autoencoders in the styles of well-known code bases: as `(encoder, decoder, options)`.

`WORKS` are those that export; `REFUSED` those that cannot, with a part of the message. Each is a function, so
that a module is made when it is tested.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, Laplace, Normal
from torch.nn.utils import parametrizations

Made = tuple[Any, Any, dict[str, Any]]
WORKS: dict[str, Callable[[], Made]] = {}
REFUSED: dict[str, tuple[Callable[[], Made], str]] = {}


def works(make: Callable[[], Any]) -> Callable[[], Any]:
    WORKS[make.__name__] = lambda: _whole(make())
    return make


def refused(message: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def enter(make: Callable[[], Any]) -> Callable[[], Any]:
        REFUSED[make.__name__] = (lambda: _whole(make()), message)
        return make

    return enter


def _whole(made: Any) -> Made:
    """An encoder alone gets the usual decoder."""
    if not isinstance(made, tuple):
        return made, decoder(), {}
    return (*made, {}) if len(made) == 2 else made


class Each(nn.Module):
    """An encoder: a layer, and a function of its six outputs that gives the result."""

    def __init__(self, result: Callable[..., Any], size: int = 6) -> None:
        super().__init__()
        self.layer = nn.Linear(64, size)
        self.result = result

    def forward(self, image: Tensor) -> Any:
        return self.result(self.layer(image.flatten(1)))


def decoder(*more: nn.Module, last: nn.Module | None = None, size: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Linear(size, 64), last or nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)), *more)


class Wrapped(nn.Module):
    """A decoder whose image is in something."""

    def __init__(self, result: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.inner, self.result = decoder(), result

    def forward(self, latent: Tensor) -> Any:
        return self.result(self.inner(latent))


def flat() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


def halves(values: Tensor) -> tuple[Tensor, Tensor]:
    mean, second = values.chunk(2, 1)
    return mean, second - 1


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    return mean + torch.randn_like(mean) * (log_variance / 2).exp()


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


WORKS["old_weight_norm"] = lambda: _whole(old_weight_norm())


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
def closures() -> Any:
    encoder, inner = flat(), decoder()
    return (lambda image: encoder(image)), (lambda latent: inner(latent))


@works
def partials() -> Any:
    def encode(model: nn.Module, image: Tensor, *, scale: float) -> Any:
        return scale * model(image)

    return functools.partial(encode, flat(), scale=0.5), functools.partial(decoder())


@works
def dropout_off_in_eval() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))


@works
def lambda_on_itself() -> Any:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Dropout(0.5))
    outer = Each(lambda v: v[:, :3])
    outer.result = lambda v: outer.inner(v.new_ones(v.shape[0], 64)) + v[:, :3]
    outer.inner = encoder
    return outer


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
def flat_images() -> Any:
    return nn.Sequential(nn.Linear(64, 3)), nn.Sequential(nn.Linear(3, 64), nn.Sigmoid())


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 2, 8)

    def forward(self, image: Tensor) -> Tensor:
        return self.layer(image.permute(0, 3, 1, 2)).flatten(1)


@works
def channels_last() -> Any:
    return ChannelsLast(), decoder(size=2)


class InPlace(Each):
    def forward(self, image: Tensor) -> Any:
        return super().forward(image.sub_(0.5))


@works
def changes_its_input() -> Any:
    return InPlace(lambda v: v[:, :3])


@works
def with_hooks() -> Any:
    encoder, kept = flat(), {}
    encoder.register_forward_hook(lambda _m, _i, out: kept.update(out=out))
    encoder[1].register_forward_pre_hook(lambda _m, given: (2 * given[0],))
    return encoder


class Whole(nn.Module):
    """One module with two methods, buffers, and weights that both share."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 64) / 8)
        self.register_buffer("mean", torch.rand(64))
        self.scale = torch.full((1,), 2.0)

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        return (image.flatten(1) - self.mean) @ self.weight.T * self.scale

    def decode(self, latent: Tensor) -> Tensor:
        return (latent @ self.weight).sigmoid().unflatten(1, (1, 8, 8))


@works
def methods_of_one() -> Any:
    model = Whole()
    return model.encode, model.decode


@works
def methods_of_something_compiled() -> Any:
    model: Any = torch.compile(Whole())
    return model.encode, model.decode


@works
def tanh_with_its_range() -> Any:
    return flat(), decoder(last=nn.Tanh()), {"value_range": (-1, 1)}


@works
def bytes_range() -> Any:
    class Bytes(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return 255 * image

    return flat(), decoder(Bytes()), {"value_range": (0, 255)}


@works
def clipped_on_request() -> Any:
    return flat(), decoder(last=nn.Identity()), {"clip": True}


@works
def std_on_request() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:].exp())), decoder(), {"spread": "std"}


@refused(r"values from -.* outside value_range=\(0, 1\).*value_range=\(-1, 1\)")
def tanh() -> Any:
    return flat(), decoder(last=nn.Tanh())


@refused(r"outside value_range=\(0, 1\).*sigmoid.*clip=True")
def logits() -> Any:
    layer = nn.Linear(3, 64)
    nn.init.normal_(layer.weight, std=20)
    return flat(), nn.Sequential(layer, nn.Unflatten(1, (1, 8, 8)))


@refused("may be a standard deviation.*spread='std'")
def mean_and_std() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:].exp()))


@refused("TorchScript module.*Give the Python module")
def traced() -> Any:
    return torch.jit.trace(flat(), torch.rand(2, 1, 8, 8))


@refused("the encoder is random: .*Return the mean")
def draws_its_latent() -> Any:
    return Each(lambda v: drawn(*halves(v)))


@refused("the decoder is random")
def random_decoder() -> Any:
    return flat(), Wrapped(lambda x: x * torch.rand(1))


@refused("works for a batch of 8, but not of 1: it has a fixed batch size")
def fixed_batch() -> Any:
    return nn.Sequential(nn.Unflatten(0, (8, 1)), nn.Flatten(), nn.Linear(64, 3))


@refused("without the axis of the batch: squeeze")
def squeezes_the_batch() -> Any:
    return Each(lambda v: v[:, :3].squeeze())


@refused("batch size of 'image' is fixed|specialized|depends on the others")
def condition_on_the_batch() -> Any:
    return Each(lambda v: v[:, :3] + (1 if len(v) == 2 else 0))


@refused(r"batch size of 'image' is fixed.*x\.shape\[0\].*not len\(x\)")
def batch_by_len() -> Any:
    return Each(lambda v: v.reshape(len(v), -1)[:, :3])


@refused("no running statistics, so that the result")
def batch_statistics() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.BatchNorm1d(3, track_running_stats=False))


@refused("device 'meta', which holds no values")
def on_meta() -> Any:
    return flat().to("meta")


@refused("has no shape yet")
def lazy() -> Any:
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(3))


@refused("NaN or infinite values")
def not_numbers() -> Any:
    return Each(lambda v: v[:, :3] / 0)


@refused("returns a dict with 'a', 'b'")
def unknown_names() -> Any:
    return Each(lambda v: {"a": v[:, :3], "b": v})


@refused("a tuple of 2")
def several_scales() -> Any:
    return Each(lambda v: (v[:, :3], v))


@refused("not clear which are the mean")
def three_alike() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:], 2 * v[:, :3]))


@refused("distribution Laplace")
def another_distribution() -> Any:
    return Each(lambda v: Laplace(v[:, :3], 1.0))


@refused("returns None")
def nothing() -> Any:
    return Each(lambda _v: None)


@refused("the class Whole, not an instance")
def a_class() -> Any:
    return Whole


@refused("the encoder fails on a batch")
def always_fails() -> Any:
    return Each(lambda v: v @ v)
