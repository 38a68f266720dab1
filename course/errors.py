"""Errors of `diabolo.course`."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["LabError"]


class LabError(DiaboloError):
    """A lab's folder exists already or cannot be written, or its text has a mistake."""
