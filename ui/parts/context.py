"""What a tab is given: the models, which one is chosen, and its words."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import prod
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
from diabolo.runtime.image.background import background_kind
from diabolo.ui.blocks import refusal
from diabolo.ui.files.incoming import pixels_of
from diabolo.ui.files.served import is_ours, keep
from diabolo.ui.files.temporary import MADE, visitors_folder
from diabolo.ui.models.cache import cached
from diabolo.ui.models.collection import Models
from diabolo.ui.models.dataset_images import DatasetImages
from diabolo.ui.models.shuffle import cycle_shuffled
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.parts.texts import SHARED, Texts, language, source_of
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.work import Turns, large

__all__ = ["EVERY", "LATEST", "QUIET", "Context", "picture_of", "shown_errors", "words"]

# arguments of an event that is no endpoint; without a name of its own it would take that of its function.
# Gradio answers an event for one visitor after another unless told; a slow model would hold up all of them.
QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "api_name": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
}
# the same where events come faster than answers: what comes meanwhile is not dropped, the last of it follows.
# Gradio drops it unless told, and in a chain each link has to be told.
LATEST: dict[str, Any] = QUIET | {"trigger_mode": "always_last"}
# the same where the event itself says what was chosen: by `always_last` gradio sends the data of the event in
# flight again in place of the next one's. Answers may come in any order.
EVERY: dict[str, Any] = QUIET | {"trigger_mode": "multiple"}

_HAS_TURN: ContextVar[bool] = ContextVar("diabolo_has_turn", default=False)


@dataclass(kw_only=True, eq=False)
class Context:
    """Handed to every tab's `build`.

    Attributes:
        bundles: the models by the names people choose from.
        chooser: holds the chosen name; the first input of every endpoint.
        language: one of `LANGUAGES`; None means each browser's own.
        texts: all words of the app: a tab's under its name and an underscore, the shared ones as they are.
        limits: what visitors' models may take.
        originals: test images of the models' data sets.
        originals_buttons: shown only where the chosen model's data set is here.
    """

    bundles: Models
    chooser: gr.Dropdown
    language: str | None = None
    texts: Texts = field(default_factory=lambda: SHARED)
    limits: VisitorLimits = field(default_factory=VisitorLimits)
    originals: DatasetImages = field(default_factory=DatasetImages)
    originals_buttons: list[gr.Button] = field(default_factory=list)
    _published: set[str] = field(default_factory=set)
    _files: Path = field(init=False)
    _turns: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        self._files = Path(tempfile.mkdtemp(prefix=MADE, dir=visitors_folder()))
        weakref.finalize(self, shutil.rmtree, self._files, ignore_errors=True)

    @property
    def first(self) -> Autoencoder:
        """The model chosen when the page opens."""
        return next(iter(self.bundles.values()))

    def model(self, name: str) -> Autoencoder:
        """The model called `name`.

        Raises:
            RemovedError: it was this visitor's, and is not kept any more.
            UnknownNameError: there is none for the visitor who asks.
        """
        return self.bundles[self.bundles.check(name)]

    def manifest(self, name: str) -> Manifest:
        """What the model called `name` says of itself; it is not started for that.

        Raises:
            RemovedError, UnknownNameError: as `model` raises them.
        """
        return self.bundles.manifest(self.bundles.check(name))

    def text(self, tab: str, key: str) -> Any:
        """A label for the page; `tab` is '' for the shared words."""
        key = f"{tab}_{key}" if tab else key
        if self.language is not None:
            return self.texts[self.language][key]
        return I18nData(key)  # the page finds it among the translations that it was launched with

    def say(self, texts: Texts, request: gr.Request | None) -> dict[str, str]:
        """Those of a tab's words, or of `SHARED`, that whoever sent this request reads."""
        return texts[self.language or language(request)]

    def endpoint(self, name: str) -> dict[str, Any]:
        """Arguments that publish an event as `/name`, the first time; its repetitions stay private.

        It does not wait in gradio's queue: a queued tool hands several results on as one text, which hides
        its pictures from an assistant.
        """
        if name in self._published:
            return {"api_visibility": "private", "api_name": "private"}
        self._published.add(name)
        return {"api_name": name, "queue": False}

    def keep(self, content: bytes, name: str) -> str:
        """Write a file that lives as long as the app; the same content under the same name is one file."""
        return keep(content, self._files, name)

    def see(self, name: str, source: Any, drawn: bool = False) -> convert.Prepared:
        """Fit a picture to the model called `name`; dark and bright are swapped when the grounds differ.

        They are not where the model's images have no background in common, as photos have none
        (`runtime.background`), nor in a picture that the app made itself. What is transparent shows the
        colour that the model learned with; in a drawing, the model's background; and a drawing is scaled and
        placed as the training images' things were.
        """
        m = self.manifest(name)
        ours = isinstance(source, str) and is_ours(source, m.image_shape[:0:-1])
        paper = round(255 * m.background)
        with self.turn(1, (pixels_of(source) if isinstance(source, str) else 0,)):
            return convert.prepare(
                source,
                m.image_shape,
                invert=False if ours else None,
                background=m.background,
                resize=m.resize,
                padding=m.padding,
                ground=(paper, paper, paper) if drawn else None,
                drawing=m.drawing if drawn else None,
            )

    @contextlib.contextmanager
    def turn(self, count: int, size: tuple[int, ...]) -> Iterator[None]:
        """Wait for a turn, if `count` pictures of this size are large work; small work goes on at once.

        So does a part of work that has its turn: two of them would wait for each other.

        Raises:
            gr.Error: too many wait, or the caller left.
        """
        if _HAS_TURN.get() or not large(count, size):
            yield
            return
        say = self.say(SHARED, LocalContext.request.get(None))
        with self._turns.take(say["wait"]):
            held = _HAS_TURN.set(True)
            try:
                yield
            finally:
                _HAS_TURN.reset(held)

    def describe(self, name: str, request: gr.Request) -> str:
        """One line of what the model called `name` is."""
        with shown_errors():
            model, say = self.model(name), self.say(SHARED, request)
        m = model.manifest
        channels, height, width = m.image_shape
        key = {"dark": "dark", "bright": "light", None: None}[background_kind(m.background)]
        count = str(prod(m.latent_shape))
        shape = " × ".join(map(str, m.latent_shape))
        parts = [
            f"{width} × {height} {say[m.colour].format(channels=channels)}",
            *([say[key]] if key else []),
            f"{as_text(m.variant)} · {as_text(m.network)}",
            say["trained_on"].format(dataset=as_text(m.dataset)),
            say["latent"].format(count=count if shape == count else f"{shape} = {count}"),
            say["runs_on"].format(device=model.device.name),
        ]
        return "  ·  ".join(parts)

    def stored(self, model: str, request: gr.Request) -> tuple[Image.Image | None, str]:
        """Decode a code of a test image that came with the model, or a drawn latent when none did.

        Args:
            model: the model's name.

        Returns:
            The picture, in the model's size, and a line that says where it comes from.
        """
        with shown_errors():
            opened, say = self.model(model), self.say(SHARED, request)
            if opened.codes is None:
                return picture_of(opened.sample(1)[0]), say["drawn"].format(
                    source=source_of(opened.latent_space.distribution, say)
                )
            code = opened.codes.latents[next(_order(opened))]
            return picture_of(opened.decode(code)[0]), say["stored"]

    def test_image(self, model: str, request: gr.Request) -> tuple[Image.Image | None, str]:
        """Take a real test image of the data set that the model learned, where that lies on this machine.

        Args:
            model: the model's name.

        Returns:
            The picture, in the model's size, and a line that says what it is.
        """
        with shown_errors():
            m, say = self.manifest(model), self.say(SHARED, request)
            found = self.originals.draw(m)
            fitted = convert.prepare(found.picture, m.image_shape, resize=m.resize, padding=m.padding)
            line = say["labelled" if found.label else "original"]
            return picture_of(fitted.image), line.format(dataset=m.dataset, label=found.label)

    def show_originals(self, name: str) -> list[Any]:
        """The buttons for test images, to be seen or not."""
        here = self.originals.available(self.manifest(name))
        return [gr.Button(visible=here) for _ in self.originals_buttons]


@cached(64)
def _order(model: Autoencoder) -> Iterator[int]:
    """In which order the model's codes are shown, whoever asks."""
    assert model.codes is not None  # noqa: S101 - `stored` asked
    return cycle_shuffled(len(model.codes.latents))


@contextlib.contextmanager
def shown_errors() -> Iterator[None]:
    """Show what the user can mend as a message; a bug of ours goes on as it is."""
    try:
        yield
    except DiaboloError as error:
        raise refusal(str(error)) from None


def picture_of(image: NDArray[np.float32]) -> Image.Image:
    """A PIL image of one image `(channels, height, width)`."""
    return convert.to_pil(image[None])[0]


def words(steps: tuple[tuple[str, str], ...], say: Mapping[str, str]) -> str:
    """The steps of `images.prepare` as a line, in the words of `Context.say(SHARED, request)`."""
    if not steps:
        return say["as_is"]
    return " → ".join(say.get(what, what).format(detail=say.get(detail, detail)) for what, detail in steps)
