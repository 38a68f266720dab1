"""Keeps the open tab up to date with the chosen model and the current picture."""

from __future__ import annotations

import functools
import inspect
import itertools
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, get_type_hints

import gradio as gr

from diabolo.ui.parts.context import EVERY, Context

__all__ = ["refresh", "wanted"]

# whichever changes, all marks are told, in the page and without a request; those in the open tab act on it
_TELL = """(name, picture, owned) => {
  const state = picture ? picture.id + (picture.treatment ? JSON.stringify(picture.treatment) : '') : '';
  return %s.map(([pictured, listed]) => `${listed ? owned : ''}${pictured ? state : ''} ${name}`);
}"""
_FAILED = "() => ({__type__: 'update', done: `failed ${Date.now()}`})"
_numbers = itertools.count()


def refresh(context: Context, run: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
    """Call `run` when the tab in which this is called is opened, and while it is open, when the model changes
    or, if they are among the inputs, the current picture (`context.picture`) or the visitor's uploads
    (`context.owned`). For a hidden tab, nothing is sent.

    Only one call is under way at a time. Each answer says for which model and picture it was computed; if
    these have changed since, or no answer comes, the page asks again. So whatever gets lost or arrives too
    late, the tab ends up with the answer for the latest state.

    Args:
        context: the app's context.
        run: the listener; may take a `gr.Request`.
        inputs: its inputs, mostly `context.chooser` and `context.picture`.
        outputs: its outputs.

    Returns:
        The event, for a further `.then`.
    """
    mark = gr.HTML(
        f" {context.chooser.value}",
        html_template="<i></i>",
        js_on_load=resources.files("diabolo.ui.parts").joinpath("refresh.js").read_text("utf-8"),
        apply_default_css=False,
        elem_classes="refresh-mark",
        done="",
    )
    pictured, listed = (
        any(one is asked for one in inputs) for asked in (context.picture_component, context.owned)
    )
    context.marks[mark] = (pictured, listed)
    event = mark.expand(_answering(run), [mark, *inputs], [mark, *outputs], **EVERY)
    event.failure(None, None, mark, js=_FAILED)
    return event


def wanted(context: Context) -> None:
    """Tell all marks when the model or the picture changes; to be called once, after the tabs were built."""
    if context.marks:
        inputs: list[Any] = [context.chooser, context.picture, context.owned]
        changes = [one.change for one in inputs]
        tell = _TELL % json.dumps(list(context.marks.values()))
        gr.on(changes, None, inputs, list(context.marks), js=tell, **EVERY)


def _answering(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run` with the mark's value as first argument, which the mark gets back as `done`, with a number."""

    @functools.wraps(run)
    def answer(state: str, *values: Any) -> Any:
        made = run(*values)
        done = gr.update(done=f"{next(_numbers)} {state}")
        return (done, *made) if isinstance(made, tuple | list) else (done, made)

    first = inspect.Parameter("state", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.signature(run)
    # gradio finds out by these which argument is the request
    answer.__signature__ = signature.replace(parameters=[first, *signature.parameters.values()])  # type: ignore[attr-defined]
    answer.__annotations__ = get_type_hints(run)
    return answer
