"""How many images a module of unknown size may be given at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from math import prod
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["MOST", "images_at_once"]

MOST = 32  # images at a time, if they are small
_LEAST = 2  # as a batch of 1 hides mistakes
_SMALL = 2**15  # values of an image below which nothing is measured
_BUDGET = 2**30  # bytes for the results that are alive together ...
_ALIVE = 4  # ... each as large as the largest: a layer's input and output, an activation, a skip connection


def images_at_once(function: Callable[[Tensor], Any], given: Tensor, image_shape: tuple[int, ...]) -> int:
    """The images or latents that a module may be given at a time, 2 to 32, so that it takes about 1 GiB.

    Args:
        function: the module. It is run on one and on two inputs, if its images are large.
        given: its inputs, `(batch, ...)`, at least one.
        image_shape: of the images that go in or come out.
    """
    if prod(image_shape) < _SMALL:
        return MOST
    try:
        one, two = (_sizes(function, given[:1].repeat(n, *[1] * (given.ndim - 1))) for n in (1, 2))
    except Exception:  # noqa: BLE001  what fails here fails in the trial too, which says why
        return _LEAST
    # the difference leaves out what does not grow with the batch, such as a copy of a weight
    growth = max((large - small for small, large in zip_longest(one, two, fillvalue=0)), default=0)
    return max(_LEAST, min(MOST, _BUDGET // (_ALIVE * max(1, growth))))


class _Results(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Lists the size of every result, in bytes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sizes: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.sizes += [each.nbytes for each in tree_leaves(out) if isinstance(each, Tensor)]
        return out


def _sizes(function: Callable[[Tensor], Any], given: Tensor) -> list[int]:
    results = _Results()
    with results:
        function(given)
    return results.sizes
