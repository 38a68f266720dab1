"""Tells a page which of its visitor's uploads are kept, also when another visitor's upload removes one.

A page with uploads asks every `PERIOD` seconds. It is a short event of its own: no worker waits in between,
and pages without uploads send nothing.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from diabolo.ui.models.collection import Models
from diabolo.ui.parts.context import LATEST, Context
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.texts import SHARED

__all__ = ["PERIOD", "changed", "owned_text", "watch_uploads"]

PERIOD = 20  # seconds
_MOST = 100  # names that a page is told of


def owned_text(models: Models, visitor: str | None) -> str:
    """The value of `Context.owned`: the names of a visitor's uploads as JSON; '' without uploads."""
    names = models.uploaded.names(visitor)
    return json.dumps(names, ensure_ascii=False) if names else ""


def changed(models: Models, owned: str, chosen: str, visitor: str | None) -> dict[str, Any] | None:
    """What has been removed since the page was told.

    Args:
        models: the app's models.
        owned: the page's value of `Context.owned`.
        chosen: the name of the chosen model.
        visitor: whose page it is.

    Returns:
        None if nothing was removed. Otherwise 'owned', the new value; 'removed', the reasons by name;
        'names', the models that can be chosen; and 'chosen', the chosen one, or the first if it was removed.
    """
    kept = models.uploaded.names(visitor)
    gone = {name: models.uploaded.removal_reason(visitor, name) for name in _told(owned) if name not in kept}
    if not gone:
        return None
    names = [*models, *kept]
    return {
        "owned": owned_text(models, visitor),
        "removed": gone,
        "names": names,
        "chosen": names[0] if chosen in gone else chosen,
    }


def _told(owned: str) -> list[str]:
    """The names in a value of `Context.owned`, which comes from the page and may be anything."""
    try:
        names = json.loads(owned or "[]")
    except (RecursionError, TypeError, ValueError):
        return []
    return [name for name in names[:_MOST] if isinstance(name, str)] if isinstance(names, list) else []


def watch_uploads(context: Context) -> None:
    """Ask for removals, regularly as long as the visitor has uploads; to be called once."""

    def ask(owned: str, chosen: str, request: gr.Request) -> tuple[Any, Any]:
        found = changed(context.bundles, owned, chosen, request.session_hash)
        if found is None:
            return gr.skip(), gr.skip()
        say = context.say(SHARED, request)
        for name, why in found["removed"].items():
            gr.Warning(
                say["removed"].format(name=as_text(name), why=why or say["app_restarted"]), duration=None
            )
        names = found["names"]
        # the visitor may choose another model before this answer arrives, which must not take it back
        value = {"value": found["chosen"]} if found["chosen"] != chosen else {}
        chooser = gr.update(choices=names, visible=len(names) > 1, **value)
        return found["owned"], chooser

    def set_timer(owned: str) -> gr.Timer:
        return gr.Timer(active=bool(owned))

    timer = gr.Timer(PERIOD, active=False)
    context.owned.change(set_timer, context.owned, timer, **LATEST)
    timer.tick(ask, [context.owned, context.chooser], [context.owned, context.chooser], **LATEST)
