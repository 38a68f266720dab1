"""Models that differ in one number that they were trained with, by what model.json says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diabolo.runtime.bundle.manifest import Manifest

__all__ = ["Series", "series_like", "series_of"]

_LEAST = 3  # models; two that differ in an option are a comparison


@dataclass(frozen=True, kw_only=True)
class Series:
    """Models that differ in one option of their variant and in nothing else.

    Attributes:
        option: the name of the option.
        names: the names of the models by its value, from the smallest on.
    """

    option: str
    names: Mapping[float, str]

    def value_of(self, name: str) -> float:
        """The value of the model called `name`, which must be one of the series."""
        return next(value for value, other in self.names.items() if other == name)


def series_of(models: Mapping[str, Manifest], name: str) -> Series | None:
    """The series that the model called `name` is part of, the longest one; None if there is none."""
    base, options = _setup(models[name]), models[name].variant_options
    found = []
    for option, value in options.items():
        if not _is_number(value):
            continue
        rest = {key: other for key, other in options.items() if key != option}
        members = {float(value): name}
        for other, m in models.items():
            theirs = m.variant_options
            if _setup(m) != base or not _is_number(theirs.get(option)):
                continue
            if {key: each for key, each in theirs.items() if key != option} == rest:
                members.setdefault(float(theirs[option]), other)
        if len(members) >= _LEAST:
            found.append(Series(option=option, names=dict(sorted(members.items()))))
    return max(found, key=lambda one: len(one.names), default=None)


def series_like(models: Mapping[str, Manifest], name: str) -> Series | None:
    """A series of models like the one called `name`, which need not be one of them: of the same variant, for
    the same images, with a latent of the same shape, and with the same option; None if there is none.
    """
    m = models[name]
    kind = (m.variant, m.dataset, m.image_shape, m.latent_shape)
    for other, n in models.items():
        if other != name and (n.variant, n.dataset, n.image_shape, n.latent_shape) == kind:
            found = series_of(models, other)
            if found is not None and name not in found.names.values():
                return found
    return None


def _setup(m: Manifest) -> tuple[Any, ...]:
    """What a model was trained with, but for the options of its variant."""
    others = {key: value for key, value in m.settings.items() if key != "variant_options"}
    return m.variant, m.network, m.dataset, m.image_shape, m.latent_shape, others


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
