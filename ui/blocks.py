"""The app's `gr.Blocks`: every error of an event reaches whoever sent it, in words."""

from __future__ import annotations

import functools
import inspect
import logging
import re
import tempfile
import uuid
from typing import Any, get_type_hints

import gradio as gr
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from gradio.utils import get_upload_folder
from pydantic import ValidationError

from diabolo.runtime.errors import DiaboloError, ImageError
from diabolo.ui.components import LONGEST_NAME
from diabolo.ui.files.incoming import received

__all__ = ["BUSY", "INTERNAL", "THREADS", "AppBlocks", "logged", "refusal"]

_LOG = logging.getLogger("diabolo.ui")
INTERNAL = "Error in the app"  # the title of an error that is ours; any other is the sender's to mend
THREADS = 96  # for events: more than may wait for their turns, so that small work always finds one
BUSY = "Busy"  # of one that another try may not meet
_LONGEST = 400  # characters of a reason
_LARGEST = 1e15  # a number that a client may send: below, every whole number is exact


class AppBlocks(gr.Blocks):
    """Blocks whose events answer bad values with the reason.

    It acts where it is the outermost Blocks: gradio asks no others.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.max_threads = THREADS

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> Any:
        """Read what a client sent; whatever is wrong with it is the client's, and told in one line.

        Raises:
            gr.Error: the values are too few, or of another kind.
        """
        _check(block_fn, inputs)
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            _check_files(block, value, ours=explicit_call)
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error as error:
            raise refusal(str(error.message)) from None
        except Exception as error:  # noqa: BLE001 - gradio's components raise nearly anything
            reason = f"{_name(block_fn)} was sent a value that it cannot take: {_reason(error)}"
            raise refusal(reason) from None

    async def process_api(self, block_fn: Any, *args: Any, **more: Any) -> dict[str, Any]:
        """Run an event.

        Raises:
            gr.Error: with the reason; an error of ours is logged, and its number told.
        """
        _check_event(block_fn, more.get("event_data"))
        try:
            return await super().process_api(block_fn, *args, **more)
        except gr.Error as error:
            error.print_exception = False
            raise
        except DiaboloError as error:
            raise refusal(str(error)) from None
        except Exception as error:  # noqa: BLE001 - logged as a whole, and told by its number
            if isinstance(error, ComponentProcessingError) and isinstance(error.__cause__, DiaboloError):
                raise refusal(str(error.__cause__)) from None
            raise gr.Error(logged(_name(block_fn)), title=INTERNAL, print_exception=False) from None


def logged(where: str) -> str:
    """Log the error that is being handled, under a number, and say no more of it than the number."""
    number = uuid.uuid4().hex[:8]
    _LOG.exception("error %s in %s", number, where)
    return f"Something went wrong in the app. Its log has the details, under {number}."


def refusal(reason: str) -> gr.Error:
    """An error that tells the sender what to mend; the page reads it as HTML, and it may quote anything."""
    places = {str(get_upload_folder()), tempfile.gettempdir()}
    for folder in places:  # of a visitor's file, its name is enough
        reason = re.sub(rf"{re.escape(folder)}[\\/](?:[^\s\\/]+[\\/])*", "", reason)
    shown = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]} …"
    return gr.Error(shown.replace("<", "&lt;"), print_exception=False)


def _check(block_fn: Any, inputs: list[Any]) -> None:
    """See that there are enough values, and that numbers are numbers: gradio lets NaN pass.

    A number that is left empty becomes the one that stood there at first.

    Raises:
        gr.Error: they are not.
    """
    if len(inputs) < len(block_fn.inputs):
        raise refusal(f"{_name(block_fn)} takes {len(block_fn.inputs)} values, not {len(inputs)}.")
    for index, (block, value) in enumerate(zip(block_fn.inputs, inputs, strict=False)):
        if value is None and isinstance(block, gr.Number | gr.Slider):
            inputs[index] = block.value
        elif wanted := _wanted(block, value):
            place = _argument(block_fn, index)
            raise refusal(f"{_name(block_fn)} takes {wanted} as {place}, not {repr(value)[:80]}.")


def _check_event(block_fn: Any, event: Any) -> None:
    """See that what an event says of itself is what its function takes.

    Raises:
        gr.Error: it is not, or it names a file.
    """
    data = getattr(event, "_data", None)
    if _names_file(data):
        raise refusal("a file is named in what an event says of itself.")
    hints = [hint for hint in _hints(block_fn.fn) if isinstance(hint, type)]
    if not any(issubclass(hint, gr.EventData) for hint in hints):
        return
    wanted = ("index", "value") if any(issubclass(hint, gr.SelectData) for hint in hints) else ()
    if not isinstance(data, dict) or not all(name in data for name in wanted):
        raise refusal("this event does not say of itself what its function takes. Load the page again.")


@functools.lru_cache(1000)
def _hints(function: Any) -> list[Any]:
    try:
        return list(get_type_hints(function).values())
    except (TypeError, NameError):  # no function, or names that only a type checker knows
        return []


def _check_files(block: Any, value: Any, ours: bool) -> None:
    """See that files are named only where files are taken, by the path that their upload was answered with.

    Gradio hands on a file that it finds anywhere in a value, which may come back to the sender as a copy: one
    within another, or in a part that takes none, passes its own check; in an app that is mounted, any does.
    An address it fetches, however large.

    Args:
        block: the component.
        value: what was sent for it.
        ours: whether this program itself calls, with files of its own.

    Raises:
        gr.Error: there is one where none belongs.
    """
    takes = isinstance(block, gr.Image | gr.File | gr.UploadButton)
    for part in value if isinstance(value, list) else [value]:
        if not takes and _names_file(part):
            raise refusal("a file is named where none is taken.")
        if isinstance(part, dict) and any(_names_file(inner) for inner in part.values()):
            raise refusal("a file is named within another one.")
        path = part.get("path") if isinstance(part, dict) else None
        if isinstance(path, str) and path.strip().lower().startswith(("http:", "https:")):
            raise refusal("files of other addresses are not fetched here. Upload the file first.")
        if path is not None and not ours:
            try:
                received(path, block.GRADIO_CACHE)
            except ImageError as error:
                raise refusal(str(error)) from None


def _names_file(value: Any) -> bool:
    """Whether a file is named anywhere in a value, as gradio names files."""
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
    """What this part takes, where `value` is of another kind; else ''."""
    if value is None and getattr(block, "value", None) is None:
        return ""  # it may be empty, as it is at first
    if isinstance(block, gr.Number | gr.Slider):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and abs(value) <= _LARGEST else f"a number of at most {_LARGEST:g}"
    if isinstance(block, gr.Radio) or (isinstance(block, gr.Dropdown) and not block.multiselect):
        fits = isinstance(value, str) and len(value) <= LONGEST_NAME
        return "" if fits else f"a name of at most {LONGEST_NAME} characters"
    return ""


def _argument(block_fn: Any, index: int) -> str:
    """What clients call the value of this number."""
    try:
        return list(inspect.signature(block_fn.fn).parameters)[index]
    except (TypeError, ValueError, IndexError):
        return f"value {index + 1}"


def _name(block_fn: Any) -> str:
    name = getattr(block_fn, "api_name", None)
    return f"/{name}" if isinstance(name, str) else "this event"


def _reason(error: Exception) -> str:
    """One line of what is wrong, without a path of this machine."""
    cause = error.__cause__ if isinstance(error, ComponentProcessingError) and error.__cause__ else error
    if isinstance(cause, DiaboloError):
        return str(cause)
    if isinstance(cause, ValidationError):
        first = cause.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    if isinstance(cause, OSError | InvalidPathError):
        return "a file that was not uploaded to this app. Upload it first."
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
