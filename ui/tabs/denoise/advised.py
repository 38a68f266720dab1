"""What the figures of the tab mean, by what model.json says, and which models were trained to denoise."""

from __future__ import annotations

import gradio as gr

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.context import Context
from diabolo.ui.parts.model_buttons import advice_html
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.denoise.level_curve import Now
from diabolo.ui.tabs.denoise.texts import TEXTS

__all__ = ["advised"]

_OFFERED = 3  # other models, at most


def advised(context: Context, model: str, kind: str, now: Now | None, request: gr.Request | None) -> str:
    """The meaning of the figures as HTML, with a button for models that do better.

    Args:
        context: the app's context.
        model: the model's name.
        kind: of the noise.
        now: the figures of the picture, if there is one.
        request: the visitor's.
    """
    m, say = context.manifest(model), context.say(TEXTS, request)
    lines = [] if now is None else [say["meaning"]]
    if now is not None and now.noisy is not None and now.denoised is not None and now.denoised < now.noisy:
        lines.append(say["worse"])
    lines.append(_note(m, kind, say))
    before, after = m.metrics.get("noisy_psnr"), m.metrics.get("denoised_psnr")
    if isinstance(before, int | float) and isinstance(after, int | float):
        figures = {"noisy": f"{before:.1f}", "denoised": f"{after:.1f}"}
        lines.append(say["usual"].format(dataset=m.dataset, **figures))
    others = [] if m.noise is not None else _denoisers(context, m)
    if others:
        lines.append(say["instead"])
    return advice_html(lines, others, context.say(SHARED, request))


def _denoisers(context: Context, m: Manifest) -> list[str]:
    """The models that were trained to remove noise, those for images like this model's first."""
    known = {name: context.manifest(name) for name in context.bundles.names()}
    trained = [name for name, n in known.items() if n.noise is not None]
    likeness = {name: (n.dataset == m.dataset, n.image_shape == m.image_shape) for name, n in known.items()}
    return sorted(trained, key=likeness.__getitem__, reverse=True)[:_OFFERED]


def _note(m: Manifest, kind: str, say: dict[str, str]) -> str:
    if m.noise is None:
        return say["untrained"]
    if m.noise_spec is not None and not m.noise_spec.is_plain:
        return say["trained_spec"].format(spec=m.noise_spec)
    trained, low, high = m.noise
    level = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    return say["trained" if trained == kind else "other"].format(kind=say.get(trained, trained), level=level)
