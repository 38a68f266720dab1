"""A slider over models that differ in one number: it chooses another of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import gradio as gr

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.models.collection import figures
from diabolo.ui.models.series import Series, series_like, series_of
from diabolo.ui.parts.context import Context, shown_errors
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import escaped
from diabolo.ui.parts.model_buttons import choose_on_click
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS", "add_slider", "slider_html"]

TEXTS: Texts = {
    "en": {
        "series": "Models that differ in {option} only",
        "series_other": "{count} models of this kind that differ in {option} only, from {low} to {high}: ",
        "series_try": "compare them",
        "value": "{option}",
        "reconstruction": "reconstruction, nats",
        "kl": "KL, nats",
        "mse": "MSE",
        "holes": "holes, %",
        "choose": "Choose a model by its {option}",
    },
    "zh-TW": {
        "series": "只差在 {option} 的幾個模型",
        "series_other": "同一種模型還有 {count} 個，只差在 {option}，由 {low} 到 {high}：",
        "series_try": "比較看看",
        "value": "{option}",
        "reconstruction": "重建項（奈特）",
        "kl": "KL（奈特）",
        "mse": "MSE",
        "holes": "間隙（%）",
        "choose": "依 {option} 選擇模型",
    },
}

_GREEK = {"beta": "β"}
_FIGURES = ("reconstruction", "kl", "mse", "holes")  # on test images
# the slider has as many stops as models; moving it chooses the model of the stop
_SCRIPT = """element.addEventListener("input", (event) => {
  const names = JSON.parse(event.target.dataset.names ?? "null");
  if (names) trigger("click", { name: names[event.target.valueAsNumber] });
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-name]");
  if (button) trigger("click", { name: button.dataset.name });
});"""


def add_slider(context: Context) -> None:
    """Place the slider; it is empty for a model that is in no series, or names a series like it."""
    box = gr.HTML(js_on_load=_SCRIPT, apply_default_css=False, padding=False, elem_classes="series")
    choose_on_click(context, box)

    def show(model: str, request: gr.Request) -> str:
        with shown_errors():
            models = {name: context.manifest(name) for name in context.bundles.names()}
            return slider_html(models, context.bundles.check(model), context.say(TEXTS, request))

    refresh(context, show, [context.chooser], [box])


def slider_html(models: Mapping[str, Manifest], name: str, say: Mapping[str, str]) -> str:
    """The slider as HTML, with the figures of all models of the series.

    Args:
        models: the visitor's models.
        name: of the chosen model.
        say: `TEXTS` in one language.
    """
    found = series_of(models, name)
    if found is not None:
        return _slider(found, models, name, say)
    other = series_like(models, name)
    if other is None:
        return ""
    values = list(other.names)
    option = _GREEK.get(other.option, other.option)
    line = say["series_other"].format(
        count=len(values), option=option, low=f"{values[0]:g}", high=f"{values[-1]:g}"
    )
    near = other.names[min(values, key=lambda value: _distance(value, models[name], other.option))]
    button = f'<button type="button" data-name="{escaped(near)}">{escaped(say["series_try"])}</button>'
    return f"<p>{escaped(line)}{button}</p>"


def _distance(value: float, m: Manifest, option: str) -> float:
    mine = m.variant_options.get(option)
    return abs(value - mine) if isinstance(mine, int | float) else 0.0


def _slider(found: Series, models: Mapping[str, Manifest], name: str, say: Mapping[str, str]) -> str:
    option = _GREEK.get(found.option, found.option)
    names = list(found.names.values())
    at = names.index(name)
    words = escaped(say["choose"].format(option=option))
    listed = escaped(json.dumps(names))
    ticks = "".join(
        f'<span class="{"here" if other == name else ""}">{value:g}</span>'
        for value, other in found.names.items()
    )
    shown = [key for key in _FIGURES if all(key in figures(models[one]) for one in names)]
    rows = "".join(
        f'<tr><th scope="row">{escaped(say[key])}</th>'
        + "".join(
            f'<td class="{"here" if one == name else ""}">{_written(key, models[one])}</td>' for one in names
        )
        + "</tr>"
        for key in shown
    )
    return (
        f"<p><b>{escaped(say['series'].format(option=option))}</b></p>"
        f'<div class="scale" style="--stops: {len(names)}">'
        f'<label><span class="option">{escaped(option)}</span><input type="range" min="0" '
        f'max="{len(names) - 1}" step="1" value="{at}" data-names="{listed}" aria-label="{words}" '
        f'aria-valuetext="{escaped(option)} = {found.value_of(name):g}"></label>'
        f'<div class="ticks" aria-hidden="true">{ticks}</div></div>'
        f"<table><tbody>{rows}</tbody></table>"
    )


def _written(key: str, m: Manifest) -> str:
    value = figures(m)[key]
    if key == "mse":
        return mse_text(value)
    return f"{100 * value:.1f}" if key == "holes" else f"{value:.1f}"
