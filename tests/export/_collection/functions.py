"""How the parts are given: functions, methods, layouts and ranges of images."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn

from _collection.parts import Each, decoder, flat, works


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
def lambda_on_itself() -> Any:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Dropout(0.5))
    outer = Each(lambda v: v[:, :3])
    outer.result = lambda v: outer.inner(v.new_ones(v.shape[0], 64)) + v[:, :3]
    outer.inner = encoder
    return outer


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
