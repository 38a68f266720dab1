"""`LatentExplorer`, the Gradio component: `_space.py` computes for it, the files beside are its page."""

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
from numpy.typing import ArrayLike

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.components import WithoutStub
from diabolo.ui.explorer import _web
from diabolo.ui.explorer._choice import Choice, Given
from diabolo.ui.explorer._space import Space, latents_of, space_of
from diabolo.ui.server_functions import report_errors

__all__ = ["LatentExplorer"]

_LANGUAGES = ("en", "zh-TW")
# gr.HTML gives a script these; where a part of them is updated before the page shows it, it loses the others
_START = "explore(element, props, server, trigger, watch, {{sliders: {sliders}, language: {language}}});"

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Kind = TypeVar("_Kind")


def _server(function: _Function) -> _Function:
    """The page may call it."""
    mark: Callable[[_Function], _Function] = base.server
    return mark(report_errors(function))


class LatentExplorer(gr.HTML, metaclass=WithoutStub):
    """A map of a model's latent space with a pointer that decodes while it is dragged.

    Its value is the latent at the pointer: a list of floats, flat whatever the latent's shape. A listener
    gets that list; anything of that many numbers may be returned to move the pointer. `change` fires when
    the pointer came to rest, `select` when it was put on a stored code: `gr.SelectData` then has the code's
    number as `index`, the latent as `value`, and its class as `label`, None where there are no classes.

    A bundle that brings no codes has no map; its sliders move through the latent space all the same.

    Of several models it shows the one that `chosen` names. A listener chooses another by returning
    `gr.update(chosen="name")`, and may give a `value` along with it. A mapping may start its models when they
    are first asked for: each is when it is shown. Until the page has opened the first the value is None.

    Args:
        model: an `Autoencoder`, or what `Autoencoder.load` opens: a name, a folder or a .zip; or a mapping of
            names to `Autoencoder`s.
        value: the latent to begin with; None takes one of the first stored codes, or the mean.
        chosen: the name of the model to begin with; None takes the first.
        language: of the explorer's own words, 'en' or 'zh-TW'; None takes the browser's.
        sliders: show a slider for each dimension of the latent.
        options: what `gr.HTML` takes, such as `elem_id`, `visible`, `scale` and `key`.

    Raises:
        BundleError: no bundle, or one that was changed.
        LatentError: a value that is no latent of the chosen model.
        UnknownNameError: no model, or no language, of that name.
        UsageError: a mapping without models.

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

    change: Callable[..., Any]
    select: Callable[..., Any]

    def __init__(
        self,
        model: Given,
        value: ArrayLike | None = None,
        *,
        chosen: str | None = None,
        language: str | None = None,
        sliders: bool = True,
        **options: Any,
    ) -> None:
        if language is not None and language not in _LANGUAGES:
            raise UnknownNameError("language", language, _LANGUAGES)
        self._choice = Choice(model, chosen)
        if value is None and not isinstance(model, Mapping):
            value = space_of(self._choice.model()).start
        page = {name: _read(f"explorer.{name}") for name in ("html", "css")}
        super().__init__(
            value,
            html_template=page["html"],
            css_template=page["css"],
            js_on_load=_script(bool(sliders), language),
            apply_default_css=False,
            sliders=sliders,
            chosen=self._choice.chosen,
            language=language,
            **options,
        )

    def __getattr__(self, name: str) -> Any:
        # gr.HTML takes every word in the script's quotation marks for an event
        raise AttributeError(f"LatentExplorer has no attribute {name!r}")

    @_server
    def explorer_open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the page must know of a model, once."""
        return {**self._space(asked).about(), "web": _web.served()}

    @_server
    def explorer_plane(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The codes in the plane of two dimensions, or of the two widest directions when none are named."""
        return self._space(asked).plane(asked.get("axes"))

    @_server
    def explorer_code(self, asked: Mapping[str, Any]) -> str:
        """A stored code by its number."""
        return self._space(asked).code(_field(asked, "index", int))

    @_server
    def explorer_decode(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Images of latents, and how far from the training codes each lies."""
        return self._space(asked).decode(_field(asked, "latents", str))

    @_server
    def explorer_rank(self, asked: Mapping[str, Any]) -> list[float] | None:
        """How far from the training codes latents lie that the page has decoded by itself."""
        return self._space(asked).ranks(_field(asked, "latents", str))

    @_server
    def explorer_graph(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The decoder, for the page to run it, and a few images to hold its own against."""
        return self._space(asked).graph()

    def _space(self, asked: Mapping[str, Any]) -> Space:
        return space_of(self._choice.model(_field(asked, "model", str)))

    def preprocess(self, payload: Any) -> list[float] | None:  # type: ignore[override]
        """What a listener gets: the latent as a flat list, or None when nothing was sent."""
        return None if payload is None else self._flat(payload)

    def postprocess(self, value: Any) -> list[float] | None:  # type: ignore[override]
        """What the page gets of a latent that a listener returned; None leaves the pointer."""
        return None if value is None else self._flat(value)

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
    """What the page says under this name."""
    value = asked.get(name) if isinstance(asked, Mapping) else None
    if not isinstance(value, kind):
        raise UsageError(f"{name} must be {kind.__name__}, not {type(value).__name__}.")
    return value


def _scripts() -> list[str]:
    """The page's script: parts that share their names, wherever they stand."""
    files = resources.files("diabolo.ui.explorer").iterdir()
    return sorted(file.name for file in files if file.name.endswith(".js"))


@functools.cache  # each session that chooses another model has an explorer of its own
def _script(sliders: bool, language: str | None) -> str:
    start = _START.format(sliders=json.dumps(sliders), language=json.dumps(language))
    return "\n".join([*map(_read, _scripts()), start])


@functools.cache
def _read(name: str) -> str:
    return resources.files("diabolo.ui.explorer").joinpath(name).read_text("utf-8")
