"""The pad, on which a picture is drawn, uploaded or fetched for all tabs; and what a model sees of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from diabolo.runtime._old_names import old_names
from diabolo.ui.files.incoming import ImageInput
from diabolo.ui.parts.context import EVERY, Context, picture_of
from diabolo.ui.parts.picture import Look, fetched
from diabolo.ui.parts.refresh import refresh
from diabolo.ui.parts.sketch import sketch
from diabolo.ui.parts.texts import SHARED
from diabolo.ui.parts.unlike import unlike

__all__ = ["PictureView", "add_pad", "pixels"]

__getattr__ = old_names(__name__, {"PictureInput": "PictureView"})

# These run in the page, without a request: what was drawn or uploaded becomes the current picture, and what
# was cleared is forgotten. A sheet that the server lays has no report, and is no drawing; a drawing that was
# only carried over to another model's sheet does not replace another picture.
_DRAWN = """(sheet, picture) => {
  if (!sheet?.report || (sheet.carried && picture?.kind !== 'drawing')) return picture;
  const id = `drawing ${sheet.report}`;
  const treatment = picture?.kind === 'drawing' ? picture.treatment : undefined;
  if (sheet.drawing) return {kind: 'drawing', id, data: sheet.drawing, treatment};
  if (picture?.kind === 'drawing') return {kind: 'empty', gone: 'drawing', id};
  return picture && {...picture, gone: 'drawing'};
}"""
_UPLOADED = """(file, picture) => {
  const id = `${file?.path} ${Date.now()}`;
  if (file) return {kind: 'upload', id, file: file.path, url: file.url, name: file.orig_name};
  if (picture?.kind === 'upload') return {kind: 'empty', gone: 'upload', id};
  return picture && {...picture, gone: 'upload'};
}"""
# What is fetched may come late: it replaces the picture that was there at the click, or what an earlier
# click fetched, and nothing that was given since.
_ASKED = "(picture) => ({since: picture?.id ?? '', asked: Date.now()})"
_FETCHED = """(made, picture) => {
  if (!made?.file) return picture;
  return made.since === (picture?.id ?? '') || picture?.asked < made.asked ? made : picture;
}"""
_PASTED = """(picture, file) => {
  if (picture?.kind !== 'upload' || !picture.url || file?.path === picture.file) return file;
  const meta = {_type: 'gradio.FileData'};
  return {path: picture.file, url: picture.url, orig_name: picture.name, meta};
}"""


# what is chosen by hand goes along with the picture, and a new picture begins without it
_TREATED = """(invert, crop, threshold, picture) => {
  const before = picture?.treatment ?? {invert: 'auto', crop: false, threshold: 0};
  const treatment = {invert, crop, threshold};
  if (!picture || JSON.stringify(before) === JSON.stringify(treatment)) return picture;
  return {...picture, treatment};
}"""
_SHOWN = """(picture) => {
  const {invert, crop, threshold} = picture?.treatment ?? {invert: 'auto', crop: false, threshold: 0};
  return [invert, crop, threshold];
}"""


def pixels(label: Any, name: str = "", **more: Any) -> gr.Image:
    """A picture in the model's own pixels, enlarged without blur and kept without loss; `name` is a class."""
    image: gr.Image = ImageInput(
        label=label,
        format="png",
        type="filepath",
        image_mode=None,
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_classes=["pixels", name],
        **more,
    )
    return image


def add_pad(context: Context) -> gr.HTML:
    """Place the pad, and wire it to `context.picture`; returns the sheet that is drawn on."""
    text = context.text
    with gr.Column(elem_classes="pad", min_width=260):
        with gr.Tabs():
            with gr.Tab(text("", "draw")):
                sheet = sketch(context.manifest(context.chooser.value), context.language)
            with gr.Tab(text("", "picture")):
                upload = ImageInput(
                    sources=["upload", "clipboard"],
                    type="filepath",
                    image_mode=None,
                    format="png",
                    show_label=False,
                    buttons=[],
                    elem_classes="upload",
                    height=350,
                )
        with gr.Row(elem_classes="fetch"):
            sample = gr.Button(text("", "sample"), size="sm", min_width=120)
            original = gr.Button(text("", "test_image"), size="sm", min_width=120, visible=False)
        context.originals_buttons.append(original)
        context.picture.render()  # type: ignore[no-untyped-call]
        _add_hand_controls(context)
    sheet.change(None, [sheet, context.picture], context.picture, js=_DRAWN, **EVERY)
    upload.input(None, [upload, context.picture], context.picture, js=_UPLOADED, **EVERY)
    context.picture.change(None, [context.picture, upload], upload, js=_PASTED, **EVERY)
    _wire_fetching(context, sample, original)
    return sheet


def _add_hand_controls(context: Context) -> None:
    """What can be done by hand to pictures that are unlike the training images, such as photos of paper."""
    text = context.text
    with gr.Accordion(text("", "by_hand"), open=False, elem_classes="by-hand"):
        choices = [(text("", "auto"), "auto"), (text("", "yes"), "yes"), (text("", "no"), "no")]
        controls: list[Any] = [
            gr.Radio(choices, value="auto", label=text("", "invert")),
            gr.Checkbox(False, label=text("", "crop_object")),
            gr.Slider(0, 0.95, value=0, step=0.05, label=text("", "threshold")),
        ]
    for control in controls:
        control.input(None, [*controls, context.picture], context.picture, js=_TREATED, **EVERY)
    context.picture.change(None, context.picture, controls, js=_SHOWN, **EVERY)


def _wire_fetching(context: Context, sample: gr.Button, original: gr.Button) -> None:
    """The buttons that fetch a picture; `/stored` and `/test_image` do so for programs."""

    def fetch_sample(model: str, click: Any, request: gr.Request) -> dict[str, Any]:
        made, words = context.stored(model, request)
        return {**_clicked(click), **fetched(made, context.picture.GRADIO_CACHE, words)}

    def fetch_original(model: str, click: Any, request: gr.Request) -> dict[str, Any]:
        made, words = context.original(model, request)
        return {**_clicked(click), **fetched(made, context.picture.GRADIO_CACHE, words)}

    click, arrived = gr.JSON(visible="hidden"), gr.JSON(visible="hidden")
    for button, fetch in ((sample, fetch_sample), (original, fetch_original)):
        begun = button.click(None, context.picture, click, js=_ASKED, **EVERY)
        done = begun.then(fetch, [context.chooser, click], arrived, **EVERY)
        done.success(None, [arrived, context.picture], context.picture, js=_FETCHED, **EVERY)
    with gr.Row(visible=False):
        picture, words = pixels(context.text("", "seen")), gr.Markdown()
        run_stored, run_test_image = gr.Button(), gr.Button()
    shown: list[Any] = [picture, words]
    run_stored.click(
        context.stored, context.chooser, shown, **context.endpoint("stored", "picture", "source")
    )
    run_test_image.click(
        context.test_image, context.chooser, shown, **context.endpoint("test_image", "picture", "source")
    )


def _clicked(click: Any) -> dict[str, Any]:
    """When a button was clicked, and the picture at that time, as `_ASKED` says."""
    return {key: click[key] for key in ("since", "asked") if key in click} if isinstance(click, dict) else {}


class PictureView:
    """A tab's view of the current picture, as the model sees it.

    `show` places it, with what was done to the picture in words; `wire` comes last and keeps all up to date.

    Attributes:
        seen: the picture as the model sees it.
        shown: the components for which `told` returns the values.
    """

    seen: gr.Image
    shown: list[Any]

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, **more: Any) -> gr.Image:
        """Place the picture as the model sees it, with what was done to it in words."""
        with gr.Column(min_width=200):
            self.seen = pixels(self._context.text("", "seen"), **more)
            steps = gr.Markdown(elem_classes="steps")
        self.shown = [self.seen, steps]
        return self.seen

    def told(self, look: Look | None, request: gr.Request) -> tuple[Any, str]:
        """The values of `shown` for the result of `Context.look`."""
        say = self._context.say(SHARED, request)
        if look is None:
            return None, say["empty"]
        words = look.words
        if look.picture.kind != "example":
            words += f"\n\n{unlike(self._context.model(look.model), look.image, say)}"
        return picture_of(look.image), words.strip()

    def wire(
        self,
        run: Callable[..., Any] | None = None,
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
        choices: Sequence[Callable[..., Any]] = (),
    ) -> Any:
        """Call `run` while the tab is open and the model or the picture changes; see `refresh`.

        Args:
            run: returns the values of `shown`, followed by those of `outputs`; None shows the picture only.
            inputs: its inputs after the model's name and the `Picture`.
            outputs: further components that it updates.
            choices: methods of the events by which a visitor changes one of the inputs.
        """
        context = self._context

        def see(model: str, picture: Any, request: gr.Request) -> tuple[Any, ...]:
            return self.told(context.look(model, picture, request), request)

        return refresh(
            context,
            run or see,
            [context.chooser, context.picture, *inputs],
            [*self.shown, *outputs],
            choices,
        )
