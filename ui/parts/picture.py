"""The current picture of the page: drawn, uploaded, pasted or fetched once, and shown by every tab."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError
from diabolo.runtime.image import convert
from diabolo.runtime.image.photo.scene import has_scene, scene_for
from diabolo.ui.components import WithoutStub
from diabolo.ui.files.incoming import received
from diabolo.ui.files.served import save
from diabolo.ui.models.cache import cached
from diabolo.ui.parts.sketch import drawing_of
from diabolo.ui.parts.texts import Texts

__all__ = ["UNTREATED", "CurrentPicture", "Look", "Picture", "Treatment", "example_of", "fetched", "words"]

_KINDS = ("drawing", "upload", "sample", "empty")
WORDS: Texts = {
    "en": {
        "drawing": "Back to my drawing",
        "upload": "Back to my upload",
        "failed": "The pasted picture could not be uploaded.",
    },
    "zh-TW": {"drawing": "回到我的手繪", "upload": "回到我上傳的影像", "failed": "貼上的影像無法上傳。"},
}


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done to a picture by hand before a model sees it.

    Attributes:
        invert: None leaves it to the rule of `runtime.image.background`.
        crop: whether it is cropped to its object.
        threshold: the brightness in (0, 1) from which pixels become white, the others black; 0 is off.
    """

    invert: bool | None = None
    crop: bool = False
    threshold: float = 0.0

    @classmethod
    def read(cls, given: Any) -> Treatment:
        """From what the page sends; anything that it never sends counts as nothing."""
        asked = given if isinstance(given, Mapping) else {}
        threshold = asked.get("threshold")
        level = float(threshold) if isinstance(threshold, int | float) and 0 < threshold < 1 else 0.0
        swap = {"yes": True, "no": False}.get(str(asked.get("invert")))
        return cls(invert=swap, crop=asked.get("crop") is True, threshold=level)


UNTREATED = Treatment()


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """What a listener receives for `Context.picture`; `Context.look` fits it to a model.

    Attributes:
        kind: 'drawing', 'upload', 'sample' (fetched), 'empty' (a drawing that was cleared), or 'example':
            nobody has given a picture yet, and each model shows one of its own.
        source: the drawing, RGB; the path of the file; None for 'example' and 'empty'.
        words: for a sample, where it is from; else ''.
        treatment: what is done to it by hand.
    """

    kind: str
    source: Image.Image | str | None = None
    words: str = ""
    treatment: Treatment = UNTREATED


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """The current picture as a model sees it.

    Attributes:
        model: the model's name.
        image: float32 `(channels, height, width)` in [0, 1].
        words: where it is from and what was done to it, for the visitor.
        picture: the original; of a model's own example, the image itself.
    """

    model: str
    image: NDArray[np.float32]
    words: str
    picture: Picture


class CurrentPicture(gr.HTML, metaclass=WithoutStub):
    """Holds the current picture, whose original is kept unchanged, and offers the way back to one's own.

    Its value in the page is None as long as nobody has given a picture, else an object: "kind" as in
    `Picture`; "id", which differs for different pictures; "data", a drawing as a data URL, or "file", the
    path of an uploaded file; "words"; and "treatment", what is done to it by hand. Listeners receive a
    `Picture`. A picture that is pasted anywhere on the page becomes the current one.
    """

    def __init__(self, language: str | None = None, **options: Any) -> None:
        files = resources.files("diabolo.ui.parts")
        super().__init__(
            None,
            html_template='<div class="back" aria-live="polite"></div>',
            js_on_load=files.joinpath("picture.js").read_text("utf-8"),
            apply_default_css=False,
            words=WORDS if language is None else {language: WORDS[language]},
            **options,
        )

    def __getattr__(self, name: str) -> Any:
        # gr.HTML treats every quoted word of the script as an event
        raise AttributeError(f"CurrentPicture has no attribute {name!r}")

    def preprocess(self, payload: Any) -> Picture:  # type: ignore[override]
        """What a listener receives.

        Raises:
            ImageError: what a page never sends, or a file that was not uploaded, or is no longer kept.
        """
        if payload is None:
            return Picture(kind="example")
        kind = payload.get("kind") if isinstance(payload, Mapping) else None
        if kind not in _KINDS:
            raise ImageError("the current picture must be an object with a kind. Load the page again.")
        if kind == "empty":
            return Picture(kind="empty")
        treatment = Treatment.read(payload.get("treatment"))
        if kind == "drawing":
            drawn = drawing_of({"drawing": payload.get("data")})
            if drawn is None:
                return Picture(kind="empty")
            return Picture(kind=kind, source=drawn, treatment=treatment)
        words = payload.get("words") if kind == "sample" else ""
        path = received(payload.get("file"), self.GRADIO_CACHE)
        told = words if isinstance(words, str) else ""
        return Picture(kind=kind, source=path, words=told, treatment=treatment)

    def postprocess(self, value: Any) -> Any:
        """What the page receives when a listener returns a value of the page, such as one of `fetched`."""
        return value

    def api_info(self) -> dict[str, Any]:
        """The type of the value for clients."""
        return {"type": "object", "additionalProperties": {}, "description": "the current picture"}


def fetched(picture: Image.Image, folder: str, words: str) -> dict[str, Any]:
    """The value of a `CurrentPicture` for a picture that the app fetched.

    Args:
        picture: the picture.
        folder: Gradio's folder for uploads, `CurrentPicture.GRADIO_CACHE`.
        words: where the picture is from.
    """
    path = save(picture, folder)
    return {"kind": "sample", "id": f"sample {time.time_ns()}", "file": path, "words": words}


@cached(64)
def example_of(model: Autoencoder) -> NDArray[np.float32]:
    """A model's own example, float32 `(channels, height, width)` in [0, 1]: always the same one.

    It is a decoded code of a test image; without stored codes, of a latent drawn with seed 0; for a model of
    photographs, a part of the scene that the app draws.
    """
    if has_scene(model):
        m = model.manifest
        return convert.prepare(scene_for(m, 0), m.image_shape, **m.preparation).image
    codes = model.codes
    made = model.sample(1, seed=0) if codes is None else model.decode(codes.latents[:1])
    first: NDArray[np.float32] = made[0]
    return first


def words(steps: tuple[tuple[str, str], ...], say: Mapping[str, str]) -> str:
    """The steps of `convert.prepare` as one line, in texts of `Context.say(SHARED, request)`."""
    if not steps:
        return say["as_is"]
    return " → ".join(say.get(what, what).format(detail=say.get(detail, detail)) for what, detail in steps)
