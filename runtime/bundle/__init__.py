"""Bundles: two ONNX graphs and a model.json, in a folder or a .zip; and the ready-made models."""

from __future__ import annotations

from diabolo.runtime.bundle._bundle import Bundle

__all__ = ["Bundle"]
