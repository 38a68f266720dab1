"""Operators of torch that only we translate to ONNX."""

from __future__ import annotations

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from diabolo.export.graphs import checked, decoder_graph
from diabolo.export.pair import Pair


class Distances(nn.Module):
    """Distances of every kind, from a codebook of a few and one of many vectors."""

    def __init__(self) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(0)
        self.few, self.many = (nn.Parameter(torch.randn(n, 4, generator=rng)) for n in (3, 30))

    def forward(self, points: Tensor) -> Tensor:
        found = [torch.cdist(points, self.few, p) for p in (1.0, 2.0, 3.0, float("inf"))]
        found += [torch.cdist(points, self.many), torch.cdist(points, points)]
        return torch.cat(found, -1)


def test_distances() -> None:
    module = Distances().eval()
    pair = Pair(
        encoder=module, decoder=module, image_shape=(1, 1, 1), latent_shape=(5, 4), log_variance=False
    )
    session = onnxruntime.InferenceSession(checked(decoder_graph(pair, 18)))
    points = torch.randn(7, 5, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = module(points).numpy()
    (found,) = session.run(None, {"latent": points.numpy()})
    assert wanted.shape == (7, 5, 4 * 3 + 30 + 5)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
