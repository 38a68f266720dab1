"""`PhotoView`, the Gradio component: two pictures of one size, a divider between them, zoom to the pixel."""

from __future__ import annotations

import json
import time
from importlib import resources
from typing import Any

import gradio as gr

from diabolo.runtime.image.photo import Photo
from diabolo.ui.components import WithoutStub
from diabolo.ui.files.served import keep
from diabolo.ui.parts.texts import Texts
from diabolo.ui.photos.encoded import for_screen

__all__ = ["PhotoView"]


class PhotoView(gr.HTML, metaclass=WithoutStub):
    """Shows a photograph before and after, each as a file that the page fetches.

    The divider follows the pointer and the arrow keys. The wheel, two fingers, '+' and '-' zoom to single
    pixels; a double click shows the whole again. The page mixes both: the value's 'strength' is
    the share of the second one. If there is a picture of the error, the page can show that instead of the
    second one, at full strength.

    Args:
        words: as `view_words` of `ui.photos.texts` makes them, by language.
        options: further arguments of `gr.HTML`.
    """

    def __init__(self, words: Texts, **options: Any) -> None:
        files = resources.files("diabolo.ui.photos")
        super().__init__(
            None,
            html_template=files.joinpath("view.html").read_text("utf-8"),
            css_template=files.joinpath("view.css").read_text("utf-8"),
            js_on_load=f"const words = {json.dumps(words)};\n{files.joinpath('view.js').read_text('utf-8')}",
            apply_default_css=False,
            padding=False,
            **options,
        )

    def __getattr__(self, name: str) -> Any:
        # gr.HTML treats every quoted word of the script as an event
        raise AttributeError(f"PhotoView has no attribute {name!r}")

    def preprocess(self, payload: Any) -> None:
        """A listener receives nothing: what is shown is the app's own."""

    def postprocess(self, value: Any) -> Any:
        """What the page receives when a listener returns a value of `value_of`, or None."""
        return value

    def api_info(self) -> dict[str, Any]:
        """The type of the value for clients."""
        return {"type": "object", "additionalProperties": {}, "description": "two pictures, as files"}

    def value_of(self, before: Photo, after: Photo | None, error: Photo | None = None) -> dict[str, Any]:
        """The value that shows these photographs, whose files it writes.

        Args:
            before: on the left of the divider.
            after: on the right, of the same size; None shows the first one alone.
            error: of the second one, of the same size.
        """
        width, height = before.size
        return {
            "before": self._shown(before),
            "after": None if after is None else self._shown(after),
            "error": None if error is None else self._shown(error),
            "width": width,
            "height": height,
        }

    def downloading(self, shown: dict[str, Any], content: bytes, name: str) -> dict[str, Any]:
        """The value that shows the same as another, and lets the page download a file."""
        file = {**self._file(content, name), "orig_name": name}
        return {**shown, "download": file, "asked": time.time_ns()}

    def _shown(self, photo: Photo) -> dict[str, Any]:
        content, ending = for_screen(photo)
        return self._file(content, f"picture{ending}")

    def _file(self, content: bytes, name: str) -> dict[str, Any]:
        """A file as the page gets it; gradio adds its URL."""
        return {"path": keep(content, self.GRADIO_CACHE, name), "meta": {"_type": "gradio.FileData"}}
