"""All metrics of a trained model, as metrics.json has them."""

from __future__ import annotations

from typing import Any

from diabolo.train.datasets import ImageData
from diabolo.train.distributed import Distributed
from diabolo.train.evaluation.baselines import baselines
from diabolo.train.evaluation.evaluate import evaluate
from diabolo.train.evaluation.holes import holes
from diabolo.train.model import Model
from diabolo.train.variants import VariantBase

__all__ = ["measure"]


def measure(
    variant: VariantBase, model: Model, data: ImageData, seed: int, distributed: Distributed | None = None
) -> dict[str, Any]:
    """The metrics on the test split, the baselines and the holes.

    Args:
        variant: gives the loss.
        model: is put into eval mode.
        data: the dataset that it was trained on.
        seed: of the run.
        distributed: the processes that share the work. Only the main one measures baselines and holes.
    """
    figures = evaluate(variant, model, data.test, distributed)
    if distributed is None or distributed.is_main:
        figures |= baselines(variant, model, data, figures, seed)
        figures |= holes(model, data)
    return figures
