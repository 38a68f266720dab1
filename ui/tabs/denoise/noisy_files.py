"""The part of the page where files that are noisy already become a zip of clean ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from diabolo.ui.files.incoming import FileInput
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.tabs.denoise.denoised_files import denoised
from diabolo.ui.tabs.denoise.texts import TEXTS

__all__ = ["files_section"]

_FILE = (1 << 20,)  # pixels of a file, for whether many of them are large work


def files_section(context: Context) -> None:
    """Lay it out, below what is there."""

    def denoise_files(model: str, files: list[str] | None, request: gr.Request) -> tuple[str | None, str]:
        """Denoise picture files that are noisy already, many at once.

        Args:
            model: the model's name.
            files: pictures of any size, at most 500 files and 200 MB; each is fitted to the model first.

        Returns:
            A zip of PNG files in the model's size, named as the pictures were, or nothing when none could
            be read; and how many there are, with the files that were left out and why.
        """
        return made(model, files, request, lambda _done, _count: None)

    def show(
        model: str,
        files: list[str] | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - gradio finds it by this default
    ) -> tuple[gr.File, str]:
        """The same for the page, which shows how far it is."""
        words = context.say(TEXTS, request)["reading"]
        path, said = made(model, files, request, lambda done, count: progress((done, count), desc=words))
        return gr.File(path, visible=path is not None), said

    def made(
        model: str, files: list[str] | None, request: gr.Request, tick: Callable[[int, int], None]
    ) -> tuple[str | None, str]:
        say = context.say(TEXTS, request)
        if not files:
            return None, say["no_files"]
        with shown_errors(), context.turn(len(files), _FILE):
            result = denoised(context, model, files, tick)
        lines = [say["done"].format(count=result.count, all=len(files))]
        if result.broken:
            lines += ["", say["broken"], "", *(f"- {as_text(reason)}" for _, reason in result.broken)]
        return context.keep(result.content, "denoised.zip") if result.count else None, "\n".join(lines)

    def forget() -> tuple[gr.File, str]:
        return gr.File(None, visible=False), ""

    def text(key: str) -> Any:
        return context.text("denoise", key)

    gr.Markdown(text("files_lead"), elem_classes="files-lead")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260):
            files = FileInput(
                file_count="multiple", label=text("files"), height=180, elem_classes="noisy-files"
            )
            button = gr.Button(text("files_run"), size="md", elem_classes="denoise-files-run")
        with gr.Column(min_width=260):
            made_files = FileInput(
                label=text("zip"), interactive=False, visible=False, elem_classes="denoised-zip"
            )
            report = gr.Markdown(elem_classes=["note", "denoise-report"])
    with gr.Row(visible=False):  # for programs
        archive, said, run = gr.File(), gr.Markdown(), gr.Button()
    inputs = [context.chooser, files]
    run.click(denoise_files, inputs, [archive, said], **context.endpoint("denoise_files"))
    button.click(
        show,
        inputs,
        [made_files, report],
        api_visibility="private",
        api_name="private",
        show_progress_on=report,
    )
    gr.on([context.chooser.change, files.change], forget, None, [made_files, report], **QUIET)
