"""The app's `gr.Blocks`: checks the values of events, and turns every error into a message."""

from __future__ import annotations

import functools
import inspect
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

import gradio as gr
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from pydantic import ValidationError

from diabolo.runtime.errors import DiaboloError, ImageError
from diabolo.ui.components import LONGEST_NAME
from diabolo.ui.files.incoming import received
from diabolo.ui.refused import answering, bug, invalid, refusal_of
from diabolo.ui.sessions.fair_share import FairShare

__all__ = ["THREADS", "AppBlocks", "address_of", "logged"]

_LOG = logging.getLogger("diabolo.ui")
THREADS = 96  # for events; more than may wait for turns, so that small computations get one
_LARGEST = 1e15  # the largest number that clients may send; integers below it are exact


class AppBlocks(gr.Blocks):
    """Blocks whose events answer invalid values with the reason.

    This works only for the outermost Blocks of a page, since Gradio calls the methods of no others.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.max_threads = THREADS
        self._share = FairShare()
        self.language: str | None = "en"  # of its errors; None follows each browser
        self.returned: Mapping[str, Sequence[str]] = {}  # by endpoint: the names of its results
        self.examples: Mapping[str, Mapping[str, Any]] = {}  # by endpoint: arguments, by their names

    def get_api_info(self, all_endpoints: bool = False, page: str | None = None) -> Any:
        """Describe the endpoints, with their arguments and results under names of their own, and examples.

        Gradio takes the labels of the page's components, which may be translated, and numbers the others. Its
        examples suit the type of a component: any JSON object, or a PDF for files.
        """
        info = super().get_api_info(all_endpoints=all_endpoints, page=page)
        for endpoint, described in info["named_endpoints"].items():
            examples = self.examples.get(endpoint.strip("/"), {})
            for argument in described["parameters"]:
                argument["label"] = name = argument["parameter_name"]
                argument["example_input"] = examples.get(name, argument["example_input"])
            names = self.returned.get(endpoint.strip("/"), ())
            for result, name in zip(described["returns"], names, strict=False):
                result["label"] = name
        return info

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> Any:
        """Convert the values that a client sent; every error becomes a message of one line.

        Raises:
            gr.Error: there are too few values, or one is invalid.
        """
        _check(block_fn, inputs)
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            _check_files(block, value, ours=explicit_call)
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error as error:
            raise invalid(str(error.message)) from None
        except Exception as error:  # noqa: BLE001 - Gradio's components raise almost anything
            cause = error.__cause__ if isinstance(error, ComponentProcessingError) else error
            reason = f"{_name(block_fn)} was sent an invalid value: {_reason(cause or error)}"
            raise invalid(reason, cause) from None

    async def process_api(self, block_fn: Any, *args: Any, **more: Any) -> dict[str, Any]:
        """Run an event, when it is its caller's turn.

        Raises:
            gr.Error: with the reason; a bug of the app is logged, and the message has its number.
        """
        request = _first(more.get("request"))
        with answering(self.language, request):
            _check_event(block_fn, more.get("event_data"))
            try:
                async with self._share.turn(address_of(request)):
                    return await super().process_api(block_fn, *args, **more)
            except gr.Error as error:
                error.print_exception = False
                raise
            except DiaboloError as error:
                raise refusal_of(error) from None
            except Exception as error:  # noqa: BLE001 - logged; the client gets its number
                if isinstance(error, ComponentProcessingError) and isinstance(error.__cause__, DiaboloError):
                    raise refusal_of(error.__cause__) from None
                raise bug(logged(_name(block_fn))) from None


def address_of(request: Any) -> str:
    """The network address that a request, or the first of a list, comes from; '' if it is not known."""
    return str(getattr(getattr(_first(request), "client", None), "host", None) or "")


def _first(request: Any) -> Any:
    return request[0] if isinstance(request, list) and request else request


def logged(where: str) -> str:
    """Log the current exception under a number; returns a message that contains only the number."""
    number = uuid.uuid4().hex[:8]
    _LOG.exception("error %s in %s", number, where)
    return f"Something went wrong in the app. The details are in its log, under {number}."


def _check(block_fn: Any, inputs: list[Any]) -> None:
    """Check that there are enough values, and that numbers are numbers: Gradio accepts NaN.

    An empty number is replaced by the component's initial value.

    Raises:
        gr.Error: there are too few values, or one has the wrong type.
    """
    if len(inputs) < len(block_fn.inputs):
        raise invalid(f"{_name(block_fn)} takes {len(block_fn.inputs)} values, not {len(inputs)}.")
    for index, (block, value) in enumerate(zip(block_fn.inputs, inputs, strict=False)):
        if value is None and isinstance(block, gr.Number | gr.Slider):
            inputs[index] = block.value
        elif wanted := _wanted(block, value):
            place = _argument(block_fn, index)
            raise invalid(f"{_name(block_fn)} takes {wanted} as {place}, not {repr(value)[:80]}.")


def _check_event(block_fn: Any, event: Any) -> None:
    """Check that an event has a function, and that its data is what the function needs.

    Raises:
        gr.Error: it has none, or the data is not, or names a file.
    """
    if block_fn.fn is None:
        raise invalid("this event runs in the page only.")
    data = getattr(event, "_data", None)
    if _names_file(data):
        raise invalid("the event data may not name a file.")
    hints = [hint for hint in _hints(block_fn.fn) if isinstance(hint, type)]
    if not any(issubclass(hint, gr.EventData) for hint in hints):
        return
    wanted = ("index", "value") if any(issubclass(hint, gr.SelectData) for hint in hints) else ()
    if not isinstance(data, dict) or not all(name in data for name in wanted):
        raise invalid("the event data is incomplete. Reload the page.")


@functools.lru_cache(1000)
def _hints(function: Any) -> list[Any]:
    try:
        return list(get_type_hints(function).values())
    except (TypeError, NameError):  # not a function, or names that exist only for type checkers
        return []


def _check_files(block: Any, value: Any, ours: bool) -> None:
    """Check that only file components get files, named by the paths that uploads returned.

    Gradio copies every file that it finds anywhere in a value, and may serve the copy to the sender. Its own
    check misses files within other files and in components that take none, and in a mounted app it does not
    check at all. It also downloads URLs, whatever their size.

    Args:
        block: the component.
        value: the value that was sent for it.
        ours: whether the call comes from this program, with its own files.

    Raises:
        gr.Error: a file is named where none is allowed.
    """
    takes = isinstance(block, gr.Image | gr.File | gr.UploadButton)
    for part in value if isinstance(value, list) else [value]:
        if not takes and _names_file(part):
            raise invalid("a file is named where none is allowed.")
        if isinstance(part, dict) and any(_names_file(inner) for inner in part.values()):
            raise invalid("a file is named within another file.")
        path = part.get("path") if isinstance(part, dict) else None
        if isinstance(path, str) and path.strip().lower().startswith(("http:", "https:")):
            raise invalid("files are not downloaded from other URLs. Upload the file first.")
        if path is not None and not ours:
            try:
                received(path, block.GRADIO_CACHE)
            except ImageError as error:
                raise refusal_of(error) from None


def _names_file(value: Any) -> bool:
    """Whether a value contains a file anywhere, in the format of Gradio."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "path" in one:
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False


def _wanted(block: Any, value: Any) -> str:
    """A description of what the component takes, if `value` is not valid; else ''."""
    if value is None and getattr(block, "value", None) is None:
        return ""  # it may be empty, like its initial value
    if isinstance(block, gr.Number | gr.Slider):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and abs(value) <= _LARGEST else f"a number of at most {_LARGEST:g}"
    if isinstance(block, gr.Radio) or (isinstance(block, gr.Dropdown) and not block.multiselect):
        fits = isinstance(value, str) and len(value) <= LONGEST_NAME
        return "" if fits else f"a name of at most {LONGEST_NAME} characters"
    return ""


def _argument(block_fn: Any, index: int) -> str:
    """The name of the argument with this index, as clients know it."""
    try:
        return list(inspect.signature(block_fn.fn).parameters)[index]
    except (TypeError, ValueError, IndexError):
        return f"value {index + 1}"


def _name(block_fn: Any) -> str:
    name = getattr(block_fn, "api_name", None)
    return f"/{name}" if isinstance(name, str) else "this event"


def _reason(cause: BaseException) -> str:
    """The error as one line, without paths of this machine."""
    if isinstance(cause, DiaboloError):
        return str(cause)
    if isinstance(cause, ValidationError):
        first = cause.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    if isinstance(cause, OSError | InvalidPathError):
        return "a file was not uploaded to this app. Upload it first."
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
