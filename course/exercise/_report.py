"""What a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diabolo.course.exercise._texts import texts

__all__ = ["Finding", "Mistake", "Report"]


class Mistake(Exception):
    """The student's file does not do what the exercise asks for.

    Args:
        code: its name in the texts.
        values: for the placeholders of the text.
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to mend, or to think about.

    Attributes:
        code: its name in the texts, such as 'decoder-shape'.
        values: for the placeholders of the text.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def what(self, language: str) -> str:
        """What is wrong, in 'en' or 'zh-TW'."""
        return self._text("what", language)

    def hint(self, language: str) -> str:
        """Where to look; not the answer."""
        return self._text("hint", language)

    def _text(self, part: str, language: str) -> str:
        text: str = texts(language)["findings"][self.code][part]
        between: str = texts(language)["between"]["items"]
        return text.format(**{name: _listed(value, between) for name, value in self.values.items()})


def _listed(value: Any, between: str) -> Any:
    """Names in a list, one after the other; anything else, such as a shape, as it is."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return between.join(value)
    return value


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of a check.

    Attributes:
        passed: the steps that held, by their names in the texts, in order.
        failed: the first thing that is wrong; None if nothing is.
        advice: what works, but not as well as it could.
        figures: of a training: the MSE on the test set as 'yours', 'ours', 'goal', 'pca' (of the same size)
            and 'mean' (the mean training image, whatever goes in).
    """

    passed: tuple[str, ...]
    failed: Finding | None = None
    advice: tuple[Finding, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
