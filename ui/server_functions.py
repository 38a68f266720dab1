"""Error handling for the functions that a component's page calls on the server."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from fastapi import HTTPException

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import DiaboloError
from diabolo.ui.blocks import logged

__all__ = ["report_errors"]

_LOG = logging.getLogger("diabolo.ui")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Asked(dict[str, Any]):
    """The arguments of a call; a missing one is a client error."""

    def __missing__(self, key: str) -> Any:
        raise HTTPException(422, f"{key!r} is missing in this call.")


def report_errors(function: _Function) -> _Function:
    """Wrap a function whose last argument is an object that the client sent.

    A `DiaboloError` becomes the answer {'problem': reason}, which the page shows. An invalid call gets status
    422; a bug of the app gets status 500 with the number of the error in the log.
    """

    @functools.wraps(function)
    def answer(*arguments: Any) -> Any:
        *first, asked = arguments
        if not isinstance(asked, dict):
            raise HTTPException(422, f"this call takes an object, not {type(asked).__name__}.")
        try:
            return function(*first, _Asked(asked))
        except HTTPException:
            raise
        except DiaboloError as error:
            return {"problem": str(error)}  # of an error status, Gradio's page would show only the number
        except (TypeError, ValueError, OverflowError) as error:
            _LOG.info("a call of %s was refused", function.__name__, exc_info=True)
            raise HTTPException(422, f"this call has an invalid value: {error}.") from None
        except Exception:  # noqa: BLE001 - logged; the client gets its number
            raise HTTPException(500, logged(function.__name__)) from None

    return cast("_Function", answer)


__getattr__ = old_names(__name__, {"told": "report_errors"})
