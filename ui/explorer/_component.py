"""`LatentExplorer`, the Gradio component: `backend.py` computes; `page/` has its HTML, CSS and JavaScript."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from importlib import resources
from math import prod
from typing import Any, TypeVar

import gradio as gr
import numpy as np
from gradio.components import base
from gradio.events import Events
from numpy.typing import ArrayLike

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.components import WithoutStub
from diabolo.ui.explorer import _web
from diabolo.ui.explorer._examples import example
from diabolo.ui.explorer._model_choice import ModelChoice, ModelSource
from diabolo.ui.explorer._picture import PictureSource, for_page
from diabolo.ui.explorer.backend import Backend, backend_of, latents_of
from diabolo.ui.parts.marks import TEXTS as MARK_WORDS
from diabolo.ui.server_functions import report_errors

__all__ = ["LatentExplorer"]

_LANGUAGES = ("en", "zh-TW")

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Kind = TypeVar("_Kind")


def _server(function: _Function) -> _Function:
    """Let the page call it."""
    mark: Callable[[_Function], _Function] = base.server
    return mark(report_errors(function))


class LatentExplorer(gr.HTML, metaclass=WithoutStub):
    """A map of a model's latent space with a pointer that decodes while it is dragged.

    Its value is the latent at the pointer: a flat list of floats, whatever the latent's shape. Listeners
    receive that list, and move the pointer by returning an array or a nested list of as many numbers; None
    returns it to where it started.

    `change` fires when the value changes; `input` when the user has changed it, once the pointer rests;
    `release` when the user lets go of the pointer or of a slider; `select` when the pointer is moved to a
    stored code: `gr.SelectData` then has the code's number as `index`, the latent as `value` and its class as
    `label`, or None without classes.

    A bundle without stored codes has no map; the sliders still move through its latent space.

    Given several models, it shows the one that `chosen` names. A listener chooses another by returning
    `gr.update(chosen="name")`, with or without a `value`. A model is looked up in the mapping when it is
    first shown, so that a mapping may start it then. The value is None until the page has opened a model.

    A picture of the user's is marked at its code, next to what the model makes of it: `show_picture` is a
    listener that shows the one it is given, as in `image.change(explorer.show_picture, image, explorer)`.

    Args:
        model: an `Autoencoder`; what `Autoencoder.load` opens: a name, a folder or a .zip; or a mapping of
            names to `Autoencoder`s.
        value: the first latent; None takes one of the first stored codes, or the mean without stored codes.
        chosen: the name of the first model to show; None takes the first of the mapping.
        language: of the explorer's own texts, 'en' or 'zh-TW'; None takes the browser's.
        sliders: show a slider for each dimension of the latent.
        label: shown above the explorer.
        show_label: whether to show the label; None shows it if there is one.
        picture: shown on the map, as for `show_picture`.
        interactive: False lets the user look around, but not move the pointer. None means True, except for an
            output of `gr.Interface`.
        options: further arguments of `gr.HTML`, such as `elem_id`, `visible`, `scale` and `key`.

    Raises:
        AttributeError: a listener is added to an event that the explorer does not have.
        BundleError: `model` is not a bundle, or the bundle was modified.
        ImageError: `picture` is not a picture.
        LatentError: `value` is not a latent of the chosen model.
        UnknownNameError: no such model, or no such language.
        UsageError: the mapping is empty.

    Example:
        ```python
        import gradio as gr
        from diabolo.ui import LatentExplorer

        with gr.Blocks() as demo:
            explorer = LatentExplorer("path/to/bundle")
            latent = gr.JSON(label="Latent")
            explorer.change(lambda value: value, explorer, latent)
        demo.launch()
        ```
    """

    EVENTS = [Events.change, Events.input, Events.release, Events.select]  # noqa: RUF012 - as gradio has it
    change: Callable[..., Any]
    input: Callable[..., Any]
    release: Callable[..., Any]
    select: Callable[..., Any]
    label: Any = None
    _show_label: bool | None = None

    def __init__(
        self,
        model: ModelSource,
        value: ArrayLike | None = None,
        *,
        chosen: str | None = None,
        language: str | None = None,
        sliders: bool = True,
        picture: PictureSource = None,
        label: Any = None,
        show_label: bool | None = None,
        interactive: bool | None = None,
        **options: Any,
    ) -> None:
        if language is not None and language not in _LANGUAGES:
            raise UnknownNameError("language", language, _LANGUAGES)
        self._choice = ModelChoice(model, chosen)
        if value is None and not isinstance(model, Mapping):
            value = backend_of(self._choice.model()).start
        super().__init__(
            value,
            html_template=_read("explorer.html"),
            css_template=_read("explorer.css"),
            js_on_load=_read("load.js", ""),
            apply_default_css=False,
            label=label,
            sliders=bool(sliders),
            chosen=self._choice.chosen,
            language=language,
            picture=for_page(picture),
            **options,
        )
        self.interactive = interactive
        self._show_label = show_label  # gradio would warn of a label without a container

    @staticmethod
    def show_picture(picture: PictureSource, example: bool = False) -> dict[str, Any]:
        """A listener's answer that marks a picture on the map at the code which the model shown gives it.

        Other models that are chosen later encode it anew.

        Args:
            picture: a PIL image, a path or a uint8 array `(height, width)` or `(height, width, 3)`, which is
                fitted to the model as `Autoencoder.encode` does; a float array `(channels, height, width)` in
                [0, 1], as the model sees it; or None, which removes the mark.
            example: whether it is only an example, and not the user's; the page says so.

        Raises:
            ImageError: it is not a picture.
        """
        update: dict[str, Any] = gr.update(picture=for_page(picture, example) or {})  # gradio drops None
        return update

    @property
    def show_label(self) -> bool:
        """Whether the label is shown; `gr.Interface` sets the label after `__init__`."""
        return self.label is not None if self._show_label is None else self._show_label

    @show_label.setter
    def show_label(self, shown: bool | None) -> None:
        self._show_label = shown

    def __getattr__(self, name: str) -> Any:
        # gr.HTML treats every quoted word of the script as an event
        if name in map(str, gr.HTML.EVENTS):
            events = ", ".join(map(str, self.EVENTS))
            raise AttributeError(f"LatentExplorer has no event {name!r}; its events are {events}.")
        raise AttributeError(f"LatentExplorer has no attribute {name!r}")

    def get_config(self, *args: Any) -> dict[str, Any]:
        """What the page is built from; `gr.Interface` sets attributes after `__init__`."""
        config: dict[str, Any] = super().get_config(*args)
        return {**config, "props": self._options()}

    def _options(self) -> dict[str, Any]:
        """The options that the page heeds."""
        return {**self.props, "interactive": self.interactive is not False}

    @_server
    def explorer_script(self, asked: Mapping[str, Any]) -> str:
        """The script, which the page fetches once for all its explorers; `load.js` starts it."""
        return _script()

    @_server
    def explorer_open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """All that the page needs to know about a model, once.

        Without a model it is the chosen one. The options are those of this session: of the updates that reach
        a component before it is on the page, gradio keeps only the last.
        """
        name = asked.get("model") or self._choice.chosen
        about = self._backend({"model": name}).about()
        return {**about, "web": _web.served(), "options": {**self._options(), "chosen": name}}

    @_server
    def explorer_plane(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The codes projected onto the plane of two dimensions; without `axes`, onto the default plane."""
        return self._backend(asked).plane(asked.get("axes"))

    @_server
    def explorer_code(self, asked: Mapping[str, Any]) -> str:
        """A stored code by its number."""
        return self._backend(asked).code(_field(asked, "index", int))

    @_server
    def explorer_decode(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Images of latents, and which latents are far from the codes."""
        return self._backend(asked).decode(_field(asked, "latents", str))

    @_server
    def explorer_marks(self, asked: Mapping[str, Any]) -> dict[str, list[bool] | None]:
        """The marks of latents and of their images: unlike the data, far from the codes."""
        return self._backend(asked).marks(_field(asked, "latents", str))

    @_server
    def explorer_graph(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The decoder for the page to run, with a few images to compare its own with."""
        return self._backend(asked).graph()

    @_server
    def explorer_picture(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The code of the user's picture, the picture as the model sees it, and its reconstruction."""
        return self._backend(asked).picture(asked.get("picture"))

    def _backend(self, asked: Mapping[str, Any]) -> Backend:
        return backend_of(self._choice.model(_field(asked, "model", str)))

    def preprocess(self, payload: Any) -> list[float] | None:  # type: ignore[override]
        """What a listener receives: the latent as a flat list, or None if nothing was sent."""
        return None if payload in (None, "") else self._flat(payload)

    def postprocess(self, value: Any) -> list[float] | None:  # type: ignore[override]
        """What the page receives when a listener returns a latent; None returns the pointer to its start."""
        return None if value is None else self._flat(value)

    def process_example(self, value: Any) -> str:
        """What `gr.Examples` shows of a latent: its image, decoded by the first model."""
        return "" if value is None else example(self._choice.model(), self._flat(value))

    def read_from_flag(self, payload: Any) -> list[float] | None:
        """The latent in a row of a flagging log, which holds it as JSON."""
        value = json.loads(payload) if isinstance(payload, str) and payload else payload
        return self.preprocess(value)

    def api_info(self) -> dict[str, Any]:
        """The type of the value for clients."""
        count = self._count() or 1
        words = f"the latent at the pointer: {count} number{'s' if count > 1 else ''}"
        return {"type": "array", "items": {"type": "number"}, "description": words}

    def example_payload(self) -> list[float]:
        """A value as clients send it."""
        m = self._choice.manifest()
        return [] if m is None else self._flat(m.latent_mean)

    def example_value(self) -> list[float]:
        """A value as listeners return it."""
        return self.example_payload()

    def _count(self) -> int | None:
        m = self._choice.manifest()
        return None if m is None else prod(m.latent_shape)

    def _flat(self, value: ArrayLike) -> list[float]:
        count = self._count() or np.size(value)
        return [float(f"{number:.7g}") for number in latents_of(value, count)[0]]


def _field(asked: Any, name: str, kind: type[_Kind]) -> _Kind:
    """A field of what the page sent.

    Raises:
        UsageError: it is missing, or not of this type.
    """
    value = asked.get(name) if isinstance(asked, Mapping) else None
    if not isinstance(value, kind):
        raise UsageError(f"{name} must be {kind.__name__}, not {type(value).__name__}.")
    return value


@functools.cache
def _script() -> str:
    """The parts of the page's script, after the texts of the marks, joined into one scope: `explore`.

    Their order does not matter: none runs code of another before `explore` is called.
    """
    files = resources.files("diabolo.ui.explorer").joinpath("page").iterdir()
    words = f"const MARK_WORDS = {json.dumps(MARK_WORDS)};"
    return "\n".join([words, *map(_read, sorted(file.name for file in files if file.name.endswith(".js")))])


@functools.cache
def _read(name: str, folder: str = "page") -> str:
    return resources.files("diabolo.ui.explorer").joinpath(folder, name).read_text("utf-8")
