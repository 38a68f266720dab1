"""The latent explorer: a Gradio component that carries its own page, style and script."""

from __future__ import annotations

from diabolo.ui.explorer._component import LatentExplorer

__all__ = ["LatentExplorer"]
