"""What a check returns: one thing that is wrong with a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["SEVERITIES", "Finding", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # the most serious first


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        name: of the finding, such as 'posterior-collapse'; programs may depend on it.
        severity: error: the model is of no use; warning: it is worse than it could be, or its figures
            mislead; note: worth knowing, though the model may be as wanted.
        problem: one sentence that says what is wrong, with its figure.
        see: where it can be seen: a plot, a file or an option.
        advice: what to try: an exact option or command.
        explains: the names of findings that follow from this one, and are left out next to it.
    """

    name: str
    severity: Severity
    problem: str
    see: str
    advice: str
    explains: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str]:
        """The finding as JSON values, as `diabolo doctor --json` prints it."""
        return {
            "name": self.name,
            "severity": self.severity,
            "problem": self.problem,
            "see": self.see,
            "try": self.advice,
        }
