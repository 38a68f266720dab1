"""Keeps what the page shows up to date with the chosen model, the current picture and other choices."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, get_type_hints

import gradio as gr

from diabolo.ui.parts.context import EVERY, Context

__all__ = ["ask_when_changed", "mark_changed", "model_mark", "refresh", "request_mark", "wanted"]

# whichever changes, all marks are told, in the page and without a request; those in the open tab act on it
_TELL = """(name, picture, owned) => {
  const state = picture ? picture.id + (picture.treatment ? JSON.stringify(picture.treatment) : '') : '';
  return %s.map(([pictured, listed]) => `${listed ? owned : ''}${pictured ? state : ''} ${name}`);
}"""
# an update from the page names further properties as gradio does between server and page: in `props`
_FAILED = "() => ({__type__: 'update', props: {done: `failed ${performance.now()}`}})"
_CHANGED = "() => ({__type__: 'update', props: {changed: `${performance.now()}`}})"


def refresh(
    context: Context,
    run: Callable[..., Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    choices: Sequence[Callable[..., Any]] = (),
    mark: gr.HTML | None = None,
) -> Any:
    """Call `run` when the tab in which this is called is opened, and while it is open, when the model changes
    or, if they are among the inputs, the current picture (`context.picture`) or the visitor's uploads
    (`context.owned`), and at each of the events `choices`. For a hidden tab, nothing is sent.

    Only one call is under way at a time. If the model, the picture or a choice has changed before the answer
    comes, or if none comes, the page asks again. So whatever gets lost or arrives too late, the tab ends up
    with the answer for the latest state. For this to hold, nothing else may write to the outputs, and `run`
    must leave alone what the visitor chooses (`gr.skip()`), except for a model that it was not chosen for.

    Args:
        context: the app's context.
        run: the listener; may take a `gr.Request`.
        inputs: its inputs, mostly `context.chooser` and `context.picture`.
        outputs: its outputs.
        choices: methods of the events by which a visitor changes another input, such as `slider.input`.
        mark: placed before by `model_mark`, where the request has to come before those of other marks.

    Returns:
        The event, for a further `.then`.
    """
    mark = mark or model_mark(context)
    pictured, listed = (
        any(one is asked for one in inputs) for asked in (context.picture_component, context.owned)
    )
    context.marks[mark] = (pictured, listed)
    mark_changed(mark, choices)
    return ask_when_changed(mark, run, inputs, outputs)


def model_mark(context: Context) -> gr.HTML:
    """Place the mark of a `refresh`, which is told of another model from now on."""
    mark = request_mark(f" {context.chooser.value}")
    context.marks[mark] = (False, False)
    return mark


def request_mark(value: str = "") -> gr.HTML:
    """Place an invisible mark that makes the page send requests; see `ask_when_changed`.

    Args:
        value: the state that the first request is for, sent as soon as the mark is seen; '' sends none.
    """
    return gr.HTML(
        value,
        html_template="<i></i>",
        js_on_load=resources.files("diabolo.ui.parts").joinpath("refresh.js").read_text("utf-8"),
        apply_default_css=False,
        elem_classes="refresh-mark",
        changed="",
        done="",
    )


def mark_changed(mark: gr.HTML, choices: Sequence[Callable[..., Any]]) -> None:
    """Let each of these events change the mark, in the page and without a request."""
    if choices:
        gr.on(list(choices), None, None, mark, js=_CHANGED, **EVERY)


def ask_when_changed(
    mark: gr.HTML, run: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]
) -> Any:
    """Call `run` whenever the mark's `value` or its `changed` differs from that of the last answer, and the
    mark is in an open tab: one call at a time, as `refresh` explains.

    Args:
        mark: from `request_mark`.
        run: the listener; may take a `gr.Request`.
        inputs: its inputs.
        outputs: its outputs.

    Returns:
        The event, for a further `.then`.
    """
    event = mark.expand(_answering(run), list(inputs), [mark, *outputs], **EVERY)
    event.failure(None, None, mark, js=_FAILED, **EVERY)
    return event


def wanted(context: Context) -> None:
    """Tell all marks when the model or the picture changes; to be called once, after the tabs were built."""
    if context.marks:
        inputs: list[Any] = [context.chooser, context.picture, context.owned]
        changes = [one.change for one in inputs]
        tell = _TELL % json.dumps(list(context.marks.values()))
        gr.on(changes, None, inputs, list(context.marks), js=tell, **EVERY)


def _answering(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run`, whose first result is the number of the page's call, for the mark's `done`."""

    @functools.wraps(run)
    def answer(call: gr.EventData, *values: Any) -> Any:
        made = run(*values)
        done = gr.update(done=str(call._data.get("call", "")))
        return (done, *made) if isinstance(made, tuple | list) else (done, made)

    first = inspect.Parameter("call", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.signature(run)
    # gradio finds out by these which arguments are the event and the request
    answer.__signature__ = signature.replace(parameters=[first, *signature.parameters.values()])  # type: ignore[attr-defined]
    answer.__annotations__ = get_type_hints(run) | {"call": gr.EventData}
    return answer
