"""What a tab is built with: the models, the one that is chosen, texts, files and turns."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.context import LocalContext
from gradio.i18n import I18nData
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import DiaboloError
from diabolo.runtime.image import convert
from diabolo.runtime.image.photo.scene import has_scene, scene_for
from diabolo.ui.files.incoming import pixels_of
from diabolo.ui.files.served import is_ours, keep
from diabolo.ui.files.temporary import MADE, visitors_folder
from diabolo.ui.models.collection import Models
from diabolo.ui.models.dataset_images import DatasetImages
from diabolo.ui.models.described import described
from diabolo.ui.models.shuffle import order_of_codes
from diabolo.ui.parts.picture import UNTREATED, CurrentPicture, Look, Picture, Treatment, example_of, words
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.texts import SHARED, Texts, language, source_of
from diabolo.ui.refused import refusal_of
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.work import Turns, large

__all__ = ["EVERY", "LATEST", "QUIET", "Context", "picture_of", "shown_errors", "words"]

# Arguments of an event that is not an endpoint; without an `api_name` gradio names it after its function.
# Without a `concurrency_limit` gradio serves one visitor after another, and a slow model would hold up all.
QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "api_name": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
}
# The same for events that come faster than answers: the last one is answered, too, and not dropped.
# Each event of a chain needs it.
LATEST: dict[str, Any] = QUIET | {"trigger_mode": "always_last"}
# The same for events that carry what was chosen: with `always_last` gradio would send the data of the event
# under way again instead of the last one's. Answers may come in any order.
EVERY: dict[str, Any] = QUIET | {"trigger_mode": "multiple"}

_HAS_TURN: ContextVar[bool] = ContextVar("diabolo_has_turn", default=False)


@dataclass(kw_only=True, eq=False)
class Context:
    """Passed to every tab's `build`.

    Attributes:
        bundles: the models by name.
        chooser: has the name of the chosen model; the first input of every endpoint.
        language: one of `LANGUAGES`; None means each browser's own.
        texts: all texts of the app; the keys of a tab's texts start with the tab's name and an underscore.
        limits: the bounds for visitors' models.
        training: whether models may be trained from the page, which only this machine can reach then.
        originals: test images of the models' data sets.
        returned: the names of what each published endpoint returns, in order.
        examples: for each endpoint, examples of arguments of which Gradio knows none, by their names.
        originals_buttons: shown only if the chosen model's data set is on this machine.
        automatic: hidden; the name that was chosen because it suits the open tab. It differs from the
            chooser's, or is '', once the visitor has chosen a model.
        picture_component: what `picture` returns.
        pictured: whether `picture` was used since the app last set this to False.
        marks: what `refresh` placed, and whether it depends on the current picture, and on `owned`.
        owned: hidden; the visitor's uploads, see `ui/parts/owned.py`.
    """

    bundles: Models
    chooser: gr.Dropdown
    language: str | None = None
    texts: Texts = field(default_factory=lambda: SHARED)
    limits: VisitorLimits = field(default_factory=VisitorLimits)
    training: bool = False
    originals: DatasetImages = field(default_factory=DatasetImages)
    originals_buttons: list[gr.Button] = field(default_factory=list)
    automatic: gr.Textbox = field(init=False)
    owned: gr.Textbox = field(init=False)
    picture_component: CurrentPicture = field(init=False)
    pictured: bool = False
    marks: dict[gr.HTML, tuple[bool, bool]] = field(default_factory=dict)
    returned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: dict[str, dict[str, Any]] = field(default_factory=dict)
    _files: Path = field(init=False)
    _turns: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        self.picture_component = CurrentPicture(self.language, render=False, elem_classes="current-picture")
        self.automatic = gr.Textbox(getattr(self.chooser, "value", ""), visible=False, render=False)
        self.owned = gr.Textbox("", visible=False, render=False)
        self._files = Path(tempfile.mkdtemp(prefix=MADE, dir=visitors_folder()))
        weakref.finalize(self, shutil.rmtree, self._files, ignore_errors=True)

    @property
    def picture(self) -> CurrentPicture:
        """The current picture. A listener receives a `Picture`, which `look` fits to a model.

        A tab follows it by `refresh`, which sends nothing while the tab is hidden, rather than by `change`.
        The pad is shown next to the tabs that use it.
        """
        self.pictured = True
        return self.picture_component

    def model(self, name: str) -> Autoencoder:
        """The model called `name`; it is started if it is not running.

        Raises:
            RemovedError: the visitor's model is no longer kept.
            UnknownNameError: this visitor has no model of that name.
        """
        return self.bundles[self.bundles.check(name)]

    def manifest(self, name: str) -> Manifest:
        """The manifest of the model called `name`; the model is not started for it.

        Raises:
            RemovedError, UnknownNameError: as `model` raises them.
        """
        return self.bundles.manifest(self.bundles.check(name))

    def text(self, tab: str, key: str) -> Any:
        """A label for the page; `tab` is '' for the texts of `SHARED`."""
        key = f"{tab}_{key}" if tab else key
        if self.language is not None:
            return self.texts[self.language][key]
        return I18nData(key)  # the page looks it up in the translations that it was launched with

    def say(self, texts: Texts, request: gr.Request | None) -> dict[str, str]:
        """A tab's texts, or `SHARED`, in the language of whoever sent this request."""
        return texts[self.language or language(request)]

    def endpoint(self, name: str, *returned: str, **examples: Any) -> dict[str, Any]:
        """Arguments that publish an event as `/name` the first time; later events of that name stay private.

        `returned` names its results for clients, one by one; `examples` are arguments, by their names.

        It bypasses gradio's queue: a queued tool returns several results as one text, which hides pictures
        from an assistant.
        """
        if name in self.returned:
            return {"api_visibility": "private", "api_name": "private"}
        self.returned[name], self.examples[name] = returned, examples
        return {"api_name": name, "queue": False}

    def keep(self, content: bytes, name: str) -> str:
        """Write a file that is kept while the app runs; equal content under the same name is one file."""
        return keep(content, self._files, name)

    def see(
        self, name: str, source: Any, drawn: bool = False, hand: Treatment = UNTREATED
    ) -> convert.Prepared:
        """Fit a picture to the model called `name`; it is inverted if its background is the opposite one.

        It is not inverted if the model's images have no common background, such as photos, or if the app made
        the picture, unless that is asked for by hand. Transparency gets the background colour of training, in
        a drawing the model's own. A drawing is also scaled and placed as the training images were.
        """
        m = self.manifest(name)
        ours = isinstance(source, str) and is_ours(source, m.image_shape[:0:-1])
        paper = round(255 * m.background)
        with self.turn(1, (pixels_of(source) if isinstance(source, str) else 0,)):
            return convert.prepare(
                source,
                m.image_shape,
                invert=False if ours and hand.invert is None else hand.invert,
                threshold=hand.threshold or None,
                crop_object=hand.crop,
                ground=(paper, paper, paper) if drawn else None,
                drawing=m.drawing if drawn else None,
                **m.preparation,
            )

    def look(self, name: str, picture: Picture, request: gr.Request | None = None) -> Look | None:
        """Fit the current picture to the model called `name`; None if it was cleared.

        As long as nobody has given a picture, it is the model's own example.
        """
        say = self.say(SHARED, request)
        if picture.kind == "empty":
            return None
        if picture.kind == "example":
            opened = self.model(name)
            image = example_of(opened)
            shown = replace(picture, source=picture_of(image))
            told = say["scene" if has_scene(opened) else "example"]
            return Look(model=name, image=image, words=told, picture=shown)
        prepared = self.see(name, picture.source, picture.kind == "drawing", picture.treatment)
        steps = words(prepared.steps, say) if prepared.steps or not picture.words else ""
        told = " ".join(part for part in (picture.words, steps) if part)
        return Look(model=name, image=prepared.image, words=told, picture=picture)

    @contextlib.contextmanager
    def turn(self, count: int, size: tuple[int, ...], *, quiet: bool = False) -> Iterator[None]:
        """Wait for a turn if `count` pictures of this size are large work; small work does not wait.

        Nor does a part of work that has its turn already: it would wait for itself. The visitor gets a
        message after a second of waiting, unless it is `quiet`.

        Raises:
            gr.Error: too many requests wait, or the caller has left.
        """
        if _HAS_TURN.get() or not large(count, size):
            yield
            return
        say = self.say(SHARED, LocalContext.request.get(None))
        with self._turns.take("" if quiet else say["wait"]):
            held = _HAS_TURN.set(True)
            try:
                yield
            finally:
                _HAS_TURN.reset(held)

    def describe(self, name: str, request: gr.Request) -> str:
        """Describe the model called `name` in one line of Markdown."""
        with shown_errors():
            model, say = self.model(name), self.say(SHARED, request)
        return described(model.manifest, model.device.name, say)

    def stored(self, model: str, request: gr.Request) -> tuple[Image.Image, str]:
        """Decode a stored code of a test image, or a random latent if the bundle has no codes.

        For a model of photographs without codes, the app draws a scene: random latents look like nothing.

        Args:
            model: the model's name.

        Returns:
            The picture, in the model's size, and a line with its origin.
        """
        with shown_errors():
            opened, say = self.model(model), self.say(SHARED, request)
            if has_scene(opened):
                return scene_for(opened.manifest), say["scene_fetched"]
            if opened.codes is None:
                return picture_of(opened.sample(1)[0]), say["drawn"].format(
                    source=source_of(opened.latent_space.distribution, say)
                )
            code = opened.codes.latents[next(order_of_codes(opened))]
            return picture_of(opened.decode(code)[0]), say["stored"].format(model=as_text(model))

    def test_image(self, model: str, request: gr.Request) -> tuple[Image.Image, str]:
        """Take a real test image of the data set that the model was trained on, if that is on this machine.

        Args:
            model: the model's name.

        Returns:
            The picture, in the model's size, or its own if the model takes any; and a line with its data set
            and class.
        """
        found, line = self.original(model, request)
        m = self.manifest(model)
        if m.any_size is not None:
            return found, line
        fitted = convert.prepare(found, m.image_shape, **m.preparation)
        return picture_of(fitted.image), line

    def original(self, model: str, request: gr.Request) -> tuple[Image.Image, str]:
        """A real test image, see `DatasetImage`, and a line with its data set and class."""
        with shown_errors():
            m, say = self.manifest(model), self.say(SHARED, request)
            found = self.originals.draw(m)
            line = say["labelled" if found.label else "original"]
            return found.picture, line.format(dataset=m.dataset, label=found.label)

    def show_originals(self, name: str) -> list[Any]:
        """Updates that show or hide the buttons for test images."""
        here = self.originals.available(self.manifest(name))
        return [gr.Button(visible=here) for _ in self.originals_buttons]


@contextlib.contextmanager
def shown_errors() -> Iterator[None]:
    """Turn a `DiaboloError`, which users can act on, into a message; other exceptions are bugs and pass."""
    try:
        yield
    except DiaboloError as error:
        raise refusal_of(error) from None


def picture_of(image: NDArray[np.float32]) -> Image.Image:
    """A PIL image of one image float32 `(channels, height, width)` in [0, 1]."""
    return convert.to_pil(image[None])[0]
