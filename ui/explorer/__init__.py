"""The latent explorer: a Gradio component with its own HTML, CSS and JavaScript."""

from __future__ import annotations

from diabolo.ui.explorer._component import LatentExplorer

__all__ = ["LatentExplorer"]
