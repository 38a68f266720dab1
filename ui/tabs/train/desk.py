"""`TrainDesk`, the Gradio component: a form, a training under way, and earlier runs."""

from __future__ import annotations

import ipaddress
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio.components import base
from gradio.context import LocalContext
from gradio.events import Events
from gradio.utils import get_upload_folder

from diabolo.runtime.errors import UsageError
from diabolo.ui.components import WithoutStub
from diabolo.ui.files.incoming import received
from diabolo.ui.server_functions import report_errors
from diabolo.ui.tabs.train.setting_texts import ABOUT, SETTINGS
from diabolo.ui.tabs.train.texts import WORDS
from diabolo.ui.training import pictures, sample
from diabolo.ui.training.catalogue import arguments_of, catalogue
from diabolo.ui.training.supervisor import Trainings

__all__ = ["TrainDesk"]

_SCRIPTS = ("charts.js", "form.js", "desk.js")
_ACTIONS = ("pause", "finish")
_NAMED = ("resume", "export")
_LONGEST = 4096  # characters of a path

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _server(function: _Function) -> _Function:
    """Let the page call it."""
    mark: Callable[[_Function], _Function] = base.server
    return mark(report_errors(function))


class TrainDesk(gr.HTML, metaclass=WithoutStub):
    """A form for a training, and what there is to see of it; `select` names a model that was exported.

    Args:
        trainings: starts and stops them.
        language: of the page's texts, 'en' or 'zh-TW'; None takes the browser's.
    """

    EVENTS = [Events.select]  # noqa: RUF012 - as gradio has it
    select: Callable[..., Any]

    def __init__(self, trainings: Trainings, language: str | None) -> None:
        self._trainings = trainings
        known = {name: {**WORDS[name], "settings": SETTINGS[name], "about": ABOUT[name]} for name in WORDS}
        words = known if language is None else {language: known[language]}
        files = resources.files("diabolo.ui.tabs.train")
        scripts = [files.joinpath(name).read_text("utf-8") for name in _SCRIPTS]
        super().__init__(
            None,
            html_template=files.joinpath("desk.html").read_text("utf-8"),
            css_template=files.joinpath("desk.css").read_text("utf-8"),
            js_on_load="\n".join([f"const WORDS = {json.dumps(words)};", *scripts]),
            apply_default_css=False,
            padding=False,
            elem_classes="train-part",
        )

    def __getattr__(self, name: str) -> Any:
        # gr.HTML treats every quoted word of the script as an event
        raise AttributeError(f"TrainDesk has no attribute {name!r}")

    def preprocess(self, payload: Any) -> None:
        """A listener receives nothing."""

    def postprocess(self, value: Any) -> Any:
        """What the page receives when a listener returns a value."""
        return value

    def api_info(self) -> dict[str, Any]:
        """The type of the value for clients."""
        return {"type": "object", "additionalProperties": {}, "description": "nothing"}

    @_server
    def train_form(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """All variants, networks, settings and data sets; the first call takes seconds."""
        _check_caller()
        return {**catalogue().document, "datasets": pictures.here(), "root": str(self._trainings.root)}

    @_server
    def train_state(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What there is to see now."""
        _check_caller()
        return self._trainings.state(asked)

    @_server
    def train_sample(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Some of the images that the form has chosen; a zip is not looked into before it is unpacked."""
        _check_caller()
        kind, value = str(asked["kind"]), str(asked["dataset"])[:_LONGEST]
        if kind == "folder":
            return sample.of_folder(value)
        return sample.of_dataset(_here(value))

    @_server
    def train_equal(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The command line and the Python that do the same as the form, and a free name for the run."""
        _check_caller()
        dataset = self._named(asked)
        variant, given = str(asked["variant"]), str(asked.get("run", ""))
        free = self._trainings.free_name(f"{variant}-{Path(dataset).stem}")
        run = str(self._trainings.root / (given or free))
        arguments = arguments_of(asked, dataset)
        return {
            "free": free,
            "command": command_line([*arguments, "--preview", "-o", run]),
            "python": catalogue().python(asked, dataset, run),
        }

    @_server
    def train_start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Start what the form says; a zip is unpacked first."""
        _check_caller()
        arguments_of(asked, "")  # raises before anything is unpacked
        name = str(asked.get("run", "")) or self._trainings.free_name(
            f"{asked['variant']}-{Path(self._named(asked)).stem}"
        )
        self._trainings.check_new(name)
        self._trainings.start(arguments_of(asked, self._images(asked)), name)
        return self._trainings.state({})

    @_server
    def train_do(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Pause or finish the training; continue or export a run."""
        _check_caller()
        action = str(asked["action"])
        if action in _ACTIONS:
            getattr(self._trainings, action)()
        elif action in _NAMED:
            getattr(self._trainings, action)(str(asked["name"]))
        else:
            raise UsageError(f"there is no action {action[:80]!r}. Load the page again.")
        return self._trainings.state({})

    def _named(self, asked: Mapping[str, Any]) -> str:
        """What to train on, without looking at it: a data set's name or a path."""
        kind, value = str(asked.get("kind", "")), str(asked.get("dataset", ""))[:_LONGEST]
        if kind == "zip":
            return str(
                self._trainings.root / "pictures" / (Path(str(asked.get("file", ""))).stem or "pictures")
            )
        return value or "pictures"

    def _images(self, asked: Mapping[str, Any]) -> str:
        kind, value = str(asked.get("kind", "")), str(asked.get("dataset", ""))[:_LONGEST]
        if kind == "zip":
            archive = Path(received(value, get_upload_folder()))
            into = self._trainings.root / "pictures"
            return str(pictures.unpack(archive, str(asked.get("file", "")) or archive.name, into))
        if kind == "folder":
            return pictures.check_folder(value)
        return _here(value)


def _here(dataset: str) -> str:
    """The name of a data set.

    Raises:
        UsageError: there is none of this name on this machine.
    """
    if dataset not in [one["name"] for one in pictures.here()]:
        raise UsageError(f"there is no data set {dataset[:80]!r} on this machine. Choose another one.")
    return dataset


def command_line(arguments: list[str]) -> str:
    """A command to copy into the shell of this system."""
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline(["diabolo", *arguments])
    return shlex.join(["diabolo", *arguments])


def _check_caller() -> None:
    """Refuse callers from other machines, which get here if a page with the tab is opened to a network.

    Raises:
        UsageError: the caller is not on this machine.
    """
    request: Any = LocalContext.request.get(None)
    host = str(getattr(getattr(request, "client", None), "host", None) or "")
    try:
        if host == "" or ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:  # the name of a test's client
        pass
    raise UsageError("only somebody at this machine may train here. Train on your own: diabolo ui")
