"""What the autoencoders of the collection are made of, and the lists that they are entered into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Made = tuple[Any, Any, dict[str, Any]]
WORKS: dict[str, Callable[[], Made]] = {}
REFUSED: dict[str, tuple[Callable[[], Made], str]] = {}


def works(make: Callable[[], Any]) -> Callable[[], Any]:
    WORKS[make.__name__] = lambda: whole(make())
    return make


def refused(message: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def enter(make: Callable[[], Any]) -> Callable[[], Any]:
        REFUSED[make.__name__] = (lambda: whole(make()), message)
        return make

    return enter


def whole(made: Any) -> Made:
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
