"""A bundle: two graphs and a model.json, in a folder or a .zip; what is in it, and the ready-made ones."""

from __future__ import annotations

from diabolo.runtime.bundle._bundle import Bundle

__all__ = ["Bundle"]
