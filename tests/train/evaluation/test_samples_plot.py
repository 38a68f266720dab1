"""A run's samples.png: what `diabolo sample` would draw of the exported run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diabolo.runtime.latent import LatentSpace

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("prior", [None, "normal"])
@pytest.mark.parametrize("shape", [(2,), (2, 3, 3)], ids=str)
def test_latents_are_those_of_the_space(prior: str | None, shape: tuple[int, ...]) -> None:
    from diabolo.train.evaluation.plots import _samples

    seen: list[Any] = []

    def decode(latents: Any) -> Any:
        seen.append(latents.numpy())
        return torch.zeros(len(latents), 1, 4, 4)

    rng = np.random.default_rng(0)
    codes = rng.standard_normal((200, *shape)).cumsum(1).astype(np.float32)  # dimensions that go together
    space = LatentSpace.of_codes(codes, prior=prior)
    model: Any = SimpleNamespace(offset=torch.zeros(1), decode=decode)
    _samples(model, space)
    drawn = np.concatenate(seen)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, space.sample(40, np.random.default_rng(0)))
    together = np.corrcoef(drawn.reshape(40, -1)[:, [0, -1 if len(shape) == 1 else 9]], rowvar=False)[0, 1]
    assert (together > 0.4) == (prior is None)
