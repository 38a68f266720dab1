"""Components of gradio with some methods of our own."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr

from diabolo.runtime.errors import UsageError

__all__ = ["LONGEST_NAME", "choice", "derived", "slider"]

LONGEST_NAME = 300  # characters of a name


def derived(base: Any, **methods: Callable[..., Any]) -> Any:
    """A class below one of gradio's components, shown as that is.

    It is a class, as gradio makes new ones of an instance's class. Its metaclass would write a .pyi beside
    this file, so that is left out.
    """
    own = {**methods, "is_template": True, "__module__": __name__}
    return ABCMeta.__new__(type(base), base.__name__, (base,), own)


def _as_it_came(_self: gr.Slider, value: Any) -> Any:
    return value


_Slider = derived(gr.Slider, preprocess=_as_it_came)


def slider(*args: Any, **more: Any) -> gr.Slider:
    """A slider whose range changes: its number is handed on as it came, and who takes it sees to the range.

    A number set in the old range may come after the new one was sent: gradio would report it as an error.
    """
    made: gr.Slider = _Slider(*args, **more)
    return made


def _names(self: gr.Dropdown, value: Any) -> Any:
    names = value if self.multiselect and isinstance(value, list) else [value]
    if value is not None and not all(isinstance(name, str) and len(name) <= LONGEST_NAME for name in names):
        wanted = f"a name of at most {LONGEST_NAME} characters"
        raise UsageError(f"what is chosen here is called by {wanted}, not by {str(value)[:80]!r}.")
    return value


_Choice = derived(gr.Dropdown, preprocess=_names)


def choice(*args: Any, **more: Any) -> gr.Dropdown:
    """A dropdown whose choices change: a name is handed on as it came, and who takes it sees to it.

    Gradio would look among the choices that the session was sent last, and it forgets a session when a
    thousand others came after it.
    """
    made: gr.Dropdown = _Choice(*args, **more)
    return made
