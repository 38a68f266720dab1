"""Builds the app: a model chooser above the tabs, which are found by their folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from types import ModuleType
from typing import Any

import gradio as gr
from gradio.context import Context as Page

from diabolo.runtime import _discovery
from diabolo.ui.blocks import AppBlocks
from diabolo.ui.components import choice
from diabolo.ui.files.temporary import AGE
from diabolo.ui.lessons import add_fold
from diabolo.ui.models.collection import Models, Sources, collect
from diabolo.ui.models.suited import suited
from diabolo.ui.parts.context import EVERY, Context, shown_errors
from diabolo.ui.parts.owned import watch_uploads
from diabolo.ui.parts.picture_input import add_pad
from diabolo.ui.parts.refresh import model_mark, refresh, wanted
from diabolo.ui.parts.sketch import sheet_of
from diabolo.ui.parts.texts import LANGUAGES, SHARED, Texts, check
from diabolo.ui.photos.texts import DESK
from diabolo.ui.sandbox import VisitorLimits

__all__ = ["build", "find_tabs", "queue", "registry", "translations"]

_CLEANUP = (600, AGE)  # seconds: how often Gradio removes visitors' files, and from which age
_WAITING = 2000  # events that may wait in the queue; opening a page causes about thirty
# runs in the page: the name that was chosen automatically is replaced by the one that suits the opened tab
_SUIT = "(name, automatic) => name === automatic ? [%s, %s] : [name, automatic]"
# a dropdown also reports input when the focus leaves it with the name that it had
_CHOSEN = "(name, automatic) => (name === automatic ? automatic : '')"
_ALIASES = ("zh", "zh-HK", "zh-Hant", "zh-Hant-TW")  # browsers also ask for Chinese by these tags


def find_tabs() -> dict[str, ModuleType]:
    """The tabs by name, in display order; one whose `is_offered` says no is left out."""
    package = "diabolo.ui.tabs"
    found = {name: _discovery.find(package, name, "tab") for name in _discovery.names(package)}
    offered = {name: tab for name, tab in found.items() if getattr(tab, "is_offered", lambda: True)()}
    return dict(sorted(offered.items(), key=lambda item: item[1].ORDER))


def build(
    bundles: Sources = None,
    *,
    language: str | None = "en",
    device: str = "auto",
    limits: VisitorLimits | None = None,
    training: bool = False,
) -> gr.Blocks:
    """Build the app as Gradio Blocks, to be launched, or to be part of another page.

    It includes its own style, and a page may contain it more than once: inside `with gr.Blocks()` it appears
    where `build` is called, elsewhere where its `render()` is called. Its endpoints are `/reconstruct` and so
    on; Gradio adds `_1` to those of a second one.

    Args:
        bundles: what `Autoencoder.load` opens or has opened, one or several, or a mapping from the names
            shown in the app; None takes the ready-made models.
        language: 'en' or 'zh-TW'; None follows each browser, and then the page must be launched with
            `i18n=diabolo.ui.translations()`.
        device: as for `Autoencoder.load`.
        limits: limits for the bundles that visitors upload; None takes `VisitorLimits()`.
        training: let the page train models; only for a page that nobody else can reach (docs/security.md).

    Raises:
        BundleError: something is not a bundle, or was changed.
        DeviceError: the device does not work here.
        UnknownNameError: the language or the device is unknown.
        UsageError: there are no models.
    """
    check(language)
    models, tabs = collect(bundles, device=device), find_tabs()
    app: AppBlocks
    with (
        AppBlocks(title="Diabolo", analytics_enabled=False, delete_cache=_CLEANUP) as app,
        gr.Column(elem_classes="diabolo"),
    ):
        _add_style()
        chooser = _chooser(models, tabs)
        context = Context(
            bundles=models,
            chooser=chooser,
            language=language,
            texts=_texts(tabs),
            limits=limits or VisitorLimits(),
            training=training,
        )
        _add_head(context)
        line, mark = gr.Markdown(elem_classes="model-line"), model_mark(context)
        with gr.Column(elem_classes="workspace"):
            sheet = add_pad(context)
            _add_tabs(context, tabs)
        page = Page.root_block or app  # only the outermost Blocks notice that a page is opened or closed
        app.returned, app.language, app.examples = context.returned, language, context.examples
        _wire_model(context, mark, line, sheet)
        wanted(context)
        watch_uploads(context)
        page.unload(_forget_visitor(models))
    queue(app)
    return app


def _add_style() -> None:
    """The style sheet and the names of picture buttons, in a component: they come along into other pages."""
    gr.HTML(
        f"<style>{_read('app.css')}</style>",
        js_on_load=_read("parts/picture_names.js"),
        padding=False,
        elem_classes="diabolo-style",
    )


def _chooser(models: Models, tabs: dict[str, ModuleType]) -> gr.Dropdown:
    """The model chooser; the page opens with the model that suits the first tab."""
    names = list(models)
    first = suited(models, getattr(next(iter(tabs.values()), None), "SUITS", None)) or names[0]
    models[first]  # a model that does not run is reported now, and not on the page
    return choice(names, value=first, visible=len(names) > 1, min_width=220, render=False)


def _add_head(context: Context) -> None:
    """The title, and the model chooser."""
    context.chooser.label = context.text("", "model")
    with gr.Row(elem_classes="head"):
        with gr.Column(scale=3, min_width=260):
            gr.Markdown("# Diabolo")
            gr.Markdown(context.text("", "tagline"), elem_classes="tagline")
        context.chooser.render()  # type: ignore[no-untyped-call]
    context.automatic.render()  # type: ignore[no-untyped-call]
    context.owned.render()  # type: ignore[no-untyped-call]


def _add_tabs(context: Context, tabs: dict[str, ModuleType]) -> None:
    """The tabs. Until the visitor chooses a model, opening a tab chooses the one that suits it."""
    names: list[Any] = [context.chooser, context.automatic]
    with gr.Tabs(overflow_behavior="wrap", elem_classes="main-tabs"):
        for name, module in tabs.items():
            context.pictured = False
            with gr.Tab(context.text(name, "tab"), id=name) as tab:
                add_fold(context, name)
                module.build(context)
            tab.elem_classes = ["pictured" if context.pictured else "unpictured"]
            best = suited(context.bundles, getattr(module, "SUITS", None))
            if best is not None:
                tab.select(None, names, names, js=_SUIT % ((json.dumps(best),) * 2), **EVERY)
    context.chooser.input(None, names, context.automatic, js=_CHOSEN, **EVERY)


def _wire_model(context: Context, mark: gr.HTML, line: gr.Markdown, sheet: gr.HTML) -> None:
    """Describe the chosen model in a line, and lay a sheet in its proportions; this comes before the tabs."""

    def describe(name: str, automatic: str, request: gr.Request) -> tuple[Any, ...]:
        with shown_errors():
            told = context.describe(name, request)
            if name == automatic and len(context.bundles) > 1:
                told += f"  ·  {context.say(SHARED, request)['suits']}"
            laid = sheet_of(context.manifest(name), context.language)
            return told, laid, *context.show_originals(name)

    shown = [line, sheet, *context.originals_buttons]
    refresh(context, describe, [context.chooser, context.automatic], shown, mark=mark)


def _forget_visitor(models: Models) -> Callable[[gr.Request], None]:
    def leave(request: gr.Request) -> None:
        models.uploaded.leave(request.session_hash)

    return leave


def queue(app: gr.Blocks, concurrency: int = 2) -> None:
    """Set up the event queue of an app.

    By default, Gradio sends a message to every waiting client at each step, and does not limit their number.

    Args:
        app: the app.
        concurrency: how many events of one kind are computed at the same time.
    """
    app.queue(status_update_rate=1, max_size=_WAITING, default_concurrency_limit=concurrency)


def registry(name: str, token: str | None = None, **options: Any) -> gr.Blocks:  # noqa: ARG001
    """The app of one model, for Gradio's `load`: `gr.load("mnist-vae", src=diabolo.ui.registry)`.

    Args:
        name: the name of a ready-made model, or a bundle's folder or .zip.
        token: unused; Gradio passes it.
        options: further arguments of `build`, such as `language` and `device`.

    Raises:
        BundleError, DeviceError, UnknownNameError, UsageError: as for `build`.
    """
    return build(name, **options)


def translations() -> gr.I18n:
    """The app's texts in all languages, for `launch(i18n=...)` of a page from `build(language=None)`."""
    texts = _texts(find_tabs())
    return gr.I18n(**texts, **dict.fromkeys(_ALIASES, texts["zh-TW"]))


def _texts(tabs: dict[str, ModuleType]) -> Texts:
    texts: Texts = {}
    for language in LANGUAGES:
        texts[language] = SHARED[language] | {f"photos_{key}": text for key, text in DESK[language].items()}
        for name, tab in tabs.items():
            texts[language] |= {f"{name}_{key}": text for key, text in tab.TEXTS[language].items()}
            texts[language][f"{name}_tab"] = tab.TITLE[language]
    return texts


def _read(name: str) -> str:
    return resources.files("diabolo.ui").joinpath(name).read_text("utf-8")
