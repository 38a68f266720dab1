"""The part of the page where files that are already noisy become a zip of denoised ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import gradio as gr

from diabolo.ui.files.incoming import FileInput
from diabolo.ui.parts.context import EVERY, QUIET, Context, shown_errors
from diabolo.ui.parts.examples import example_pictures
from diabolo.ui.parts.numbers import record
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.photos.jobs import Jobs
from diabolo.ui.refused import refusal
from diabolo.ui.tabs.denoise.denoised_files import Denoised, denoised
from diabolo.ui.tabs.denoise.texts import TEXTS

__all__ = ["files_section"]

_FILE = (1 << 20,)  # pixels assumed for a file, to decide whether many of them are large work

_CLEAR = "() => [{__type__: 'update', value: null, visible: false}, '']"
_ENDED = "() => [{__type__: 'update', visible: true}, {__type__: 'update', visible: false}]"


@dataclass(kw_only=True)
class _Section:
    """The components of this part of the page."""

    files: gr.File
    button: gr.Button
    cancel: gr.Button
    archive: gr.File
    report: gr.Markdown


def files_section(context: Context) -> None:
    """Lay out this part, below what is on the page already."""
    section = _layout(context)
    _wire(context, section)
    _endpoint(context, section.files)


def _layout(context: Context) -> _Section:
    def text(key: str) -> Any:
        return context.text("denoise", key)

    gr.Markdown(text("files_lead"), elem_classes="files-lead")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260):
            files = FileInput(
                file_count="multiple", label=text("files"), height=180, elem_classes="noisy-files"
            )
            button = gr.Button(text("files_run"), size="md", elem_classes="denoise-files-run")
            cancel = gr.Button(
                text("files_cancel"), visible=False, size="md", elem_classes="denoise-files-cancel"
            )
        with gr.Column(min_width=260):
            archive = FileInput(
                label=text("zip"), interactive=False, visible=False, elem_classes="denoised-zip"
            )
            report = gr.Markdown(elem_classes=["note", "denoise-report"])
    return _Section(files=files, button=button, cancel=cancel, archive=archive, report=report)


def _wire(context: Context, section: _Section) -> None:
    jobs = Jobs()

    def begin() -> tuple[Any, ...]:
        """Offer to cancel instead of another run; a run that waits in the queue can be cancelled, too."""
        return gr.File(None, visible=False), "", gr.Button(visible=False), gr.Button(visible=True), False

    def show(
        model: str,
        files: list[str] | None,
        cancelled: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - gradio recognises it by this default
    ) -> tuple[gr.File, str]:
        """Denoise the files and show the progress."""
        say = context.say(TEXTS, request)
        if not files:
            return gr.File(None, visible=False), say["no_files"]
        with jobs.begin(request.session_hash) as job:
            if cancelled:
                job.stop()

            def tick(done: int, count: int) -> None:
                job.check()
                progress((done, count), desc=say["reading"], unit=say["files_unit"])

            path, result = _zip(context, model, files, tick)
        return gr.File(path, visible=path is not None), _report(result, say)

    def cancel(request: gr.Request) -> bool:
        jobs.stop(request.session_hash)
        return True

    outputs, buttons = [section.archive, section.report], [section.button, section.cancel]
    cancelled = gr.State(False)
    begun = section.button.click(begin, None, [*outputs, *buttons, cancelled], **QUIET)
    done = begun.success(
        show,
        [context.chooser, section.files, cancelled],
        outputs,
        api_visibility="private",
        api_name="private",
        show_progress_on=section.report,
    )
    for ended in (done.success, done.failure):
        ended(None, None, buttons, js=_ENDED, **EVERY)
    section.cancel.click(cancel, None, cancelled, **QUIET)
    # in the page, without a request: the result was another model's, or of other files
    gr.on([context.chooser.change, section.files.change], None, None, outputs, js=_CLEAR, **QUIET)


def _endpoint(context: Context, files: gr.File) -> None:
    """Publish `/denoise_files`, for programs."""

    def denoise_files(
        model: str, files: list[str] | None, request: gr.Request
    ) -> tuple[str | None, str, dict[str, Any]]:
        """Denoise picture files that are already noisy, many at once.

        Args:
            model: the model's name.
            files: pictures of any size, at most 500 files and 200 MB; each is fitted to the model first,
                unless that takes any size.

        Returns:
            A zip of PNG files in the model's size, named as the pictures were, or nothing if none could
            be read; from a model of any size, each in its own size and kind; a report in Markdown; and its
            figures: how many files were `denoised`, and those that were `skipped`, each with its `name` and
            the `reason`.
        """
        say = context.say(TEXTS, request)
        if not files:
            raise refusal(say["no_files"])
        path, result = _zip(context, model, files, lambda _done, _count: None)
        skipped = [{"name": name, "reason": reason} for name, reason in result.broken]
        return path, _report(result, say), {"denoised": result.count, "skipped": skipped}

    with gr.Row(visible=False):
        archive, report, figures, run = gr.File(), gr.Markdown(), record("figures"), gr.Button()
    run.click(
        denoise_files,
        [context.chooser, files],
        [archive, report, figures],
        **context.endpoint("denoise_files", "archive", "report", "figures", files=example_pictures(2)),
    )


def _zip(
    context: Context, model: str, files: list[str], tick: Callable[[int, int], None]
) -> tuple[str | None, Denoised]:
    """The path of the zip, None if there is no picture in it; and what is in it."""
    with shown_errors(), _turn(context, model, len(files)):
        result = denoised(context, model, files, tick)
    return context.keep(result.content, "denoised.zip") if result.count else None, result


def _turn(context: Context, model: str, count: int) -> AbstractContextManager[None]:
    """A turn for all files; with a model of any size each tile waits for its own."""
    any_size = context.manifest(model).any_size is not None
    return nullcontext() if any_size else context.turn(count, _FILE)


def _report(result: Denoised, say: dict[str, str]) -> str:
    """How many files were denoised, and which were left out and why, as Markdown."""
    line = say["files_stopped" if result.stopped else "done"]
    lines = [line.format(count=result.count, all=result.given)]
    if result.broken:
        lines += ["", say["broken"], "", *(f"- {as_text(reason)}" for _, reason in result.broken)]
    return "\n".join(lines)
