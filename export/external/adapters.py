"""Modules around other people's encoders and decoders, with the inputs and outputs of Diabolo's graphs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from diabolo.export.external.copies import copied, modules_of
from diabolo.export.external.names import Path
from diabolo.export.external.outputs import Reading, follow
from diabolo.export.external.peak import MOST

__all__ = ["FIRST", "LAST", "LAYOUTS", "ExternalDecoder", "ExternalEncoder", "shapes"]

# how a batch (batch, channels, height, width) is given to an encoder
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "(batch, channels, height, width)": lambda image: image,
    "(batch, channels * height * width)": lambda image: image.flatten(1),
    "(batch, height, width, channels)": lambda image: image.permute(0, 2, 3, 1).contiguous(),
    "(batch, height, width)": lambda image: image[:, 0],
}
FIRST, FLAT, LAST, GREY = LAYOUTS


def shapes(count: int, image_shape: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    """The shape of a batch of images in each layout."""
    channels, height, width = image_shape
    found: dict[str, tuple[int, ...]] = {
        FIRST: (count, channels, height, width),
        FLAT: (count, channels * height * width),
        LAST: (count, height, width, channels),
    }
    return found | ({GREY: (count, height, width)} if channels == 1 else {})


class _External(nn.Module):
    """A part with the modules that it reaches, which become submodules.

    Args:
        part: a copy of a module, a method or a function.
        low, high: the values of black and white in the part.
        layout: of the images that it takes or gives, one of LAYOUTS.
    """

    part: Any
    at_once = MOST  # images or latents that it is given at a time

    def __init__(self, part: Any, low: float, high: float, layout: str) -> None:
        super().__init__()
        roots = _roots(modules_of(part))
        self.owner = roots[0] if len(roots) == 1 else nn.ModuleList(roots)
        self.__dict__["part"] = part  # past nn.Module, which would register a module a second time
        self.low, self.high, self.layout = low, high, layout

    def call(self, given: Tensor) -> Any:
        """What the part returns for its own input, as it is."""
        with _undisturbed(self.owner), torch.inference_mode(False), torch.no_grad():
            # which may change its input, and compute gradients in its forward pass
            return self.part(given.clone() if given.is_inference() else given)

    def __deepcopy__(self, memo: dict[int, Any]) -> _External:
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        new.__dict__.update(copied(self.__dict__, memo))
        return new


class ExternalEncoder(_External):
    """An encoder that takes images in [0, 1] and returns the latent, or the mean and the log-variance."""

    reading = Reading(())

    def given(self, image: Tensor) -> Tensor:
        """Images in [0, 1] as the part takes them; a copy, because it may change its input."""
        values = (
            image.clone() if (self.low, self.high) == (0, 1) else image * (self.high - self.low) + self.low
        )
        return LAYOUTS[self.layout](values)

    def output(self, image: Tensor) -> Any:
        """What the part returns for images in [0, 1], as it is."""
        return self.call(self.given(image))

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The latent `(batch, *latent_shape)`, or the mean and the log-variance."""
        return self.reading.read(self.output(image))


class ExternalDecoder(_External):
    """A decoder that returns images in [0, 1]."""

    path: Path = ()
    image_shape = (1, 1, 1)

    def raw(self, latent: Tensor) -> Tensor:
        """Images `(batch, *image_shape)`; black is 0 and white is 1, and values outside are not clipped."""
        out = follow(self.call(latent.clone()), self.path).float()
        if self.layout == LAST:
            out = out.permute(0, 3, 1, 2)
        elif self.layout != FIRST:
            out = out.reshape(-1, *self.image_shape)
        image: Tensor = (out - self.low) / (self.high - self.low)
        return image

    def forward(self, latent: Tensor) -> Tensor:
        """Images `(batch, *image_shape)` in [0, 1]."""
        return self.raw(latent).clamp(0, 1)


def _roots(modules: list[nn.Module]) -> list[nn.Module]:
    """The modules that are part of no other."""
    inner = {id(each) for module in modules for each in module.modules() if each is not module}
    return [module for module in modules if id(module) not in inner]


@contextmanager
def _undisturbed(owner: nn.Module) -> Iterator[None]:
    """Undo what a call leaves in the attributes of modules, such as a loss: it would be part of the export.

    Distributions do not check their arguments meanwhile: a graph cannot depend on values. Nor does
    `torch.autocast` do anything, as graphs are exported in float32.
    """
    checks = Distribution._validate_args
    saved = [(vars(module), dict(vars(module))) for module in owner.modules()]
    lists = [(each, each.copy()) for _, old in saved for each in old.values() if type(each) in (list, dict)]
    Distribution.set_default_validate_args(False)
    try:
        with _without_autocast():
            yield
    finally:
        Distribution.set_default_validate_args(checks)
        for now, old in saved:
            now.clear()
            now.update(old)
        for each, before in lists:
            each.clear()
            each.extend(before) if isinstance(each, list) else each.update(before)


_AUTOCAST = threading.RLock()  # one export after another: the last to end must put the original back


@contextmanager
def _without_autocast() -> Iterator[None]:
    """Let `with torch.autocast(...)` change nothing, in this thread."""
    kind, thread = torch.autocast, threading.get_ident()
    with _AUTOCAST:
        enter, leave = kind.__enter__, kind.__exit__

        def __enter__(self: Any) -> Any:
            return self if threading.get_ident() == thread else enter(self)  # type: ignore[no-untyped-call]

        def __exit__(self: Any, *error: Any) -> Any:
            return None if threading.get_ident() == thread else leave(self, *error)

        kind.__enter__, kind.__exit__ = __enter__, __exit__  # type: ignore[method-assign]
        try:
            yield
        finally:
            kind.__enter__, kind.__exit__ = enter, leave  # type: ignore[method-assign]
