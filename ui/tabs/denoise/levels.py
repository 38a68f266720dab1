"""Which levels the tab offers for a kind of noise, and where it begins."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.noise import KINDS, NoiseSpec, largest_level, smallest_level

__all__ = ["first_noise", "level_slider", "noise_at", "read_noise", "step", "top", "unit", "within"]

_GAIN = 0.1  # of poisson-gaussian noise, at most, unless the model was trained on more


def first_noise(m: Manifest) -> tuple[str, float]:
    """The first kind and level: what the model was trained on, in the middle of its range."""
    if m.noise is None or m.noise[0] not in KINDS:
        return KINDS[0], 0.3
    kind, low, high = m.noise
    return kind, round((low + high) / 2, 3 if kind == "poisson-gaussian" else 2)


def top(m: Manifest, kind: str) -> float:
    """The highest level that the slider offers."""
    if kind == "jpeg":
        return largest_level(kind)
    usual = _GAIN if kind == "poisson-gaussian" else 1.0
    trained = m.noise[2] if m.noise is not None and m.noise[0] == kind else 0.0
    return min(largest_level(kind), max(usual, trained))


def within(m: Manifest, kind: str, level: float) -> float:
    """The level, or the nearest one that the slider offers."""
    return min(max(level, smallest_level(kind)), top(m, kind))


def level_slider(m: Manifest, kind: str, level: float, say: dict[str, str]) -> gr.Slider:
    """The slider for a kind of noise, set to a level."""
    return gr.Slider(
        value=level,
        minimum=smallest_level(kind),
        maximum=top(m, kind),
        step=step(kind),
        info=unit(kind, say),
        visible=True,
    )


def step(kind: str) -> float:
    """The step of the slider."""
    return {"jpeg": 1, "poisson-gaussian": 0.001}.get(kind, 0.01)


def noise_at(m: Manifest, kind: str, level: float) -> NoiseSpec:
    """Noise of a kind and a level; what else it has is as the model was trained on, if it was."""
    read = read_noise(m) if kind == "poisson-gaussian" else 0.0
    spec = NoiseSpec(kind=kind, low=level, high=level, read=(read, read))
    trained = m.noise_spec
    return replace(spec, side=trained.side) if trained is not None and trained.kind == kind else spec


def read_noise(m: Manifest) -> float:
    """The read noise that is added with poisson-gaussian noise: the mean of what the model was trained on."""
    return sum(m.noise_spec.read) / 2 if m.noise_spec is not None else 0.0


def unit(kind: str, say: dict[str, str]) -> str:
    """What the level is, in words."""
    units = {"gaussian": "deviation", "speckle": "deviation", "poisson-gaussian": "gain", "jpeg": "quality"}
    return say[units.get(kind, "share")]
