"""Train a model, watch its losses, reconstructions and latent map, and export it into the app."""

from __future__ import annotations

from diabolo.ui.tabs.train.page import ORDER, TEXTS, TITLE, build, is_offered

__all__ = ["ORDER", "TEXTS", "TITLE", "build", "is_offered"]
