"""The error of the export layer."""

from __future__ import annotations

from diabolo.runtime.errors import DiaboloError

__all__ = ["ExportError"]


class ExportError(DiaboloError):
    """The export failed; no bundle was written."""
