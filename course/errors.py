"""What can go wrong with a lab."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["LabError"]


class LabError(DiaboloError):
    """There is no such lab or language, its folder exists already, or a file to check cannot be used."""
