"""Torch modules as anyone might have them, and a look at what was exported of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import torch
from torch import Tensor, nn

from diabolo.runtime import verify
from diabolo.runtime.bundle import manifest


def document(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "model.json").read_text("utf-8"))
    jsonschema.validate(found, manifest.schema())
    return found


def sound(bundle: Path) -> bool:
    checks = verify(bundle, device="cpu")
    assert len(checks) > 5
    return all(check.ok for check in checks)


class Conv(nn.Module):
    """A small convolutional autoencoder with a spatial latent, as anyone might have one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def encode(self, image: Tensor) -> Tensor:
        return self.down(image).tanh()

    def decode(self, latent: Tensor) -> Tensor:
        return self.up(latent).sigmoid()


class Gaussian(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(64, 6)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layer(image.flatten(1)).chunk(2, 1)
        return mean, log_variance


class Linear(nn.Sequential):
    def __init__(self) -> None:
        torch.manual_seed(2)
        super().__init__(nn.Linear(3, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))


EXAMPLE = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(3))
GREY = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(4))
