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

    An error becomes the answer {'problem': reason}, which the page shows; for a bug of the app, the reason is
    the number of the error in the log. A call that no page makes gets status 422.

    These answers have no error status, of which the page would not learn the reason: Gradio's function in the
    page then returns undefined.
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
            return {"problem": str(error)}
        except (TypeError, ValueError, OverflowError) as error:
            _LOG.info("a call of %s was refused", function.__name__, exc_info=True)
            return {"problem": f"this call has an invalid value: {error}."}
        except Exception:  # noqa: BLE001 - logged; the client gets its number
            return {"problem": logged(function.__name__)}

    return cast("_Function", answer)


__getattr__ = old_names(__name__, {"told": "report_errors"})
