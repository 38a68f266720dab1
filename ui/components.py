"""Gradio components with some methods replaced."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio import component_meta

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UsageError

__all__ = ["LONGEST_NAME", "WithoutStub", "choice", "identity", "slider", "subclass"]

LONGEST_NAME = 300  # characters of a chosen name


_updateable: Callable[[Any], Any] = component_meta.updateable


class WithoutStub(type(gr.HTML)):  # type: ignore[misc]
    """Gradio's metaclass of components, except that it does not write a .pyi file next to the class's file.

    A class may declare `EVENTS`, a selection from those of its base; listeners of others are refused.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> Any:
        """Create the class; calling its `__init__` in a listener sends an update to the page."""
        if "__init__" in members:
            members["__init__"] = _updateable(members["__init__"])
        for event in _inherited(bases) - set(map(str, members.get("EVENTS", _inherited(bases)))):
            members.setdefault(event, _NoEvent())
        return ABCMeta.__new__(cls, name, bases, members)

    def __dir__(cls) -> list[str]:
        """Without the events that the class does not have."""
        gone = {name for part in cls.__mro__ for name, it in vars(part).items() if isinstance(it, _NoEvent)}
        return [name for name in super().__dir__() if name not in gone]


def _inherited(bases: tuple[type, ...]) -> set[str]:
    return {str(event) for base in bases for event in getattr(base, "EVENTS", ())}


class _NoEvent:
    """In the place of an event of the base that never fires: its listeners would wait for ever."""

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError("this event does not exist")


def subclass(base: type[Any], **methods: Callable[..., Any]) -> Any:
    """Create a subclass of a Gradio component with these methods; the page renders it like the base.

    Gradio creates new instances of a component's class, so methods set on an instance would be lost.
    """
    return WithoutStub(base.__name__, (base,), {**methods, "is_template": True, "__module__": __name__})


def identity(_self: Any, value: Any) -> Any:
    """A `preprocess` or `postprocess` that returns the value unchanged."""
    return value


_Slider = subclass(gr.Slider, preprocess=identity)


def slider(*args: Any, **more: Any) -> gr.Slider:
    """A slider whose range changes. It passes its number on unchecked; the listener must check the range.

    A number from the old range may arrive after the new range was sent; Gradio would report it as an error.
    """
    made: gr.Slider = _Slider(*args, **more)
    return made


def _names(self: gr.Dropdown, value: Any) -> Any:
    names = value if self.multiselect and isinstance(value, list) else [value]
    if value is not None and not all(isinstance(name, str) and len(name) <= LONGEST_NAME for name in names):
        wanted = f"a name of at most {LONGEST_NAME} characters"
        raise UsageError(f"a choice must be {wanted}, not {str(value)[:80]!r}.")
    return value


_Choice = subclass(gr.Dropdown, preprocess=_names)


def choice(*args: Any, **more: Any) -> gr.Dropdown:
    """A dropdown whose choices change. It passes a name on unchecked; the listener must check it.

    Gradio would check it against the choices that it last sent to the session, but it forgets sessions when
    there are too many.
    """
    made: gr.Dropdown = _Choice(*args, **more)
    return made


__getattr__ = old_names(__name__, {"derived": "subclass", "as_it_is": "identity"})
