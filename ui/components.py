"""Components of gradio with some methods of our own."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio import component_meta

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UsageError

__all__ = ["LONGEST_NAME", "WithoutStub", "choice", "identity", "slider", "subclass"]

LONGEST_NAME = 300  # characters of a name


_updateable: Callable[[Any], Any] = component_meta.updateable


class WithoutStub(type(gr.HTML)):  # type: ignore[misc]
    """Gradio's metaclass of components without the .pyi file, which it writes next to a class's own file.

    A class of it declares no `EVENTS` of its own; it has those of its base.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> Any:
        """Make the class; whoever calls its `__init__` in a listener sends the page an update."""
        if "__init__" in members:
            members["__init__"] = _updateable(members["__init__"])
        return ABCMeta.__new__(cls, name, bases, members)


def subclass(base: type[Any], **methods: Callable[..., Any]) -> Any:
    """A subclass of one of gradio's components with methods of our own; the page shows it as the base.

    Gradio makes new instances of an instance's class, so methods set on an instance would be lost.
    """
    return WithoutStub(base.__name__, (base,), {**methods, "is_template": True, "__module__": __name__})


def identity(_self: Any, value: Any) -> Any:
    """A `preprocess` or `postprocess` that changes nothing."""
    return value


_Slider = subclass(gr.Slider, preprocess=identity)


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


_Choice = subclass(gr.Dropdown, preprocess=_names)


def choice(*args: Any, **more: Any) -> gr.Dropdown:
    """A dropdown whose choices change: a name is handed on as it came, and who takes it sees to it.

    Gradio would look among the choices that the session was sent last, and it forgets a session when a
    thousand others came after it.
    """
    made: gr.Dropdown = _Choice(*args, **more)
    return made


__getattr__ = old_names(__name__, {"derived": "subclass", "as_it_is": "identity"})
