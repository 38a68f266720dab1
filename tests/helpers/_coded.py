"""A bundle made by hand that brings codes: three classes with gaps between them, and training codes."""

from __future__ import annotations

import hashlib
import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from _pair import save_pair

from diabolo.runtime.bundle import Bundle, manifest
from diabolo.runtime.latent.density import Density

CLASSES = ["ants", "bees", "cats"]


def save_coded(folder: Path, latent_shape: tuple[int, ...] = (2,), count: int = 300) -> Path:
    """Codes lie about (0, 0), (4, 0), (0, 4) in the first two dimensions, and near 0 in the others."""
    size, rng = prod(latent_shape), np.random.default_rng(0)
    centres = np.zeros((3, size), np.float32)
    centres[1, 0] = centres[2, min(1, size - 1)] = 4
    labels = np.arange(count) % 3
    spread = np.where(np.arange(size) < 2, 0.5, 0.1)
    test, training = (
        (centres[labels] + spread * rng.standard_normal((count, size))).astype(np.float32) for _ in range(2)
    )
    reach = Density(training, np.ones(2, np.float32)).distance(test)
    np.savez_compressed(
        folder.with_suffix(".npz"),
        codes=test.reshape(count, *latent_shape),
        labels=labels.astype(np.int64),
        training=training.reshape(count, *latent_shape),
        distances=np.quantile(reach, np.linspace(0, 1, 101)).astype(np.float32),
    )
    latent = {
        "mean": test.mean(0).tolist(),
        "deviation": test.std(0).tolist(),
        "minimum": test.min(0).tolist(),
        "maximum": test.max(0).tolist(),
    }
    dataset = {"name": "made", "classes": CLASSES}
    save_pair(folder, image_shape=(1, 8, 8), latent_shape=latent_shape, latent=latent, dataset=dataset)
    codes = folder.with_suffix(".npz").rename(folder / "codes.npz").read_bytes()
    document = json.loads((folder / "model.json").read_text())
    document["files"]["codes.npz"] = {
        "role": "codes",
        "sha256": hashlib.sha256(codes).hexdigest(),
        "size": len(codes),
    }
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


def with_prior(folder: Path) -> Path:
    """The same bundle, but its model.json says that latents follow N(0, I)."""
    document = json.loads((folder / "model.json").read_text())
    document["latent"]["prior"] = "normal"
    document["metrics"]["holes"] = 0.012
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


def save_compared(folder: Path) -> Path:
    """Save 'plane', 'prior', 'whole' and 'wide' in a folder, and return it."""
    save_coded(folder / "plane")
    with_prior(save_coded(folder / "prior"))
    save_pair(folder / "whole", latent_shape=(1, 8, 8), dataset={"name": "made", "classes": []})
    save_pair(folder / "wide", image_shape=(3, 6, 10))
    return folder


def context_of(folder: Path, *names: str) -> Any:
    from diabolo.ui.models.collection import Models
    from diabolo.ui.parts.context import Context

    models = Models({name: Bundle.open(folder / name) for name in names}, device="cpu")
    return Context(bundles=models, chooser=None)  # type: ignore[arg-type]
