"""`NoiseSpec`: kinds of noise and their levels, and the text that names them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from diabolo.runtime._numbers import whole
from diabolo.runtime.errors import NoiseError, UnknownNameError, UsageError

__all__ = ["KINDS", "NoiseSpec", "largest_level", "smallest_level"]

_LEVELS = {
    "gaussian": (0.0, 4.0),
    "salt-pepper": (0.0, 1.0),
    "masking": (0.0, 1.0),
    "speckle": (0.0, 4.0),
    "poisson-gaussian": (0.0, 1.0),  # at a gain of 1, white is a single photon
    "jpeg": (1.0, 100.0),
    "patches": (0.0, 1.0),
}
KINDS = tuple(_LEVELS)
_PLAIN = ("gaussian", "salt-pepper", "masking", "speckle")
_MOST_READ = 4.0  # read noise is gaussian
_SIDE = 4  # pixels of a patch, unless the text says more
_MOST_SIDE = 1024
_MOST = 8  # kinds in a combination
_MOST_LEVELS = 1_000
_DEVIATIONS = 8  # standard deviations that no draw exceeds
_SLACK = 4.0  # how far from [0, 1] the values of an image with unclipped noise may be in any case
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:-\s*({_NUMBER})\s*)?", re.ASCII)
_WRITTEN = (
    "Write KIND:LEVEL or KIND:LOW-HIGH, for instance gaussian:0.5 or gaussian:0.1-0.7, "
    "poisson-gaussian:GAIN/READ, patches:SHARE/SIDE, and a + between kinds."
)


def largest_level(kind: str) -> float:
    """The highest level allowed for `kind`; at higher levels images only become more similar to noise.

    Raises:
        UnknownNameError: `kind` is not one of KINDS.
    """
    return _bounds(kind)[1]


def smallest_level(kind: str) -> float:
    """The lowest level allowed for `kind`: 1 for the quality of a JPEG, otherwise 0.

    Raises:
        UnknownNameError: `kind` is not one of KINDS.
    """
    return _bounds(kind)[0]


def _bounds(kind: str) -> tuple[float, float]:
    if not isinstance(kind, str) or kind not in _LEVELS:
        raise UnknownNameError("noise", kind, KINDS)
    return _LEVELS[kind]


@dataclass(frozen=True, kw_only=True)
class NoiseSpec:
    """A kind of noise and the range that its level is drawn from; `then` makes it a combination.

    Attributes:
        kind: one of KINDS; of a combination, the first.
        low: the lowest level of this kind, at least `smallest_level(kind)`.
        high: its highest level, at most `largest_level(kind)`; equal to `low` for a single level.
        read: for poisson-gaussian, the lowest and the highest standard deviation of the read noise, 0 to 4;
            `low` and `high` are those of the gain.
        side: of patches, in pixels, 1 to 1,024; for the other kinds it stays 4.
        then: the noise that is applied to the result.
        clip: whether the result is clipped to [0, 1]. It counts for the whole combination.

    Raises:
        NoiseError: a level is out of its range, or `low` is above `high`; more than 8 kinds.
        UnknownNameError: `kind` is not one of KINDS.
    """

    kind: str
    low: float
    high: float
    read: tuple[float, float] = (0.0, 0.0)
    side: int = _SIDE
    then: NoiseSpec | None = None
    clip: bool = True

    def __post_init__(self) -> None:
        _check(self.kind, (self.low, self.high), *_bounds(self.kind))
        if not isinstance(self.read, tuple | list) or len(self.read) != 2:
            raise NoiseError(f"read noise has a lowest and a highest level, not {self.read!r}.")
        _check("read noise", tuple(self.read), 0, _MOST_READ)
        if self.kind != "poisson-gaussian" and any(self.read):
            raise NoiseError(f"only poisson-gaussian noise has read noise, not {self.kind}.")
        whole("the side of patches", self.side, 1, _MOST_SIDE)
        if self.kind != "patches" and self.side != _SIDE:
            raise NoiseError(f"only the noise patches has a side, not {self.kind}.")
        if not isinstance(self.clip, bool | np.bool_):
            raise NoiseError(f"clip must be True or False, not {self.clip!r}.")
        object.__setattr__(self, "read", (self.read[0], self.read[1]))  # the dataclass is frozen
        object.__setattr__(self, "clip", bool(self.clip))
        if self.then is not None:
            if not isinstance(self.then, NoiseSpec):
                raise NoiseError(f"noise is followed by a NoiseSpec or None, not by {self.then!r}.")
            object.__setattr__(self, "then", replace(self.then, clip=self.clip))
            if len(self.steps) > _MOST:
                raise NoiseError(f"a combination has at most {_MOST} kinds of noise.")

    @classmethod
    def parse(cls, text: str, *, clip: bool = True) -> NoiseSpec:
        """Read 'gaussian:0.5', 'gaussian:0.1-0.7', or 'poisson-gaussian:0-0.02/0-0.05+jpeg:40-90'.

        Args:
            text: KIND:LEVEL or KIND:LOW-HIGH; for poisson-gaussian the levels are GAIN/READ, for patches
                SHARE/SIDE; what follows the slash may be left out. Kinds that are applied one after the other
                are joined by '+'.
            clip: see the attributes; the text does not say it.

        Raises:
            NoiseError: the text does not have this form, or a level is out of its range.
            UnknownNameError: a kind is not one of KINDS.
        """
        if not isinstance(text, str):
            raise NoiseError(f"noise is written as KIND:LEVEL, for instance gaussian:0.5, not as {text!r}.")
        spec = None
        for part in reversed(re.split(r"\+(?=\s*[A-Za-z])", text)):
            spec = cls(**_read(part), then=spec, clip=clip)
        assert spec is not None  # noqa: S101  # a text has at least one part
        return spec

    def __str__(self) -> str:
        """The text that `parse` reads. It does not say whether the noise is clipped."""
        return "+".join(_write(step) for step in self.steps)

    @property
    def steps(self) -> tuple[NoiseSpec, ...]:
        """The kinds of a combination in the order in which they are applied, each on its own."""
        return (replace(self, then=None), *(self.then.steps if self.then else ()))

    def covers(self, other: NoiseSpec) -> bool:
        """Whether the other noise has the same kinds, with levels inside these ranges, clipped or not.

        Args:
            other: another noise.

        Raises:
            UsageError: `other` has another type.
        """
        if not isinstance(other, NoiseSpec):
            raise UsageError(f"noise covers a NoiseSpec or not; this is of type {type(other).__name__}.")
        own, others = self.steps, other.steps
        return len(own) == len(others) and all(
            (a.kind, a.side) == (b.kind, b.side)
            and a.low <= b.low <= b.high <= a.high
            and a.read[0] <= b.read[0] <= b.read[1] <= a.read[1]
            for a, b in zip(own, others, strict=True)
        )

    @property
    def is_plain(self) -> bool:
        """Whether `kind`, `low` and `high` say all, as in the first bundles: one kind of noise, clipped."""
        return self.clip and self.then is None and self.kind in _PLAIN

    @property
    def is_range(self) -> bool:
        """Whether any level is drawn from a range."""
        return any(step.low != step.high or step.read[0] != step.read[1] for step in self.steps)

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest value that an image with this noise can be expected to have.

        Unclipped noise may leave [0, 1]; the range is then [-4, 5], or larger where the noise is very strong.
        """
        if self.clip:
            return 0.0, 1.0
        reach = 0.0
        for step in self.steps:
            if step.kind == "gaussian":
                reach += _DEVIATIONS * step.high
            elif step.kind == "speckle":
                reach += _DEVIATIONS * step.high * (1 + reach)
            elif step.kind == "poisson-gaussian":
                reach += _DEVIATIONS * math.sqrt(step.high * (1 + reach) + step.read[1] ** 2)
            elif step.kind == "jpeg":
                reach = 0.0  # a file has no values outside [0, 1]
        reach = max(reach, _SLACK)
        return -reach, 1 + reach

    def spread(self, count: int) -> list[NoiseSpec]:
        """Single levels, evenly spread over the ranges: from the weakest noise to the strongest.

        Args:
            count: how many, 1 to 1,000.

        Raises:
            UsageError: another count.
        """
        count = whole("count", count, 1, _MOST_LEVELS)
        found: list[NoiseSpec | None] = [None] * count
        for step in reversed(self.steps):
            levels = list(_evenly(step.low, step.high, count))
            levels = levels[::-1] if step.kind == "jpeg" else levels  # high quality is weak noise
            for index, (level, read) in enumerate(zip(levels, _evenly(*step.read, count), strict=True)):
                fixed = replace(step, low=level, high=level, read=(read, read), then=found[index])
                found[index] = fixed
        return [one for one in found if one is not None]


def _check(what: str, levels: tuple[Any, ...], least: float, most: float) -> None:
    if not all(isinstance(level, Real) for level in levels):
        raise NoiseError(f"a noise level is a number, not {levels[0]!r} or {levels[1]!r}.")
    low, high = levels
    if not (math.isfinite(low) and math.isfinite(high) and least <= low <= high <= most):
        raise NoiseError(
            f"noise level {low:g} to {high:g} is not possible for {what}: "
            f"levels go from {least:g} to {most:g}, the lower one first."
        )


def _evenly(low: float, high: float, count: int) -> Iterator[float]:
    return map(float, np.linspace(low, high, count))


def _read(part: str) -> dict[str, Any]:
    """What 'gaussian:0.1-0.7' says: fields of a NoiseSpec."""
    kind, colon, levels = part.partition(":")
    kind = kind.strip()
    if not colon:
        raise NoiseError(f"noise {part!r} has no level. {_WRITTEN}")
    _bounds(kind)
    level, slash, second = levels.partition("/")
    if slash and kind not in _SECOND:
        raise NoiseError(f"noise {part!r} has two levels; only {' and '.join(_SECOND)} have. {_WRITTEN}")
    low, high = _read_range(level)
    found = {"kind": kind, "low": low, "high": high}
    if slash and kind == "patches" and not (second.strip().isdecimal() and len(second.strip()) < 9):
        raise NoiseError(f"the side of patches {second!r} is not a whole number of pixels. {_WRITTEN}")
    return found | ({} if not slash else _SECOND[kind](second))


def _read_range(text: str) -> tuple[float, float]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise NoiseError(f"noise level {text!r} is not a number or a range. {_WRITTEN}")
    return float(found[1]), float(found[2] or found[1])


def _write(step: NoiseSpec) -> str:
    second = {"poisson-gaussian": _write_range(*step.read), "patches": str(step.side)}.get(step.kind)
    return f"{step.kind}:{_write_range(step.low, step.high)}{f'/{second}' if second else ''}"


def _write_range(low: float, high: float) -> str:
    return _write_number(low) if low == high else f"{_write_number(low)}-{_write_number(high)}"


def _write_number(number: float) -> str:
    short = f"{float(number):g}"
    return short if float(short) == number else repr(float(number))


# what follows the slash, for the kinds that have one
_SECOND: dict[str, Callable[[str], dict[str, Any]]] = {
    "poisson-gaussian": lambda text: {"read": _read_range(text)},
    "patches": lambda text: {"side": int(text)},
}
