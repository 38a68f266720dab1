"""Export a trained run as two ONNX graphs, proved equal to the torch model."""

from __future__ import annotations

from diabolo.export.bundle import Exported, export_run
from diabolo.export.errors import ExportError

__all__ = ["ExportError", "Exported", "export_run"]
