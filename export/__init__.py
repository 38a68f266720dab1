"""Export a trained run, or any two torch modules, as two ONNX graphs that are proved equal to them."""

from __future__ import annotations

from diabolo.export.bundle import Exported, Settings
from diabolo.export.errors import ExportError
from diabolo.export.external_modules import export_factory, export_pair
from diabolo.export.run import export_run
from diabolo.runtime._renamed import renamed

__all__ = ["ExportError", "Exported", "Settings", "export_factory", "export_pair", "export_run"]

renamed(
    {
        "diabolo.export.foreign": "diabolo.export.external_modules",
        "diabolo.export.half": "diabolo.export.fp16",
        "diabolo.export.proof": "diabolo.export.parity",
    }
)
