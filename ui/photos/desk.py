"""The part of a tab in which a model of any size works on a photograph at its own size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.photo import Photo, encode_photo
from diabolo.ui.parts.context import EVERY, QUIET, Context, shown_errors
from diabolo.ui.parts.picture import UNTREATED, Picture
from diabolo.ui.parts.refresh import ask_when_changed, mark_changed, request_mark
from diabolo.ui.parts.texts import Texts
from diabolo.ui.photos.encoded import ending_of, load_pixels, mixed, pixels_file
from diabolo.ui.photos.jobs import Jobs, StoppedError
from diabolo.ui.photos.texts import DESK, view_words
from diabolo.ui.photos.view import PhotoView
from diabolo.ui.photos.work import own_size_photo, processed
from diabolo.ui.refused import refusal

__all__ = ["PhotoDesk", "Spoil", "Told"]

Spoil = Callable[[Photo], Photo]
"""Makes of the visitor's photograph what the model gets, such as one with noise."""
Told = Callable[[Manifest, Photo, Photo | None, Photo, gr.Request], str]
"""Writes about a result in Markdown: the model, what it got, the clean photograph if noise was added, the
result, and the visitor's request."""

_SHARE = "(strength, shown) => shown && {...shown, strength}"
_turns = itertools.count(1)
_FAILED = "() => [{__type__: 'update', visible: false}, '']"


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is computed, or was; kept in the session of the visitor's page.

    Attributes:
        model: the model's name.
        source: of the photograph, for `own_size_photo`.
        name: of its file.
        note: what the page says about the photograph.
        before: the file of the pixels that the model gets; None if they are the photograph's.
        after: the file of the result's pixels; None until it is computed.
        shown: the value of the view that shows both.
    """

    model: str
    source: Any
    name: str
    note: str
    before: str | None = None
    after: str | None = None
    shown: dict[str, Any] = field(default_factory=dict)

    def photos(self) -> tuple[Photo, Photo | None]:
        """What the model gets, and the clean photograph if that is another one."""
        photo = own_size_photo(self.source)
        if self.before is None:
            return photo, None
        return photo.replaced(load_pixels(self.before)), photo


class PhotoDesk:
    """The current picture before and after, at its own size, with progress, strength and download.

    It is shown for models of any size only. A tab calls `layout`, updates `column` and `turn` by
    `shown_for` when the model or the picture changes, and lets `follow_up` wire the events that begin a
    computation.

    Args:
        context: the app's context.
        names: of the two sides, by language, as for `view_words`.
        suffix: of the name of a downloaded file: 'denoised' makes 'photo-denoised.jpg'.
        error: makes of what the model got and of its result a picture that the page can show instead of the
            result; its name and its legend are among `names`, see `view_words`.

    Attributes:
        column: all of it.
        turn: changed when there is something to compute: never for a model of one size, for which nothing
            more is asked of the server.
    """

    column: gr.Column
    turn: gr.HTML

    def __init__(
        self,
        context: Context,
        names: Texts,
        suffix: str,
        error: Callable[[Photo, Photo], Photo] | None = None,
    ) -> None:
        self._context, self._names, self._suffix, self._error = context, names, suffix, error
        self._jobs = Jobs()

    def layout(self, settings: Callable[[], None] = lambda: None) -> None:
        """Place it; `settings` places the tab's own controls above the view."""
        context = self._context

        def text(key: str) -> Any:
            return context.text("photos", key)

        shown = context.manifest(context.chooser.value).any_size is not None
        with gr.Column(visible=shown, elem_classes="photo-desk") as self.column:
            self._lead = gr.Markdown(text("own_size"), elem_classes="photo-lead")
            settings()
            words = view_words(context.language, self._names)
            self._view = PhotoView(words, elem_classes="photo-view")
            with gr.Row(elem_classes="photo-progress"):
                self._status = gr.Markdown(elem_classes="photo-status")
                self._cancel = gr.Button(
                    text("cancel"), visible=False, size="sm", elem_classes="photo-cancel"
                )
            self._figures = gr.Markdown(elem_classes=["figures", "photo-figures"])
            with gr.Row(equal_height=False, elem_classes="photo-tools"):
                self._strength = gr.Slider(
                    0,
                    1,
                    value=1,
                    step=0.05,
                    label=text("strength"),
                    info=text("strength_info"),
                    elem_classes="photo-strength",
                )
                self._download = gr.Button(text("download"), variant="primary", elem_classes="photo-download")
        self._work, self.turn = gr.State(), request_mark()
        self._wire_tools()

    def shown_for(self, model: str) -> tuple[gr.Column, Any]:
        """The updates of `column` and `turn` for a model."""
        shown = self._context.manifest(model).any_size is not None
        return gr.Column(visible=shown), gr.update(changed=str(next(_turns))) if shown else gr.skip()

    def follow_up(
        self,
        begin: Callable[..., Any],
        inputs: Sequence[Any],
        told: Told,
        choices: Sequence[Callable[..., Any]] = (),
    ) -> None:
        """Compute when `turn` has changed.

        Args:
            begin: a listener that returns what `begin` returns.
            inputs: its inputs.
            told: writes about the result.
            choices: methods of further events after which to compute, such as `slider.input`.
        """

        def run(
            work: _Work | None,
            request: gr.Request,
            progress: gr.Progress = gr.Progress(),  # noqa: B008 - gradio recognises it by this default
        ) -> tuple[Any, ...]:
            with shown_errors():
                return self._run(work, told, request, progress)

        shown = [self._view, self._status, self._cancel, self._work]
        mark_changed(self.turn, choices)
        begun = ask_when_changed(self.turn, begin, inputs, [*shown, self._figures])
        done = begun.success(
            run,
            self._work,
            [*shown, self._figures],
            **{**EVERY, "show_progress": "full"},
            show_progress_on=self._status,
        )
        for failed in (begun, done):
            failed.failure(None, None, [self._cancel, self._status], js=_FAILED, **EVERY)

    def begin(
        self, model: str, picture: Picture, request: gr.Request, spoil: Spoil | None = None
    ) -> tuple[Any, ...]:
        """Show the picture as the model gets it, before anything is computed; returns what the page shows."""
        context, say = self._context, self._context.say(DESK, request)
        if context.manifest(model).any_size is None:
            return (*[gr.skip()] * 3, None, gr.skip())
        if picture.kind == "empty":
            self._jobs.stop(request.session_hash)
            return None, say["none"], gr.Button(visible=False), None, ""
        photo = own_size_photo(picture.source)
        named = Path(picture.source).name if isinstance(picture.source, str) else f"{picture.kind}.png"
        treated = "" if picture.treatment == UNTREATED else say["treated"]
        note = say["scene"] if picture.source is None else f"{picture.words} {treated}".strip()
        work = _Work(model=model, source=picture.source, name=named, note=note)
        if spoil is not None:
            photo = spoil(photo)
            work = replace(work, before=context.keep(pixels_file(photo), "before.npy"))
        return self._view.value_of(photo, None), "", gr.Button(visible=True), work, ""

    def _run(
        self, work: _Work | None, told: Told, request: gr.Request, progress: gr.Progress
    ) -> tuple[Any, ...]:
        if work is None:
            return (gr.skip(),) * 5
        context, say = self._context, self._context.say(DESK, request)
        photo, clean = work.photos()
        uploaded = work.model in context.bundles.uploaded.names(request.session_hash)
        with self._jobs.begin(request.session_hash) as job:

            def step(done: int, count: int) -> None:
                job.check()
                progress((done, count), desc=say["working"], unit=say["tiles"])

            try:
                result = processed(context, work.model, photo, step, uploaded=uploaded)
            except StoppedError:
                if job.replaced:
                    return (gr.skip(),) * 5
                return gr.skip(), say["stopped"], gr.Button(visible=False), gr.skip(), ""
        error = None if self._error is None else self._error(photo, result)
        shown = self._view.value_of(photo, result, error)
        done = replace(work, after=context.keep(pixels_file(result), "after.npy"), shown=shown)
        line = told(context.manifest(work.model), photo, clean, result, request)
        return shown, work.note, gr.Button(visible=False), done, line

    def _wire_tools(self) -> None:
        def stop(request: gr.Request) -> None:
            self._jobs.stop(request.session_hash)

        def download(work: _Work | None, strength: float, request: gr.Request) -> Any:
            with shown_errors():
                return self._downloaded(work, strength, request)

        self._cancel.click(stop, None, None, **QUIET)
        self._strength.change(None, [self._strength, self._view], self._view, js=_SHARE, **EVERY)
        self._download.click(
            download,
            [self._work, self._strength],
            self._view,
            **{**QUIET, "show_progress": "minimal"},
            show_progress_on=self._status,
        )

    def _downloaded(self, work: _Work | None, strength: float, request: gr.Request) -> Any:
        """Let the page download the result in the picture's own kind, with the share that was chosen."""
        if work is None or work.after is None:
            raise refusal(self._context.say(DESK, request)["gone"])
        photo, _ = work.photos()
        made = mixed(photo, load_pixels(work.after), float(strength))
        name = f"{Path(work.name).stem}-{self._suffix}{ending_of(made, work.name)}"
        return self._view.downloading(work.shown, encode_photo(made), name)
