"""Errors of the export floor."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["ExportError"]


class ExportError(DiaboloError):
    """The export was given up; no bundle is left behind."""
