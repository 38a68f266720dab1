"""What a tab is given: the models, which one is chosen, and its words."""

from __future__ import annotations

import contextlib
import hashlib
import random
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime import images
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import DiaboloError, UnknownNameError
from diabolo.ui.tabs._texts import SHARED, language

__all__ = ["Context", "picture_of", "shown_errors", "words"]


@dataclass(kw_only=True, eq=False)
class Context:
    """Handed to every tab's `build`.

    Attributes:
        bundles: the models by the names people choose from.
        chooser: holds the chosen name; the first input of every endpoint.
        i18n: turns a key into a text in the browser's language.
    """

    bundles: Mapping[str, Autoencoder]
    chooser: gr.Dropdown
    i18n: gr.I18n
    _published: set[str] = field(default_factory=set)
    _files: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="diabolo-app-")
    )

    @property
    def first(self) -> Autoencoder:
        """The model chosen when the page opens."""
        return next(iter(self.bundles.values()))

    def model(self, name: str) -> Autoencoder:
        """The model called `name`.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self.bundles:
            raise UnknownNameError("model", name, self.bundles)
        return self.bundles[name]

    def text(self, tab: str, key: str) -> Any:
        """A label in the browser's language; `tab` is '' for the shared words."""
        return self.i18n(f"{tab}_{key}" if tab else key)

    def endpoint(self, name: str) -> dict[str, Any]:
        """Arguments that publish an event as `/name`, the first time; its repetitions stay private."""
        if name in self._published:
            return {"api_visibility": "private"}
        self._published.add(name)
        return {"api_name": name}

    def keep(self, content: bytes, suffix: str) -> str:
        """Write a file that lives as long as the app; the same content is the same file."""
        path = Path(self._files.name) / (hashlib.sha256(content).hexdigest()[:32] + suffix)
        if not path.exists():
            path.write_bytes(content)
        return str(path)

    def see(self, name: str, source: Any, drawn: bool = False) -> images.Prepared:
        """Fit a picture to the model called `name`; dark and bright are swapped when the grounds differ.

        What is transparent shows the colour that the model learned with; in a drawing, the model's ground.
        """
        m = self.model(name).manifest
        paper = round(255 * m.background)
        return images.prepare(
            source,
            m.image_shape,
            invert=None,
            background=m.background,
            resize=m.resize,
            padding=m.padding,
            ground=(paper, paper, paper) if drawn else None,
        )

    def describe(self, name: str, request: gr.Request) -> str:
        """One line of what the model called `name` is."""
        model, say = self.model(name), SHARED[language(request)]
        m = model.manifest
        channels, height, width = m.image_shape
        ground = say["dark" if m.background < 0.5 else "light"]
        count = str(prod(m.latent_shape))
        shape = " × ".join(map(str, m.latent_shape))
        parts = [
            f"{width} × {height} {say[m.colour].format(channels=channels)}",
            ground,
            f"{m.variant} · {m.network}",
            say["trained_on"].format(dataset=m.dataset),
            say["latent"].format(count=count if shape == count else f"{shape} = {count}"),
            say["runs_on"].format(device=model.device),
        ]
        return "  ·  ".join(parts)

    def sample(self, name: str, request: gr.Request) -> tuple[Image.Image | None, str]:
        """Decode a code of a test image that came with the model, or a drawn latent when none did.

        Args:
            name: the model's name.

        Returns:
            The picture, in the model's size, and a line that says where it comes from.
        """
        with shown_errors():
            model, say = self.model(name), SHARED[language(request)]
            if model.codes is None:
                (picture,) = images.to_pil(model.sample(1))
                return picture, say["drawn"].format(source=model.sampling)
            code = random.choice(model.codes.latents)
            return picture_of(model.decode(code)[0]), say["stored"]


@contextlib.contextmanager
def shown_errors() -> Iterator[None]:
    """Show what the user can mend as a message; a bug of ours goes on as it is."""
    try:
        yield
    except DiaboloError as error:
        raise gr.Error(str(error), print_exception=False) from None


def picture_of(image: NDArray[np.float32]) -> Image.Image:
    """A PIL image of one image `(channels, height, width)`."""
    return images.to_pil(image[None])[0]


def words(steps: tuple[tuple[str, str], ...], request: gr.Request | None) -> str:
    """The steps of `images.prepare` as a line."""
    say = SHARED[language(request)]
    if not steps:
        return say["as_is"]
    return " → ".join(say.get(what, what).format(detail=say.get(detail, detail)) for what, detail in steps)
