"""Choose a model or upload one, and see what it is, where it runs and whether its checks pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from diabolo.runtime.errors import BundleError
from diabolo.ui.files.incoming import UploadInput
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.inline_html import escaped
from diabolo.ui.parts.model_buttons import choose_on_click
from diabolo.ui.parts.numbers import record
from diabolo.ui.parts.owned import owned_text
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.tabs.models.about import about
from diabolo.ui.tabs.models.card_body import card_body
from diabolo.ui.tabs.models.card_texts import TEXTS as CARD
from diabolo.ui.tabs.models.facts import facts
from diabolo.ui.tabs.models.model_card import Pictures, card_html
from diabolo.ui.tabs.models.model_list import CLICKED, model_list
from diabolo.ui.tabs.models.texts import TEXTS
from diabolo.ui.tabs.models.uploads import Uploads

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Models", "zh-TW": "模型"}
ORDER = 70


@dataclass(kw_only=True)
class _Page:
    """The components of the tab, from top to bottom."""

    models: gr.HTML
    upload: gr.File
    report: gr.Markdown
    about: gr.HTML
    card: gr.HTML


def build(context: Context) -> None:
    """Lay out the tab."""
    page = _layout(context)
    _wire(context, page)
    _wire_upload(context, page)
    _endpoint(context)


def _layout(context: Context) -> _Page:
    def text(key: str) -> Any:
        return context.text("models", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    models = gr.HTML(js_on_load=CLICKED, apply_default_css=False, elem_classes="models-list")
    with gr.Row(visible=context.limits.uploads, elem_classes="models-upload"):
        upload = UploadInput(
            text("upload"), file_types=[".zip"], size="sm", min_width=200, elem_classes="models-open"
        )
        with gr.Column(scale=4, min_width=260):
            gr.Markdown(text("upload_note"), elem_classes="note")
    report = gr.Markdown(elem_classes="models-said")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            about = gr.HTML(js_on_load=None, apply_default_css=False, elem_classes="models-about")
        with gr.Column(min_width=300):
            card = gr.HTML(js_on_load=None, elem_classes="models-card")
    return _Page(models=models, upload=upload, report=report, about=about, card=card)


def _wire(context: Context, page: _Page) -> None:
    """A click chooses a model, and the chosen one is described."""

    def show(model: str, _owned: str, request: gr.Request) -> tuple[str, str, str]:
        say = _texts(context, request)
        with shown_errors():
            known = facts(context.bundles, model)
            context.bundles.uploaded.mark_shown(request.session_hash, model)
            return model_list(context.bundles, model, say), about(known, say), _card(context, model, request)

    outputs = [page.models, page.about, page.card]
    refresh(context, show, [context.chooser, context.owned], outputs)
    choose_on_click(context, page.models)


def _wire_upload(context: Context, page: _Page) -> None:
    """An uploaded bundle is checked and becomes the chosen model."""
    uploads = Uploads(context.bundles, context.limits)

    def take(path: str | None, request: gr.Request) -> Iterator[tuple[Any, str, Any]]:
        if path is None:
            return
        say, visitor = _texts(context, request), request.session_hash
        before = context.bundles.uploaded.names(visitor)
        yield gr.skip(), say["waiting" if uploads.busy else "checking"], gr.skip()
        try:
            with shown_errors():
                name, new = uploads.take(path, visitor)
        except gr.Error:
            yield gr.skip(), "", gr.skip()
            raise
        own = context.bundles.uploaded.names(visitor)
        names = [*context.bundles, *own]
        lines = [say["taken" if new else "known"].format(name=as_text(name))]
        lines += [say["removed"].format(name=as_text(gone)) for gone in before if gone not in own]
        chooser = gr.update(choices=names, value=name, visible=len(names) > 1)
        yield chooser, "  \n".join(lines), owned_text(context.bundles, visitor)

    changed = [context.chooser, page.report, context.owned]
    taken = page.upload.upload(take, page.upload, changed, **QUIET)
    taken.success(None, None, context.automatic, js="() => ''", **QUIET)


def _endpoint(context: Context) -> None:
    """Publish `/describe`, for programs."""

    def describe(model: str) -> dict[str, Any]:
        """Describe a model, and check its bundle.

        Args:
            model: the model's name.

        Returns:
            What model.json says (images, latent, prior, noise, metrics, parity with torch), the device asked
            for and the one used, and each check of the bundle: name, ok, detail; and for outputs that were
            compared, the largest difference and the allowed one.
        """
        with shown_errors():
            return facts(context.bundles, model)

    with gr.Row(visible=False):
        found, run = record("facts"), gr.Button()
    run.click(describe, context.chooser, found, **context.endpoint("describe", "facts"))


def _card(context: Context, model: str, request: gr.Request) -> str:
    """The model's card in the visitor's language, then the one in the bundle, folded."""
    bundle, say = context.bundles.bundle(model), context.say(CARD, request)
    body = card_body(model, context.manifest(model), Pictures(bundle).take, say)
    try:
        attached = card_html(bundle)
    except BundleError as error:  # the checks report it, too
        attached = f"<p>{escaped(error)}</p>"
    if not attached:
        return body
    title = escaped(say["attached"])
    return f'{body}<details><summary>{title}</summary><div lang="en">{attached}</div></details>'


def _texts(context: Context, request: gr.Request) -> dict[str, str]:
    return context.say(SHARED, request) | context.say(TEXTS, request)
