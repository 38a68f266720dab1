"""The app: a model chooser above the tabs, which are found by their files."""

from __future__ import annotations

from importlib import resources
from types import ModuleType
from typing import Any

import gradio as gr
from gradio.context import Context as Page

from diabolo.runtime import _discovery
from diabolo.ui.blocks import AppBlocks
from diabolo.ui.components import choice
from diabolo.ui.files.temporary import AGE
from diabolo.ui.models.collection import Sources, collect
from diabolo.ui.parts.context import QUIET, Context
from diabolo.ui.parts.texts import LANGUAGES, SHARED, Texts, check
from diabolo.ui.sandbox import VisitorLimits

__all__ = ["build", "find_tabs", "queue", "registry", "translations"]

_KEPT = (600, AGE)  # seconds: how often visitors' files are looked at, and how old they become
_WAITING = 2000  # events of all pages that wait for their turn; opening a page makes some thirty
_ALIASES = ("zh", "zh-HK", "zh-Hant", "zh-Hant-TW")  # browsers ask for Chinese under these names too


def find_tabs() -> dict[str, ModuleType]:
    """The tabs by name, in the order in which they are shown."""
    package = "diabolo.ui.tabs"
    found = {name: _discovery.find(package, name, "tab") for name in _discovery.names(package)}
    return dict(sorted(found.items(), key=lambda item: item[1].ORDER))


def build(
    bundles: Sources = None,
    *,
    language: str | None = "en",
    device: str = "auto",
    limits: VisitorLimits | None = None,
) -> gr.Blocks:
    """The app, to be launched or shown within a page of one's own.

    It brings its style along, and may stand on a page more than once: inside `with gr.Blocks()` it appears
    where it is called, and anywhere else by its `render()`. Its endpoints are `/reconstruct` and so on; those
    of a second one get `_1`, as gradio numbers what is named alike.

    Args:
        bundles: what `Autoencoder.load` opens or has opened, one or many, or a mapping by the names people
            choose from; None takes the ready-made models.
        language: 'en' or 'zh-TW'; None takes each browser's own, and then the page must be launched with
            `i18n=diabolo.ui.translations()`.
        device: as `Autoencoder.load` takes it.
        limits: what the bundles that visitors bring may take; None takes `VisitorLimits()`.

    Raises:
        BundleError: no bundle, or one that was changed.
        DeviceError: the device does not work here.
        UnknownNameError: there is no such language or device.
        UsageError: no models.
    """
    check(language)
    models = collect(bundles, device=device)
    tabs, names = find_tabs(), list(models)
    app: gr.Blocks
    with (
        AppBlocks(title="Diabolo", analytics_enabled=False, delete_cache=_KEPT) as app,
        gr.Column(elem_classes="diabolo"),
    ):
        gr.HTML(f"<style>{_read('app.css')}</style>", padding=False, elem_classes="diabolo-style")
        chooser = choice(names, value=names[0], visible=len(names) > 1, min_width=220, render=False)
        context = Context(
            bundles=models,
            chooser=chooser,
            language=language,
            texts=_texts(tabs),
            limits=limits or VisitorLimits(),
        )
        chooser.label = context.text("", "model")
        with gr.Row(elem_classes="head"):
            with gr.Column(scale=3, min_width=260):
                gr.Markdown("# Diabolo")
                gr.Markdown(context.text("", "tagline"))
            chooser.render()  # type: ignore[no-untyped-call]
        line = gr.Markdown(elem_classes="model-line")
        with gr.Tabs():
            for name, tab in tabs.items():
                with gr.Tab(context.text(name, "tab"), id=name):
                    tab.build(context)
        gr.on(None, context.describe, chooser, line, **QUIET)
        gr.on(None, context.show_originals, chooser, context.originals_buttons, **QUIET)

        def leave(request: gr.Request) -> None:
            models.uploaded.leave(request.session_hash)

        # within somebody's page, that page is told when it is closed
        (Page.root_block or app).unload(leave)
    queue(app)
    return app


def queue(app: gr.Blocks, concurrency: int = 2) -> None:
    """Set up the queue of an app's events, of which so many of one kind are computed at a time.

    Left alone, gradio sends a message to all who wait at each step, and has no bound on how many do.
    """
    app.queue(status_update_rate=1, max_size=_WAITING, default_concurrency_limit=concurrency)


def registry(name: str, token: str | None = None, **options: Any) -> gr.Blocks:  # noqa: ARG001
    """The app of one model, by gradio's own convention: `gr.load("mnist-vae", src=diabolo.ui.registry)`.

    Args:
        name: a ready-made model's, or a bundle's folder or .zip.
        token: gradio hands one on; no model needs it.
        options: what `build` takes: `language`, `device`.

    Raises:
        What `build` raises.
    """
    return build(name, **options)


def translations() -> gr.I18n:
    """All words of the app in its languages, for `launch(i18n=...)` of a page with `build(language=None)`."""
    texts = _texts(find_tabs())
    return gr.I18n(**texts, **dict.fromkeys(_ALIASES, texts["zh-TW"]))


def _texts(tabs: dict[str, ModuleType]) -> Texts:
    texts: Texts = {}
    for language in LANGUAGES:
        texts[language] = dict(SHARED[language])
        for name, tab in tabs.items():
            texts[language] |= {f"{name}_{key}": text for key, text in tab.TEXTS[language].items()}
            texts[language][f"{name}_tab"] = tab.TITLE[language]
    return texts


def _read(name: str) -> str:
    return resources.files("diabolo.ui").joinpath(name).read_text("utf-8")
